//! Rotations of users of a stand-in for Redshift.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]

mod alternating;
mod conformance;
mod dialect;
mod engine_suite;
mod fixture;
mod hostile;
mod large;
mod live_clone;
mod ownership;
mod plan;
mod single_user;
mod test_query;
