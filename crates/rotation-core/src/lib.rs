#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! The rotation protocol of AWS Secrets Manager: labels, documents, passwords and the four steps.
//!
//! ```text
//! RotationEvent, Invocation ─> Rotator::rotate ── Deadline::bound
//!   └ SecretStore::describe ─> VersionStages::standing
//!       ├ Current ─> Outcome::AlreadyDone
//!       └ Pending(PendingVersion)            the proof that this token may act
//!           create   read current ─> Target::prepare (propose) ─> put
//!           set      read current, pending ─> Target::apply
//!           test     read pending ─> Target::verify
//!           finish   promote(pending)
//! ```
//!
//! Two ports touch the outside world: [`SecretStore`] is Secrets Manager, and a [`Target`] is what the secret
//! opens; an [`Issuer`] is one that creates the secret itself. A test
//! can stop the world at every single call. This crate knows no database, no SDK, no Lambda runtime and no
//! driver.

mod code;
pub mod codes;
mod deadline;
pub mod diagnosis;
mod document;
mod error;
mod event;
mod invocation;
mod issuer;
mod journal;
mod password;
mod reader;
mod record;
mod remediation;
mod rotator;
mod service_fault;
mod staging;
mod store;
mod target;

pub use code::{Class, Code, Definition};
pub use deadline::{Deadline, TimedOut};
pub use document::{DocumentError, SecretDocument, SecretForm, Unfit};
pub use error::{RelatedSecretError, RotationError, TargetFailure, with_causes};
pub use event::{EventError, Home, RotationEvent, RotationToken, SecretId, Step, VersionId};
pub use invocation::Invocation;
pub use issuer::{Issuer, IssuerTarget};
pub use journal::{
    Answer, CredentialSource, Journal, Knowledge, LoginAttempt, LoginTimer, Phase, State, Timing,
};
pub use password::{
    CharacterClass, NoRandomness, Password, PasswordDemand, PasswordPolicy, PasswordRule, PasswordSettings,
    PasswordSource, PolicyError,
};
pub use reader::Reader;
pub use record::{LabelMove, SecretRecord, SecretRecords, VersionRecord};
pub use remediation::{CORRECT_SETTING, PENDING_MAY_BE_LIVE, REPORT_DEFECT, fill_hint};
pub use rotator::{Act, DryRun, Outcome, Rotator};
pub use service_fault::ServiceFault;
pub use staging::{
    ForeignSecrets, Invoker, PendingVersion, Refusal, SecretKind, StagingLabel, Standing, VersionStages,
};
pub use store::{Put, SecretStore, SecretValue, StoreError, StoreFault, Version};
pub use target::{
    Applied, Authority, ChangeReport, IntendedChange, Intent, Proof, RelatedSecrets, Target, TargetError,
    Versions,
};
