//! The command `rotate`, run as an operator runs it.

#![expect(clippy::unwrap_used, reason = "a test ends where what it prepares fails")]

mod barred;
mod command;
mod doctor;
mod function;
mod help;
mod help_rules;
mod history;
mod network;
mod on_call;
mod page;
mod privileges;
mod readme;
mod recover;
mod registry;
mod run;
mod timeline;
mod world;
