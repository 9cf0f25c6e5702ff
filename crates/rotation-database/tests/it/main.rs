//! The protocol against a world in memory, which can be stopped at every single call.

#![expect(clippy::print_stdout, reason = "the explorations report how far they went")]
#![expect(clippy::unwrap_used, reason = "a test whose setup fails should stop there")]

mod any_target;
mod bad_input;
mod call_counts;
mod codes;
mod connection_texts;
mod copied_fields;
mod database_lookup;
mod deadlines;
mod diagnoses;
mod documents;
mod dry_run;
mod endpoints;
mod error_texts;
mod errors_document;
mod faults;
mod findings;
mod interleavings;
mod journal;
mod members;
mod mutants;
mod operators;
mod ownership;
mod passwords;
mod proof;
mod recovery;
mod refusals;
mod repairs;
mod schedules;
mod test_queries;
mod tls;
mod world;

/// The tables of all three crates.
mod finding_codes {
    pub(crate) use rotation_database::finding_codes::*;
    pub(crate) use rotation_doctor::finding_codes::*;
}
