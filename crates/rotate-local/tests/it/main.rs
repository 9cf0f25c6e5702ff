//! The command `rotate-local`, run as an operator runs it.

#![expect(clippy::unwrap_used, reason = "a test ends where what it prepares fails")]

mod command;
mod demo;
mod help;
#[path = "../../../rotation-cli/tests/it/help_rules.rs"]
mod help_rules;
mod local;
mod run;
