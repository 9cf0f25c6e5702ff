//! The stable code of an error, and what to do about it.

mod store;

use self::store::{master_unreadable_hint, store_code, store_hint};
use crate::{
    code::{Class, Code},
    database::{StatementFault, TargetError},
    document::DocumentError,
    error::RotationError,
    staging::Refusal,
    store::StoreFault,
};

/// Who reads a hint: what to do next depends on who asked for the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The operator of a function that Secrets Manager invokes.
    Operator,
    /// A person who runs the steps at a terminal, with credentials of their own.
    Person,
}

impl Reader {
    /// Who must be allowed something.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Operator => "the function's role",
            Self::Person => "the IAM identity that you use",
        }
    }

    /// Who opens connections.
    pub(crate) fn caller(self) -> &'static str {
        match self {
            Self::Operator => "the function",
            Self::Person => "this machine",
        }
    }

    /// After a failure that passes by itself. The service gives a rotation up after a few attempts.
    pub(crate) fn again(self) -> &'static str {
        match self {
            Self::Operator => "Secrets Manager calls again a few times; if it gives up, rotate again.",
            Self::Person => "Run the command again.",
        }
    }
}

impl RotationError {
    /// A stable name for this kind of failure, for alarms and runbooks.
    pub fn code(&self) -> Code {
        match self {
            Self::Event(_) => Code::EventInvalid,
            Self::Refused(refusal) => refusal_code(*refusal),
            Self::Document { error, .. } => document_code(error),
            Self::MasterDocument(_) | Self::MasterEmpty(_) => Code::MasterInvalid,
            Self::MasterUnreadable(error) => match error.fault {
                StoreFault::AccessDenied | StoreFault::NoSuchSecret => Code::MasterUnreadable,
                fault => store_code(fault),
            },
            Self::NoRandomness(_) => Code::NoRandomness,
            Self::NoValue { .. } => Code::SecretNoValue,
            Self::DryRun { .. } => Code::DryRun,
            Self::LabelsMoved => Code::LabelsMoved,
            Self::Store(error) => store_code(error.fault),
            Self::Target(error) => error.code(),
            Self::TimedOut(_) => Code::TimedOut,
        }
    }

    /// What the failure asks of whoever called the step.
    pub fn class(&self) -> Class {
        self.code().class()
    }

    /// What the code is about in this case, as `name=value`: the action that IAM denied, the field that is missing,
    /// the rule of the server. `None` where the code says it all. It holds no value of a secret.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Document { error, .. } | Self::MasterDocument(error) => match error {
                DocumentError::Missing { field } | DocumentError::Invalid { field, .. } => {
                    Some(format!("field={field}"))
                }
                DocumentError::Srv { field } => Some(format!("field={field}")),
                DocumentError::DuplicateKey { field } | DocumentError::NotRewritable { field } => {
                    Some(format!("field={field}"))
                }
                _ => None,
            },
            Self::Store(error) | Self::MasterUnreadable(error) => match (error.fault, &error.key) {
                (StoreFault::KeyDenied, Some(key)) => Some(format!("key={key}")),
                (StoreFault::AccessDenied | StoreFault::KeyDenied, _) => {
                    Some(format!("action=secretsmanager:{}", error.operation))
                }
                _ => None,
            },
            Self::Target(TargetError::Statement { error, .. }) => match &error.fault {
                StatementFault::PasswordPolicy { rule } => Some(format!("rule={rule}")),
                StatementFault::PrivilegeMissing { needed } => Some(format!("needed={needed}")),
                StatementFault::Other { code } => Some(format!("code={code}")),
                _ => None,
            },
            _ => None,
        }
    }

    /// What the operator of a function should do next, in a few sentences.
    pub fn hint(&self) -> String {
        self.hint_for(Reader::Operator)
    }

    /// What to do next, in a few sentences.
    pub fn hint_for(&self, reader: Reader) -> String {
        match self {
            Self::Event(_) => "Only Secrets Manager invokes this function; start a rotation with \
                `aws secretsmanager rotate-secret`."
                .into(),
            Self::Refused(refusal) => refusal_hint(*refusal).into(),
            Self::Document { label, error } => {
                document_hint(&format!("the {label} version of the secret"), error)
            }
            Self::MasterDocument(error) => document_hint("the master secret", error),
            Self::MasterEmpty(_) => "Put the master's credentials into the master secret.".into(),
            Self::MasterUnreadable(error) => master_unreadable_hint(error, reader),
            Self::NoRandomness(_) => format!(
                "Nothing is lost. {} PASSWORD_SOURCE=secrets-manager does without a random source of one's own.",
                reader.again()
            ),
            Self::NoValue { .. } => format!(
                "The service has not shown the value yet. {} If it stays so, createSecret never stored one: \
                start a new rotation.",
                reader.again()
            ),
            Self::DryRun { .. } => "The function's log says what each step would do. To rotate, take DRY_RUN out of its \
                environment and rotate the secret again: the pending version is taken up. To leave it, turn rotation \
                off and remove the label AWSPENDING."
                .into(),
            Self::LabelsMoved => {
                "Another rotation or a person moved the labels; this invocation changed nothing \
                after that. Look at the labels with `aws secretsmanager describe-secret`."
                    .into()
            }
            Self::Store(error) => store_hint(error, reader),
            Self::Target(error) => error.hint(reader),
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

/// Of a step that cannot know whether setSecret had run.
pub(crate) const PENDING_MAY_BE_LIVE: &str = "Once setSecret has begun, it may be the password under AWSPENDING that \
    logs in: keep that label.";

fn refusal_code(refusal: Refusal) -> Code {
    match refusal {
        Refusal::Deleted => Code::SecretDeleted,
        Refusal::Managed | Refusal::External => Code::SecretManaged,
        Refusal::Replica => Code::SecretReplica,
        Refusal::ForeignSecret => Code::SecretForeign,
        Refusal::RotationDisabled => Code::RotationDisabled,
        Refusal::OtherFunction => Code::RotationOtherFunction,
        Refusal::UnknownVersion => Code::VersionUnknown,
        Refusal::NotPending => Code::VersionNotPending,
        Refusal::NoCurrent => Code::SecretNoCurrent,
    }
}

fn refusal_hint(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Deleted => {
            "Restore the secret with `aws secretsmanager restore-secret`, then rotate again. If setSecret of this \
            version had run, its password may be the one that logs in: read it, once restored, with `aws \
            secretsmanager get-secret-value --version-id ...` and the rotation's token as the id."
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
            --rotation-lambda-arn ...`. Test which version logs in before you remove AWSPENDING by hand: after \
            setSecret it may be the only one."
        }
        Refusal::OtherFunction => {
            "Point the secret's rotation at this function, or invoke the function that it names."
        }
        Refusal::UnknownVersion => {
            "The version lost its labels or is gone, or the event was made by hand. If setSecret of this version had \
            run, its password may be the one that logs in: read it with `aws secretsmanager get-secret-value \
            --version-id ...`, the rotation's token as the id, before a version without labels is removed, and put \
            AWSPENDING back on it; otherwise start a new rotation."
        }
        Refusal::NotPending => {
            "A newer rotation goes on without this one, or somebody cancelled it; this step changed nothing. If an \
            earlier setSecret of this version had run, its password may be the one that logs in: read it with `aws \
            secretsmanager get-secret-value --version-id ...`, the rotation's token as the id, before a version \
            without labels is removed. If it logs in, put AWSPENDING back on it and rotate again."
        }
        Refusal::NoCurrent => {
            "Put AWSCURRENT back on the version whose credentials log in: `aws secretsmanager \
            update-secret-version-stage --version-stage AWSCURRENT --move-to-version-id ...`."
        }
    }
}

fn document_code(error: &DocumentError) -> Code {
    match error {
        DocumentError::Missing { .. } => Code::SecretFieldMissing,
        DocumentError::Srv { .. } => Code::SecretHostSrv,
        DocumentError::Invalid { .. } | DocumentError::NotRewritable { .. } => Code::SecretFieldInvalid,
        DocumentError::Engine { .. } => Code::SecretEngineMismatch,
        DocumentError::Binary
        | DocumentError::Empty
        | DocumentError::TooLarge
        | DocumentError::NotJson
        | DocumentError::NotAnObject
        | DocumentError::DuplicateKey { .. } => Code::SecretMalformed,
    }
}

fn document_hint(which: &str, error: &DocumentError) -> String {
    match error {
        DocumentError::Missing { field } => format!("Add `{field}` to {which}."),
        DocumentError::Invalid { field, rule } => format!("Make `{field}` of {which} {rule}."),
        DocumentError::Engine { expected } => {
            format!(
                "Rotate it by the function of its own engine; this one takes {expected}. Correct `engine` of {which} only \
                where it is misspelt."
            )
        }
        DocumentError::Srv { .. } => format!(
            "Name the members in `host` of {which} (`a.example.com:27017,b.example.com:27017`) and the set in `replicaSet`, \
            as the SRV and TXT records of the name have them, or name the writer's endpoint. Remove `srv`."
        ),
        DocumentError::NotRewritable { field } => format!(
            "Store a URL or a connection string as text in `{field}` of {which}, or take `{field}` out of REWRITE_FIELDS. A \
            JDBC URL of MariaDB's driver cannot hold `&`: add it to EXCLUDE_CHARACTERS."
        ),
        DocumentError::DuplicateKey { field } => format!("Remove the second `{field}` from {which}."),
        _ => format!(
            "Store {which} as one JSON object with engine, host, username and password, of at most 64 KiB."
        ),
    }
}
