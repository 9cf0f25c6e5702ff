//! What must hold for any bytes that reach a parser, whoever sent them: one function for each kind of bytes,
//! which panics where a property does not hold.
//!
//! ```text
//! libFuzzer ── fuzz/fuzz_targets/TARGET.rs ──┐
//!                                            ├─> TARGET(bytes) ─> the public entry that is narrowest ─> properties
//! cargo test ── fuzz/corpus/TARGET/* ────────┘
//! ```
//!
//! Every property says more than that nothing panics: what was read can be written and read again, nothing secret is in
//! what people get to see, and what comes out is bounded by what went in.
//!
//! `scripts/fuzz` runs libFuzzer. The corpus that it left behind is replayed by this crate's tests.

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
