//! The stable code of an error, and what to do about it.

mod store;

pub use self::store::PENDING_MAY_BE_LIVE;
use self::store::store_remediation;
use crate::{
    code::{Class, Code},
    codes,
    document::DocumentError,
    error::{RelatedSecretError, RotationError},
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
    /// missing, the rule of the server. `None` where the code says it all. It holds no value of a secret.
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
            Self::Event(_) => "Only Secrets Manager invokes this function; start a rotation with \
                `aws secretsmanager rotate-secret`."
                .into(),
            Self::Refused(refusal) => refusal_hint(*refusal).into(),
            Self::Document { label, error } => {
                error.remediation(&format!("the {label} version of the secret"))
            }
            Self::Related(error) => error.remediation("the related secret", reader),
            Self::NoRandomness(_) => format!(
                "Nothing is lost. {} PASSWORD_SOURCE=secrets-manager does without a random source of one's own.",
                reader.again()
            ),
            Self::NoValue { .. } => format!(
                "The service has not shown the value yet. {} If it stays so, createSecret never stored one: \
                start a new rotation.",
                reader.again()
            ),
            Self::DryRun { .. } => {
                "The function's log says what each step would do. To rotate, take DRY_RUN \
                out of its environment and rotate the secret again: the pending version is taken up. To \
                leave it, turn rotation off and remove the label AWSPENDING."
                    .into()
            }
            Self::LabelsMoved => {
                "Another rotation or a person moved the labels; this invocation changed nothing \
                after that. Look at the labels with `aws secretsmanager describe-secret`."
                    .into()
            }
            Self::Store(error) => store_remediation(error, reader),
            Self::Target(error) => error.remediation(reader),
            Self::TimedOut(_) => {
                let more = match reader {
                    Reader::Operator => " If it recurs, raise the function's timeout to 30 seconds.",
                    Reader::Person => "",
                };
                format!("Nothing is lost. {}{more} {PENDING_MAY_BE_LIVE}", reader.again())
            }
        }
    }
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
            "Restore the secret with `aws secretsmanager restore-secret`, then rotate again. If setSecret of \
            this version had run, its password may be the one that logs in: read it, once restored, with \
            `aws secretsmanager get-secret-value --version-id ...` and the rotation's token as the id."
        }
        Refusal::Managed => "Let that service rotate it; no function can be set for it.",
        Refusal::External => {
            "Let the partner rotate it (`ExternalSecretRotationRoleArn`); no function can be set for it."
        }
        Refusal::Replica => "Look at and rotate the secret in its primary region; replicas follow.",
        Refusal::ForeignSecret => {
            "Deploy a function in the secret's own account and region, or set \
            ALLOW_FOREIGN_SECRETS=true if this is meant."
        }
        Refusal::RotationDisabled => {
            "Turn rotation on with `aws secretsmanager rotate-secret \
            --rotation-lambda-arn ...`. Test which version logs in before you remove AWSPENDING by hand: \
            after setSecret it may be the only one."
        }
        Refusal::OtherFunction => {
            "Point the secret's rotation at this function, or invoke the function that it names."
        }
        Refusal::UnknownVersion => {
            "The version lost its labels or is gone, or the event was made by hand. If setSecret of this \
            version had run, its password may be the one that logs in: read it with `aws secretsmanager \
            get-secret-value --version-id ...`, the rotation's token as the id, before a version without \
            labels is removed, and put AWSPENDING back on it; otherwise start a new rotation."
        }
        Refusal::NotPending => {
            "A newer rotation goes on without this one, or somebody cancelled it; this step changed nothing. \
            If an earlier setSecret of this version had run, its password may be the one that logs in: read \
            it with `aws secretsmanager get-secret-value --version-id ...`, the rotation's token as the id, \
            before a version without labels is removed. If it logs in, put AWSPENDING back on it and rotate again."
        }
        Refusal::NoCurrent => {
            "Put AWSCURRENT back on the version whose credentials log in: `aws secretsmanager \
            update-secret-version-stage --version-stage AWSCURRENT --move-to-version-id ...`."
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
            Self::Binary
            | Self::Empty
            | Self::TooLarge
            | Self::NotJson
            | Self::NotAnObject
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
