//! The MySQL functions' engine against real servers.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]

mod alternating;
mod checked_passwords;
mod conformance;
mod continuity;
mod creation;
mod dialects;
mod engine_suite;
mod entries;
mod fixture;
mod growth;
mod histories;
mod hostile;
mod interruption;
mod live_clone;
mod lockouts;
mod locks;
mod malicious;
mod newer_kinds;
mod other_hosts;
mod ownership;
mod plaintext;
mod plan;
mod plugins;
mod refusals;
mod retired_plugin;
mod second_passwords;
mod self_signed;
mod sessions;
mod signing_plugins;
mod single_user;
mod test_query;
mod tls;
