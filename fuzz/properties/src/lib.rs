//! What must hold for any bytes that reach a parser, from any sender: one function for each kind of bytes,
//! which panics where a property does not hold.
//!
//! ```text
//! libFuzzer ── fuzz/fuzz_targets/TARGET.rs ──┐
//!                                            ├─> TARGET(bytes) ─> the narrowest public entry ─> properties
//! cargo test ── fuzz/corpus/TARGET/* ────────┘
//! ```
//!
//! Every property is stronger than the absence of panics: what was parsed can be written and parsed again, no
//! secret is in a text that people see, and the size of the output is bounded by the size of the input.
//!
//! `scripts/fuzz` runs libFuzzer. This crate's tests replay the corpus.

mod canary;
mod document;
mod environment;
mod event;
mod grants;
mod login;
mod scram;
mod server;
mod shell;
mod verifier;

pub use document::document;
pub use environment::environment;
pub use event::event;
pub use grants::grants;
pub use login::login;
pub use verifier::verifier;
