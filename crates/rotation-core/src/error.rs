//! Every way in which a step can fail, with a stable code and a remediation.

use std::{error::Error as StdError, fmt, ops::Deref};

use thiserror::Error;

// Circle: the error of a step holds those of the store and of the target, whose traits return it.
use crate::{
    deadline::TimedOut,
    document::DocumentError,
    event::{EventError, SecretId},
    password::NoRandomness,
    staging::{Refusal, StagingLabel},
    store::StoreError,
    target::TargetError,
};

/// A step failed. It contains no value of a secret, so it may be logged.
#[derive(Debug, Error)]
#[non_exhaustive]
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
    /// The operator: another secret that the rotation needs cannot be used.
    #[error(transparent)]
    Related(#[from] RelatedSecretError),
    /// The machine: no password can be generated.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The service: a label exists, but its value did not appear.
    #[error("the {label} version has no value yet")]
    NoValue {
        /// Which label.
        label: StagingLabel,
    },
    /// The operator: the function only reports what it would do.
    #[error("a dry run: {statements} statements would be run in the database, and nothing was changed")]
    DryRun {
        /// How many; the log has each.
        statements: usize,
    },
    /// A race: `AWSCURRENT` moved while the step was working.
    #[error("the labels moved while this step was working")]
    LabelsMoved,
    /// A call of Secrets Manager failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target, which the secret opens, failed.
    #[error(transparent)]
    Target(TargetFailure),
    /// The deadline of the invocation has passed.
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

impl<E: TargetError> From<E> for RotationError {
    fn from(error: E) -> Self {
        Self::Target(TargetFailure(Box::new(error)))
    }
}

impl RotationError {
    /// The target's failure, where it has this type.
    pub fn target<E: TargetError>(&self) -> Option<&E> {
        let Self::Target(error) = self else { return None };
        let error: &(dyn StdError + 'static) = error.0.as_ref();
        error.downcast_ref()
    }

    /// The target's failure by value, where it has this type.
    ///
    /// # Errors
    /// The error itself, where it has another type.
    pub fn into_target<E: TargetError>(self) -> Result<E, Self> {
        if self.target::<E>().is_none() {
            return Err(self);
        }
        match self {
            Self::Target(TargetFailure(error)) => {
                let error: Box<dyn StdError> = error;
                Ok(*error.downcast().expect("its type was looked at"))
            }
            other => Err(other),
        }
    }
}

/// A failure of any target.
#[derive(Debug)]
pub struct TargetFailure(Box<dyn TargetError>);

impl Deref for TargetFailure {
    type Target = dyn TargetError;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}

impl fmt::Display for TargetFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for TargetFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Another secret that a rotation needs, such as the master user's secret, cannot be used.
#[derive(Debug, Error)]
pub enum RelatedSecretError {
    /// Its value is not usable.
    #[error("a related secret cannot be used")]
    Document(#[source] DocumentError),
    /// It cannot be read.
    #[error("a related secret cannot be read")]
    Unreadable(#[source] StoreError),
    /// It has no `AWSCURRENT` value.
    #[error("the related secret {0} has no current value")]
    Empty(SecretId),
}

/// The message of an error, with the messages of those of its causes that it does not contain already.
pub fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}
