//! Every way in which a step can fail, with a stable code and what to do next.

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
    /// The operator: another secret that the rotation needs cannot be used.
    #[error(transparent)]
    Related(#[from] RelatedSecretError),
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
    /// What the secret opens did not.
    #[error(transparent)]
    Target(TargetFailure),
    /// The invocation's time is over.
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
}

impl<E: TargetError> From<E> for RotationError {
    fn from(error: E) -> Self {
        Self::Target(TargetFailure(Box::new(error)))
    }
}

impl RotationError {
    /// The failure of the target, where it is one of this type.
    pub fn target<E: TargetError>(&self) -> Option<&E> {
        let Self::Target(error) = self else { return None };
        let error: &(dyn StdError + 'static) = error.0.as_ref();
        error.downcast_ref()
    }

    /// The same, by value.
    ///
    /// # Errors
    /// The error itself, where it is not a failure of this type.
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

/// Another secret that a rotation needs, such as that of a master user, cannot be used.
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
