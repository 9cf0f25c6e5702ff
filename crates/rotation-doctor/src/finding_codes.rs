//! The findings about labels, the rotation, and its function.

pub use rotation_core::diagnosis::finding_codes::*;

rotation_core::finding_codes! {
    /// AWSPENDING is on a version whose rotation has not finished.
    PENDING_STUCK = Warning, Fault;
    /// AWSCURRENT does not log in, and a version that is not AWSPENDING does.
    CURRENT_REFUSED = Fault;
    /// No function is set to rotate the secret.
    ROTATION_NOT_CONFIGURED = Note;
    /// The function that is set to rotate the secret does not exist.
    FUNCTION_NOT_FOUND = Fault;
    /// Secrets Manager may not invoke the function for this secret.
    FUNCTION_NOT_INVOCABLE = Fault;
    /// Secrets Manager may invoke the function for secrets of any account.
    FUNCTION_PERMISSION_TOO_BROAD = Warning;
    /// The function takes no invocations in its present state.
    FUNCTION_INACTIVE = Warning, Fault;
    /// The function's timeout is shorter than a step may need.
    FUNCTION_TIMEOUT_TOO_SHORT = Warning;
}
