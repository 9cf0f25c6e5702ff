//! The codes of the protocol itself: events, labels, documents, and Secrets Manager.

crate::codes! {
    /// A setting of the function is wrong.
    CONFIG_INVALID = Failed;
    /// The event is not one that Secrets Manager sends.
    EVENT_INVALID = Refused;
    /// The secret is scheduled for deletion.
    SECRET_DELETED = Refused;
    /// A service of AWS or a partner manages the secret itself.
    SECRET_MANAGED = Refused;
    /// The secret is a replica of one in another Region.
    SECRET_REPLICA = Refused;
    /// The secret belongs to another account or Region than the function.
    SECRET_FOREIGN = Refused;
    /// Rotation is not enabled for the secret.
    ROTATION_DISABLED = Refused;
    /// The secret is configured to be rotated by another function.
    ROTATION_OTHER_FUNCTION = Refused;
    /// The secret has no version with the event's token.
    VERSION_NOT_FOUND = Refused;
    /// The version is neither AWSCURRENT nor AWSPENDING.
    VERSION_NOT_PENDING = Refused;
    /// No version of the secret is AWSCURRENT.
    SECRET_NO_CURRENT = Refused;
    /// The function is set to log what it would do, and to do nothing.
    DRY_RUN = DryRun;
    /// The labels moved while the step was working.
    LABELS_MOVED = Refused;
    /// A version that bears a label has no value yet.
    SECRET_NO_VALUE = Retryable;
    /// The invocation's time was over before its work.
    TIMED_OUT = Retryable;
    /// The function has a defect: it panicked.
    INTERNAL = Failed;
    /// A field that a rotation needs is missing from the secret.
    SECRET_FIELD_MISSING = Refused;
    /// A field of the secret has a value that cannot be used.
    SECRET_FIELD_INVALID = Refused;
    /// The secret's value does not have the form that its target asks for: one JSON object, in most cases.
    SECRET_MALFORMED = Refused;
    /// The secret's value is binary.
    SECRET_BINARY = Refused;
    /// Another secret that the rotation needs cannot be used.
    RELATED_SECRET_INVALID = Refused;
    /// Another secret that the rotation needs cannot be read.
    RELATED_SECRET_UNREADABLE = Failed;
    /// No version of the secret opens what it is for.
    NO_VERSION_OPENS_TARGET = Failed;
    /// The operating system gives no random bytes.
    NO_RANDOMNESS = Retryable;
    /// Secrets Manager cannot be reached.
    NET_SM_UNREACHABLE = Retryable;
    /// The certificate of Secrets Manager's endpoint is not trusted.
    NET_SM_CERTIFICATE = Failed;
    /// Secrets Manager takes no more requests for the moment.
    SM_THROTTLED = Retryable;
    /// Secrets Manager has a fault of its own.
    SM_INTERNAL = Retryable;
    /// Secrets Manager refused a request for a reason that has no code of its own.
    SM_REJECTED = Failed;
    /// IAM does not allow a call of Secrets Manager.
    IAM_DENIED = Failed;
    /// The credentials for AWS are missing, expired or wrong.
    IAM_CREDENTIALS = Failed;
    /// The secret's KMS key cannot be used.
    KMS_DENIED = Failed;
    /// There is no secret of this name.
    SECRET_NOT_FOUND = Failed;
    /// Secrets Manager asks for a rotation token that the event did not bring.
    TOKEN_REQUIRED = Failed;
    /// A password that Secrets Manager made breaks the settings that it was asked for.
    PASSWORD_UNUSABLE = Failed;
}
