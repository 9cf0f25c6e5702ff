#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! Checks any [`Target`](rotation_core::Target) or [`Issuer`](rotation_core::Issuer) against a fake of its
//! service.
//!
//! ```text
//! Service (yours) ─ Hook::call ─┐
//! your Target or Issuer         ├─> a fault at any call ─> retries ─> rules ─> Finding
//! Secrets Manager in memory ────┘
//! ```
//!
//! The implementer writes a fake service, whose requests go through a [`Hook`], and passes it to [`target!`]
//! or [`issuer!`]. The kit rotates it many times, each time with another fault:
//!
//! | What is tried | How much of it |
//! |---|---|
//! | healthy rotations, dry runs, repeated steps, credentials that the service does not know | all |
//! | one call fails, loses its reply, hangs, or the invocation is killed there | every call |
//! | two of these | every pair, at most 3000, where nothing else was found |
//! | an invocation is suspended, and resumes when it may no longer act | every call, five situations |
//! | an old token's steps after a newer rotation | all |
//!
//! Each of these is followed by retries of the same token until the rotation ends, and by one more rotation.
//! The clock jumps, so pauses and timeouts take no time. Defects are reported in sentences: the rule, and the
//! first point at which it was broken.
//!
//! Some moments are left out, because no target can close these gaps: between
//! [`Authority::confirm`](rotation_core::Authority) and the request right after it, between an issuer's last
//! read of the labels and its requests, and between the description and the swap of finishSecret while an
//! operator cancels the rotation.

mod bench;
mod finding;
mod hook;
mod store;
mod suspended;
mod topics;
mod world;

use bench::{Issuers, Targets};

pub use bench::{IssuerBench, Service, TargetBench};
pub use finding::Finding;
pub use hook::{Hook, Stop};

/// Returns the defects of a target. `make` makes a fresh service for each of some thousand runs.
pub fn target_findings<B: TargetBench>(make: impl Fn(Hook) -> B) -> Vec<Finding> {
    topics::all(&Targets(make))
}

/// Returns the defects of an issuer. `make` makes a fresh service for each of some thousand runs.
pub fn issuer_findings<B: IssuerBench>(make: impl Fn(Hook) -> B) -> Vec<Finding> {
    topics::all(&Issuers(make))
}

/// Panics with all findings, one on each line, where there are any.
pub fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(|finding| format!("- {finding}")).collect();
    assert!(lines.is_empty(), "rules that are broken:\n{}", lines.join("\n"));
}

/// A test that checks a target: `target!(token_service, TokenService::new);`. The second argument is a
/// function from a [`Hook`] to a [`TargetBench`].
#[macro_export]
macro_rules! target {
    ($name:ident, $make:expr) => {
        #[test]
        fn $name() {
            $crate::assert_none(&$crate::target_findings($make));
        }
    };
}

/// A test that checks an issuer, like [`target!`]. The second argument is a function from a [`Hook`] to an
/// [`IssuerBench`].
#[macro_export]
macro_rules! issuer {
    ($name:ident, $make:expr) => {
        #[test]
        fn $name() {
            $crate::assert_none(&$crate::issuer_findings($make));
        }
    };
}
