//! Packages and their deployment.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]

mod artifacts;
mod commands;
mod deployment;
mod network;
mod packages;
mod plan;
