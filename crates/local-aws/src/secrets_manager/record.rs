//! The record of each rotation.

use std::{fmt, time::Duration};

use crate::FunctionError;

/// A rotation as the service drove it.
#[derive(Clone, Debug)]
pub struct RotationRecord {
    /// The secret's ARN.
    pub secret: String,
    /// The id of the new version.
    pub version: String,
    /// Every attempt so far, in order.
    pub attempts: Vec<Attempt>,
    /// How it ended; `None` while it is in progress.
    pub outcome: Option<RotationOutcome>,
}

impl RotationRecord {
    /// The error of the last step, if that step failed.
    pub fn last_error(&self) -> Option<&FunctionError> {
        self.attempts.last()?.steps.last()?.error.as_ref()
    }

    /// All steps of all attempts, in the order of their invocation.
    pub fn steps(&self) -> impl Iterator<Item = &StepRecord> {
        self.attempts.iter().flat_map(|attempt| &attempt.steps)
    }
}

/// One attempt of a whole rotation. A step that fails is its last.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// The steps that were invoked.
    pub steps: Vec<StepRecord>,
}

/// One invocation of the function.
#[derive(Clone, Debug)]
pub struct StepRecord {
    /// `createSecret`, `setSecret`, `testSecret` or `finishSecret`.
    pub step: &'static str,
    /// From the invocation to its answer.
    pub duration: Duration,
    /// What the function answered, if it failed.
    pub error: Option<FunctionError>,
}

/// How a rotation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationOutcome {
    /// Every step succeeded, and the new version is AWSCURRENT; for a test alone, the step succeeded
    /// (CloudTrail: `RotationSucceeded`, `TestRotationSucceeded`).
    Succeeded,
    /// Every step succeeded, but AWSCURRENT is on another version: the function did not do its work.
    NotPromoted,
    /// The last attempt failed; AWSPENDING is still there (`RotationFailed`, `TestRotationFailed`).
    Failed,
    /// `CancelRotateSecret` was called, or the secret was deleted for good; AWSPENDING is still there.
    Cancelled,
    /// Another version took AWSPENDING (`RotationAbandoned`).
    Abandoned,
}

impl fmt::Display for RotationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded => "succeeded",
            Self::NotPromoted => "not promoted",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
        })
    }
}

/// The rotation has not ended in time, or has never begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// It is still in progress.
    #[error("the rotation has not ended within {0:?}")]
    Timeout(Duration),
    /// No rotation of that version of that secret has begun here.
    #[error("no such rotation")]
    Unknown,
}
