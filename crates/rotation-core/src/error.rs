//! Every way in which a step can fail, with a stable code and what to do next.

use std::error::Error as StdError;

use thiserror::Error;

use crate::{
    database::{NoRandomness, TargetError},
    deadline::TimedOut,
    document::DocumentError,
    event::{EventError, SecretId},
    staging::{Refusal, StagingLabel},
    store::StoreError,
};

/// A step failed. Nothing in it holds the value of a secret, so it may be logged.
#[derive(Debug, Error)]
pub enum RotationError {
    /// The caller: the event is malformed.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The caller: the labels do not let this token act.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The secret's owner: a version's value is not usable.
    #[error("the {label} version cannot be used")]
    Document {
        /// Which version.
        label: StagingLabel,
        /// What is wrong with it.
        #[source]
        error: DocumentError,
    },
    /// The secret's owner: the master secret's value is not usable.
    #[error("the master secret cannot be used")]
    MasterDocument(#[source] DocumentError),
    /// The operator: the master secret cannot be read.
    #[error("the master secret cannot be read")]
    MasterUnreadable(#[source] StoreError),
    /// The operator: the master secret has no `AWSCURRENT` value.
    #[error("the master secret {0} has no current value")]
    MasterEmpty(SecretId),
    /// The machine: no password can be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The service: a label's value stayed away although the label is there.
    #[error("the {label} version has no value yet")]
    NoValue {
        /// Which label.
        label: StagingLabel,
    },
    /// The operator: the function only says what it would do.
    #[error("a dry run: {statements} statements would be run in the database, and nothing was changed")]
    DryRun {
        /// How many; the log has each.
        statements: usize,
    },
    /// A race: `AWSCURRENT` moved while the step was working.
    #[error("the labels moved while this step was working")]
    LabelsMoved,
    /// Secrets Manager did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database did not.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The invocation's time is over.
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

/// The message of an error with those of its causes that it does not say already.
pub fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
