//! The protocol against a world in memory, which can be stopped at every single call.

mod bad_input;
mod call_counts;
mod documents;
mod error_texts;
mod faults;
mod interleavings;
mod mutants;
mod passwords;
mod world;
