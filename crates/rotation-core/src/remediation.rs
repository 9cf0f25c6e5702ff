//! The stable code of an error, and what to do about it.

mod store;

pub use self::store::PENDING_MAY_BE_LIVE;
use self::store::{LABELS_MOVED, store_remediation};
use crate::{
    code::{Class, Code},
    codes,
    document::DocumentError,
    error::{RelatedSecretError, RotationError},
    event::{SecretId, VersionId},
    reader::Reader,
    staging::Refusal,
    store::StoreFault,
};

impl RotationError {
    /// A stable name for this kind of failure, for alarms and runbooks.
    pub fn code(&self) -> Code {
        match self {
            Self::Event(_) => codes::EVENT_INVALID,
            Self::Refused(refusal) => refusal_code(*refusal),
            Self::Document { error, .. } => error.code(),
            Self::Related(error) => error.code(),
            Self::NoRandomness(_) => codes::NO_RANDOMNESS,
            Self::NoValue { .. } => codes::SECRET_NO_VALUE,
            Self::DryRun { .. } => codes::DRY_RUN,
            Self::LabelsMoved => codes::LABELS_MOVED,
            Self::Store(error) => error.fault.code(),
            Self::Target(error) => error.code(),
            Self::TimedOut(_) => codes::TIMED_OUT,
        }
    }

    /// What the failure asks of whoever called the step.
    pub fn class(&self) -> Class {
        self.code().class()
    }

    /// What the code is about in this case, as `name=value`: the action that IAM denied, the field that is
    /// missing, the rule of the server. `None` where the code alone is enough. It holds no value of a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Document { error, .. } => error.detail(),
            Self::Related(error) => error.detail(),
            Self::Store(error) => error.detail(),
            Self::Target(error) => error.detail(),
            _ => None,
        }
    }

    /// What to do next, in a few sentences.
    pub fn remediation(&self, reader: Reader) -> String {
        match self {
            Self::Event(_) => "Only Secrets Manager invokes this function. Start a rotation with `aws \
                secretsmanager rotate-secret --secret-id SECRET_ID`."
                .into(),
            Self::Refused(refusal) => refusal_hint(*refusal).into(),
            Self::Document { label, error } => {
                error.remediation(&format!("the {label} version of the secret"))
            }
            Self::Related(error) => error.remediation("the related secret", reader),
            Self::NoRandomness(_) => format!(
                "Nothing is lost. {} PASSWORD_SOURCE=secrets-manager needs no random source of the operating \
                system.",
                reader.again()
            ),
            Self::NoValue { .. } => format!(
                "Secrets Manager has not returned the value yet. {} If it recurs, createSecret never stored \
                one: start a new rotation with `aws secretsmanager rotate-secret --secret-id SECRET_ID`.",
                reader.again()
            ),
            Self::DryRun { .. } => "The function's log has a line for each statement that a step would run. \
                To rotate, remove DRY_RUN from its environment and rotate the secret again: the rotation \
                resumes with the pending version. To give it up, turn rotation off with `aws secretsmanager \
                cancel-rotate-secret --secret-id SECRET_ID`, then remove the label AWSPENDING with `aws \
                secretsmanager update-secret-version-stage --secret-id SECRET_ID --version-stage AWSPENDING \
                --remove-from-version-id PENDING_VERSION_ID`."
                .into(),
            Self::LabelsMoved => LABELS_MOVED.into(),
            Self::Store(error) => store_remediation(error, reader),
            Self::Target(error) => error.remediation(reader),
            Self::TimedOut(_) => {
                let more = match reader {
                    Reader::Operator => {
                        " If it recurs, raise the function's timeout: `aws lambda \
                        update-function-configuration --function-name FUNCTION_NAME --timeout 30`."
                    }
                    Reader::Person => "",
                };
                format!("Nothing is lost. {}{more} {PENDING_MAY_BE_LIVE}", reader.again())
            }
        }
    }
}

/// Of `CONFIG_INVALID`.
pub const CORRECT_SETTING: &str =
    "Correct this setting in the function's environment; nothing is rotated until then.";

/// Of `INTERNAL`.
pub const REPORT_DEFECT: &str = "This is a defect of the function: report it with this line, then rotate \
    again, which resumes with the pending version. Keep AWSPENDING: once setSecret has begun, its password \
    may be the one that logs in.";

/// A hint with the secret, and where it is known its pending version, in its commands: in place of
/// `SECRET_ID` and `PENDING_VERSION_ID`.
pub fn fill_hint(hint: &str, secret: &SecretId, pending: Option<&VersionId>) -> String {
    let hint = hint.replace("SECRET_ID", &secret.in_a_shell());
    pending.map_or_else(|| hint.clone(), |pending| hint.replace("PENDING_VERSION_ID", pending.as_str()))
}

fn refusal_code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::Deleted => codes::SECRET_DELETED,
        Refusal::Managed | Refusal::External => codes::SECRET_MANAGED,
        Refusal::Replica => codes::SECRET_REPLICA,
        Refusal::ForeignSecret => codes::SECRET_FOREIGN,
        Refusal::RotationDisabled => codes::ROTATION_DISABLED,
        Refusal::OtherFunction => codes::ROTATION_OTHER_FUNCTION,
        Refusal::UnknownVersion => codes::VERSION_NOT_FOUND,
        Refusal::NotPending => codes::VERSION_NOT_PENDING,
        Refusal::NoCurrent => codes::SECRET_NO_CURRENT,
    }
}

fn refusal_hint(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Deleted => {
            "Restore the secret with `aws secretsmanager restore-secret --secret-id SECRET_ID`, then rotate \
            again. If setSecret of this version had run, its password may be the one that logs in: read it, \
            once restored, with `aws secretsmanager get-secret-value --secret-id SECRET_ID --version-id \
            PENDING_VERSION_ID`."
        }
        Refusal::Managed => {
            "Leave the rotation to the service that `aws secretsmanager describe-secret --secret-id \
            SECRET_ID --query OwningService` names; no function can be set for it."
        }
        Refusal::External => {
            "Leave the rotation to the partner (`ExternalSecretRotationRoleArn`); no function can be set for \
                it."
        }
        Refusal::Replica => {
            "Diagnose and rotate the secret in its primary Region (`aws secretsmanager describe-secret \
            --secret-id SECRET_ID --query PrimaryRegion`); replicas follow."
        }
        Refusal::ForeignSecret => {
            "Deploy a function in the secret's own account and Region. If this is meant, set \
            ALLOW_FOREIGN_SECRETS=true on the function."
        }
        Refusal::RotationDisabled => {
            "Turn rotation on with `aws secretsmanager rotate-secret --secret-id SECRET_ID \
            --rotation-lambda-arn FUNCTION_ARN --rotation-rules AutomaticallyAfterDays=30`. Before you \
            remove AWSPENDING, see with `rotate explain SECRET_ID` which version logs in: after setSecret it \
            may be the only one."
        }
        Refusal::OtherFunction => {
            "Leave the rotation to the function that the secret names, or set this one with `aws \
            secretsmanager rotate-secret --secret-id SECRET_ID --rotation-lambda-arn FUNCTION_ARN`."
        }
        Refusal::UnknownVersion => {
            "If setSecret of this version had run, its password may be the one that logs in: read it with \
            `aws secretsmanager get-secret-value --secret-id SECRET_ID --version-id PENDING_VERSION_ID` \
            before Secrets Manager removes the version. If it logs in, put AWSPENDING back with `aws \
            secretsmanager update-secret-version-stage --secret-id SECRET_ID --version-stage AWSPENDING \
            --move-to-version-id PENDING_VERSION_ID` and rotate again. Otherwise start a new rotation with \
            `aws secretsmanager rotate-secret --secret-id SECRET_ID`."
        }
        Refusal::NotPending => {
            "A newer rotation continues without this one, or an operator cancelled it; this step changed \
            nothing. If setSecret of this version had run, its password may be the one that logs in: see \
            with `rotate explain SECRET_ID`, before Secrets Manager removes a version without labels. If it \
            logs in, put AWSPENDING back with `aws secretsmanager update-secret-version-stage --secret-id \
            SECRET_ID --version-stage AWSPENDING --move-to-version-id PENDING_VERSION_ID` and rotate again."
        }
        Refusal::NoCurrent => {
            "Put AWSCURRENT on the version whose credentials log in (`rotate explain SECRET_ID` shows \
            which): `aws secretsmanager update-secret-version-stage --secret-id SECRET_ID --version-stage \
            AWSCURRENT --move-to-version-id VERSION_ID`."
        }
    }
}

impl DocumentError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => codes::SECRET_FIELD_MISSING,
            Self::Invalid { .. } => codes::SECRET_FIELD_INVALID,
            Self::Unfit(unfit) => unfit.code,
            Self::Binary => codes::SECRET_BINARY,
            Self::Empty
            | Self::TooLarge
            | Self::NotJson
            | Self::NotAnObject
            | Self::NotPlain
            | Self::DuplicateKey { .. } => codes::SECRET_MALFORMED,
        }
    }

    /// Which field, as `field=name`; `None` where it is the whole value.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Missing { field } | Self::Invalid { field, .. } => Some(format!("field={field}")),
            Self::DuplicateKey { field } => Some(format!("field={field}")),
            Self::Unfit(unfit) => Some(format!("field={}", unfit.field)),
            _ => None,
        }
    }

    /// What to do about it, of the value that `which` names.
    pub fn remediation(&self, which: &str) -> String {
        match self {
            Self::Missing { field } => format!("Add `{field}` to {which}."),
            Self::Invalid { field, rule } => format!("Make `{field}` of {which} {rule}."),
            Self::DuplicateKey { field } => format!("Remove the second `{field}` from {which}."),
            Self::Unfit(unfit) => unfit.remediation.replace("{which}", which),
            Self::Binary => format!("Store {which} as text, in SecretString instead of SecretBinary."),
            Self::NotPlain => {
                format!("Store {which} as the credential alone, without JSON around it, of at most 64 KiB.")
            }
            _ => {
                format!(
                    "Store {which} as one JSON object with the fields that its target needs (for a database: \
                 engine, host, username and password), of at most 64 KiB."
                )
            }
        }
    }
}

impl RelatedSecretError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Document(_) | Self::Empty(_) => codes::RELATED_SECRET_INVALID,
            Self::Unreadable(error) => match error.fault {
                StoreFault::AccessDenied | StoreFault::NoSuchSecret => codes::RELATED_SECRET_UNREADABLE,
                fault => fault.code(),
            },
        }
    }

    /// What the code is about in this case, as `name=value`.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Document(error) => error.detail(),
            Self::Unreadable(error) => error.detail(),
            Self::Empty(_) => None,
        }
    }

    /// What to do about it, of the secret that `which` names.
    pub fn remediation(&self, which: &str, reader: Reader) -> String {
        match self {
            Self::Document(error) => error.remediation(which),
            Self::Empty(_) => format!("Put the credentials into {which}."),
            Self::Unreadable(error) => error.remediation_for(which, reader),
        }
    }
}
