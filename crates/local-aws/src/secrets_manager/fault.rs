//! Faults that a test injects.

use std::time::Duration;

use super::{ErrorCode, Operation, ServiceError};

/// A fault of the next calls of one operation.
#[derive(Clone, Debug)]
pub struct Fault {
    operation: Operation,
    kind: FaultKind,
    let_through: u32,
    times: u32,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing takes effect; `AccessDeniedException`: the caller may not use the secret's KMS key.
    KmsAccessDenied,
    /// Nothing takes effect; `DecryptionFailure`.
    DecryptionFailure,
    /// Nothing takes effect; `InternalServiceError`.
    InternalServiceError,
    /// Nothing takes effect; `ThrottlingException`.
    Throttled,
    /// Nothing takes effect, and the connection is closed without an answer.
    DropBeforeEffect,
    /// The call takes effect, and the connection is closed without an answer.
    DropAfterEffect,
    /// The call waits this long and then takes effect.
    Delay(Duration),
}

impl Fault {
    /// The next call of `operation` meets `kind`.
    pub fn new(operation: Operation, kind: FaultKind) -> Self {
        Self { operation, kind, let_through: 0, times: 1 }
    }

    /// Lets this number of calls of the operation through first.
    #[must_use]
    pub fn after(self, calls: u32) -> Self {
        Self { let_through: calls, ..self }
    }

    /// Affects this number of calls of the operation, one after another.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }
}

/// The faults still to come.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of a call of `operation` now. Every fault of the operation counts the call.
    pub(crate) fn meet(&mut self, operation: Operation) -> Option<FaultKind> {
        let mut met = None;
        for fault in self.0.iter_mut().filter(|fault| fault.operation == operation) {
            if fault.let_through > 0 {
                fault.let_through -= 1;
            } else if met.is_none() && fault.times > 0 {
                fault.times -= 1;
                met = Some(fault.kind);
            }
        }
        self.0.retain(|fault| fault.times > 0);
        met
    }
}

/// `AWS`'s throttling, whether AWS's limit or a test caused it.
pub(crate) fn throttled() -> ServiceError {
    ServiceError::new(ErrorCode::ThrottlingException, "Rate exceeded")
}

/// No answer at all.
pub(crate) fn dropped() -> ServiceError {
    ServiceError::new(ErrorCode::ConnectionDropped, "the connection was closed without an answer")
}

impl FaultKind {
    /// The refusal, for the kinds where the call takes no effect.
    pub(crate) fn refusal(self) -> Option<ServiceError> {
        match self {
            Self::KmsAccessDenied => {
                Some(ServiceError::new(ErrorCode::AccessDeniedException, "Access to KMS is not allowed"))
            }
            Self::DecryptionFailure => Some(ServiceError::new(
                ErrorCode::DecryptionFailure,
                "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
            )),
            Self::InternalServiceError => Some(ServiceError::new(
                ErrorCode::InternalServiceError,
                "An error occurred on the server side.",
            )),
            Self::Throttled => Some(throttled()),
            Self::DropBeforeEffect => Some(dropped()),
            Self::DropAfterEffect | Self::Delay(_) => None,
        }
    }
}
