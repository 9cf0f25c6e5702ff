//! Rotations of users of a real server, and of servers that a recorder plays.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]
#![expect(clippy::print_stdout, reason = "some tests report how far they went, or why they did not run")]

mod alternating;
mod conformance;
mod engine_suite;
mod fixture;
mod forms;
mod hints;
mod hostile;
mod left_undone;
mod live_clone;
mod logins;
mod mechanisms;
mod names;
mod ownership;
mod players;
mod privileges;
mod replica_set;
mod test_query;
