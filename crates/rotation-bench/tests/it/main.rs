//! The parts of the bench that have one right answer. What it measures has none.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]

mod arguments;
mod bars;
mod figures;
mod fixture;
mod groups;
mod growth;
mod launcher;
mod relay;
mod table;
