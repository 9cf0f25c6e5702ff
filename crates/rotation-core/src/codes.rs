//! The codes of the protocol itself: events, labels, documents, and Secrets Manager.

mod labels;
mod secrets;
mod service;

crate::codes! {
    /// A setting of the function is wrong.
    CONFIG_INVALID = Failed, labels;
    /// The event is not one that Secrets Manager sends.
    EVENT_INVALID = Refused, labels;
    /// The secret is scheduled for deletion.
    SECRET_DELETED = Refused, labels;
    /// A service of AWS or a partner manages the secret itself.
    SECRET_MANAGED = Refused, labels;
    /// The secret is a replica of one in another region.
    SECRET_REPLICA = Refused, labels;
    /// The secret belongs to another account or region than the function.
    SECRET_FOREIGN = Refused, labels;
    /// Rotation is not enabled for the secret.
    ROTATION_DISABLED = Refused, labels;
    /// The secret is configured to be rotated by another function.
    ROTATION_OTHER_FUNCTION = Refused, labels;
    /// The secret has no version with the event's token.
    VERSION_NOT_FOUND = Refused, labels;
    /// The version is neither AWSCURRENT nor AWSPENDING.
    VERSION_NOT_PENDING = Refused, labels;
    /// No version of the secret is AWSCURRENT.
    SECRET_NO_CURRENT = Refused, labels;
    /// The function is set to say what it would do, and to do nothing.
    DRY_RUN = DryRun, labels;
    /// The labels moved while the step was working.
    LABELS_MOVED = Refused, labels;
    /// A version that bears a label has no value yet.
    SECRET_NO_VALUE = Retryable, labels;
    /// The invocation's time was over before its work.
    TIMED_OUT = Retryable, labels;
    /// The function has a defect: it panicked.
    INTERNAL = Failed, labels;
    /// A field that a rotation needs is missing from the secret.
    SECRET_FIELD_MISSING = Refused, secrets;
    /// A field of the secret has a value that cannot be used.
    SECRET_FIELD_INVALID = Refused, secrets;
    /// The secret's value is not one JSON object.
    SECRET_MALFORMED = Refused, secrets;
    /// Another secret that the rotation needs cannot be used.
    RELATED_SECRET_INVALID = Refused, secrets;
    /// Another secret that the rotation needs cannot be read.
    RELATED_SECRET_UNREADABLE = Failed, service;
    /// No version of the secret opens what it is for.
    NO_VERSION_OPENS_TARGET = Failed, labels;
    /// The operating system gives no random bytes.
    NO_RANDOMNESS = Retryable, secrets;
    /// Secrets Manager cannot be reached.
    NET_SM_UNREACHABLE = Retryable, service;
    /// The certificate of Secrets Manager's endpoint is not trusted.
    NET_SM_CERTIFICATE = Failed, service;
    /// Secrets Manager takes no more requests for the moment.
    SM_THROTTLED = Retryable, service;
    /// Secrets Manager has a fault of its own.
    SM_INTERNAL = Retryable, service;
    /// Secrets Manager refused a request for a reason that has no code of its own.
    SM_REJECTED = Failed, service;
    /// IAM does not allow a call of Secrets Manager.
    IAM_DENIED = Failed, service;
    /// The credentials for AWS are missing, expired or wrong.
    IAM_CREDENTIALS = Failed, service;
    /// The secret's KMS key cannot be used.
    KMS_DENIED = Failed, service;
    /// There is no secret of this name.
    SECRET_NOT_FOUND = Failed, service;
    /// Secrets Manager asks for a rotation token that the event did not bring.
    TOKEN_REQUIRED = Failed, service;
    /// A password that Secrets Manager made breaks the settings that it was asked for.
    PASSWORD_UNUSABLE = Failed, service;
}
