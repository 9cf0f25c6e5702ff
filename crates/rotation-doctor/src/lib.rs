#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! The diagnosis of a secret, which changes nothing, and the one repair that may follow: moving a
//! label.
//!
//! ```text
//! Doctor::diagnose
//!   record, history ─> Secret, Rotation, Labels
//!   values ──────────> Document, Names            a version for another server or user is not tried
//!   Diagnosable::try_logins  ─> Address, Connection, Certificate, Login
//!   Diagnosable::look_inside ─> Server, Privileges, Grants
//!   └─> Diagnosis: findings, worst first; Situation::advise ─> next_step ─> Doctor::repair
//! ```
//!
//! It knows no database: whatever implements [`Diagnosable`](rotation_core::diagnosis::Diagnosable) can be
//! looked at.

mod answer;
mod by_verify;
mod diagnosis;
mod doctor;
mod documents;
pub mod finding_codes;
mod login;
mod next_step;
mod onlooker;
mod recovery;
pub mod remediation;
mod repair;
mod secret;

pub use answer::MOST_FINDINGS;
pub use by_verify::{ByVerify, WholeDocument};
pub use diagnosis::{Dates, Diagnosis, VersionSeen};
pub use doctor::{Doctor, Logins};
pub use recovery::{Advice, KnownVersion, Remedy, Situation, StuckState, Unfinished, Unlabeled};
