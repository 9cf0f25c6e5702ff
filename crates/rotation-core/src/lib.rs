//! The rotation protocol of AWS Secrets Manager: labels, documents, strategies and the four steps.
//!
//! ```text
//! RotationEvent ─> Rotator::rotate ── Deadline::bound
//!   └ SecretStore::describe ─> VersionStages::standing
//!       ├ Current ─> Outcome::AlreadyDone
//!       └ Pending(PendingVersion)            the proof that this token may act
//!           create   read current ─> Target::propose ─> put
//!           set      read current, pending ─> Target::apply
//!           test     read pending ─> Target::verify
//!           finish   promote(pending)
//! ```
//!
//! Three ports, [`SecretStore`], [`Engine`](database::Engine) and [`Directory`](database::Directory), are all that touches
//! the world, so that a test can stop the world at every single call. This crate knows no SDK, no Lambda runtime and no
//! driver.

mod code;
pub mod database;
mod deadline;
mod diagnosis;
mod document;
mod error;
mod event;
mod examination;
mod journal;
mod record;
mod recovery;
mod rotator;
mod staging;
mod store;
mod target;

pub use code::{Article, Class, Code};
pub use deadline::{Deadline, TimedOut};
pub use diagnosis::Reader;
pub use document::{DocumentError, SecretDocument};
pub use error::{RotationError, with_causes};
pub use event::{EventError, Home, RotationEvent, RotationToken, SecretId, Step, VersionId};
pub use examination::{
    Check, Examination, Examiner, Finding, FindingCode, Logins, MOST_FINDINGS, Severity, VersionSeen,
};
pub use journal::{Answer, Journal, Knowledge, LoginAttempt, Phase, State};
pub use record::{LabelMove, SecretRecord, SecretRecords, VersionRecord};
pub use recovery::{Access, Advice, KnownVersion, Remedy, Situation, StuckState, Unfinished, Unlabelled};
pub use rotator::{Act, Outcome, Rehearsal, Rotator};
pub use staging::{
    ForeignSecrets, Invoker, PendingVersion, Refusal, SecretKind, StagingLabel, Standing, VersionStages,
};
pub use store::{Put, SecretStore, SecretValue, StoreError, StoreFault, Version};
pub use target::{Applied, Authority, Intent, Proof, Target, Versions};
