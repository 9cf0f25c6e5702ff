//! The stable code of an error, and what to do about it.

use crate::{
    database::{
        ConnectError, Credential, PolicyError, StatementError, StatementFault, TargetError, TlsFault,
    },
    document::DocumentError,
    error::RotationError,
    staging::Refusal,
    store::{StoreError, StoreFault},
};

impl RotationError {
    /// A stable name for this kind of failure, for alarms and runbooks.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Event(_) => "EVENT_INVALID",
            Self::Refused(refusal) => refusal_code(*refusal),
            Self::Document { error, .. } => document_code(error),
            Self::MasterDocument(_) | Self::MasterEmpty(_) => "MASTER_INVALID",
            Self::MasterUnreadable(error) => match error.fault {
                StoreFault::AccessDenied | StoreFault::NoSuchSecret => "MASTER_UNREADABLE",
                fault => store_code(fault),
            },
            Self::Password(PolicyError::NoRandomness) => "NO_RANDOMNESS",
            Self::Password(_) => "PASSWORD_SETTINGS",
            Self::NoValue { .. } => "SECRET_NO_VALUE",
            Self::LabelsMoved => "LABELS_MOVED",
            Self::Store(error) => store_code(error.fault),
            Self::Target(error) => target_code(error),
            Self::TimedOut(_) => "TIMED_OUT",
        }
    }

    /// What to do next, in one or two sentences.
    pub fn hint(&self) -> String {
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
            Self::MasterUnreadable(error) => master_unreadable_hint(error),
            Self::Password(PolicyError::NoRandomness) => {
                "Nothing is lost; Secrets Manager calls again. PASSWORD_SOURCE=secrets-manager does without the \
                function's own random source."
                    .into()
            }
            Self::Password(_) => "Correct the function's password settings and deploy it again.".into(),
            Self::NoValue { .. } => {
                "Secrets Manager has not shown the value yet, and will call again. If it stays so, \
                createSecret never stored one: start a new rotation."
                    .into()
            }
            Self::LabelsMoved => {
                "Another rotation or a person moved the labels; this invocation changed nothing \
                after that. Look at the labels with `aws secretsmanager describe-secret`."
                    .into()
            }
            Self::Store(error) => store_hint(error),
            Self::Target(error) => target_hint(error),
            Self::TimedOut(_) => {
                "Nothing is lost; Secrets Manager calls again. If it recurs, raise the function's \
                timeout to 30 seconds and see which phase was slow."
                    .into()
            }
        }
    }
}

fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Deleted => "SECRET_DELETED",
        Refusal::ForeignSecret => "SECRET_FOREIGN",
        Refusal::RotationDisabled => "ROTATION_DISABLED",
        Refusal::OtherFunction => "ROTATION_OTHER_FUNCTION",
        Refusal::UnknownVersion => "VERSION_UNKNOWN",
        Refusal::NotPending => "VERSION_NOT_PENDING",
        Refusal::NoCurrent => "SECRET_NO_CURRENT",
    }
}

fn refusal_hint(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Deleted => "Restore the secret with `aws secretsmanager restore-secret`, then rotate again.",
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
        Refusal::UnknownVersion => "The version is gone or the event was made by hand; start a new rotation.",
        Refusal::NotPending => {
            "A newer rotation goes on without this one, or somebody cancelled it. Nothing was \
            changed by this invocation."
        }
        Refusal::NoCurrent => {
            "Put AWSCURRENT back on the version whose credentials log in: `aws secretsmanager \
            update-secret-version-stage --version-stage AWSCURRENT --move-to-version-id ...`."
        }
    }
}

fn document_code(error: &DocumentError) -> &'static str {
    match error {
        DocumentError::Missing { .. } => "SECRET_FIELD_MISSING",
        DocumentError::Invalid { .. } => "SECRET_FIELD_INVALID",
        DocumentError::Engine { .. } => "SECRET_ENGINE_MISMATCH",
        DocumentError::Binary
        | DocumentError::Empty
        | DocumentError::TooLarge
        | DocumentError::NotJson
        | DocumentError::NotAnObject
        | DocumentError::DuplicateKey { .. } => "SECRET_MALFORMED",
    }
}

fn document_hint(which: &str, error: &DocumentError) -> String {
    match error {
        DocumentError::Missing { field } => format!("Add `{field}` to {which}."),
        DocumentError::Invalid { field, rule } => format!("Make `{field}` of {which} {rule}."),
        DocumentError::Engine { expected } => {
            format!("Set `engine` of {which} to {expected}, or rotate it by the function of its own engine.")
        }
        DocumentError::DuplicateKey { field } => format!("Remove the second `{field}` from {which}."),
        _ => format!(
            "Store {which} as one JSON object with engine, host, username and password, of at most 64 KiB."
        ),
    }
}

fn store_code(fault: StoreFault) -> &'static str {
    match fault {
        StoreFault::Unreachable => "NET_SM_UNREACHABLE",
        StoreFault::Throttled => "SM_THROTTLED",
        StoreFault::Internal => "SM_INTERNAL",
        StoreFault::AccessDenied => "IAM_DENIED",
        StoreFault::KeyDenied => "KMS_DENIED",
        StoreFault::NoSuchSecret => "SECRET_UNKNOWN",
        StoreFault::Conflict => "LABELS_MOVED",
        StoreFault::TokenRequired => "TOKEN_REQUIRED",
        StoreFault::Unusable => "PASSWORD_UNUSABLE",
        StoreFault::Rejected => "SM_REJECTED",
    }
}

fn store_hint(error: &StoreError) -> String {
    let operation = error.operation;
    match error.fault {
        StoreFault::Unreachable => {
            "A function in a VPC needs an interface endpoint for Secrets Manager or a NAT \
            gateway, and a security group that lets it reach port 443."
                .into()
        }
        StoreFault::Throttled | StoreFault::Internal => {
            "Nothing is lost; Secrets Manager calls again.".into()
        }
        StoreFault::AccessDenied => {
            format!("Allow secretsmanager:{operation} on this secret in the function's role.")
        }
        StoreFault::KeyDenied => {
            "Allow kms:Decrypt and kms:GenerateDataKey on the secret's key in the function's \
            role and in the key's policy."
                .into()
        }
        StoreFault::NoSuchSecret => {
            "Check the secret's ARN, and the region and endpoint of the function.".into()
        }
        StoreFault::Conflict => "Another rotation or a person moved the labels; look at them with `aws \
            secretsmanager describe-secret`."
            .into(),
        StoreFault::TokenRequired => {
            "Start the rotation from Secrets Manager, which sends the token along.".into()
        }
        StoreFault::Unusable => "Set PASSWORD_SOURCE=os, or exclude fewer characters.".into(),
        StoreFault::Rejected => format!("See the cause that {operation} gives in this error."),
    }
}

fn master_unreadable_hint(error: &StoreError) -> String {
    match error.fault {
        StoreFault::AccessDenied => {
            "Allow secretsmanager:GetSecretValue on the master secret in the function's role.".into()
        }
        StoreFault::NoSuchSecret => "Correct `masterarn` in the secret, or create that master secret.".into(),
        StoreFault::KeyDenied => {
            "Allow kms:Decrypt on the master secret's key in the function's role and in the key's \
            policy."
                .into()
        }
        _ => store_hint(error),
    }
}

fn target_code(error: &TargetError) -> &'static str {
    match error {
        TargetError::HostDiffers => "PENDING_HOST_DIFFERS",
        TargetError::UserDiffers => "PENDING_USER_DIFFERS",
        TargetError::MasterHostDiffers => "MASTER_HOST_DIFFERS",
        TargetError::MasterNotDeployed => "MASTER_NOT_DEPLOYED",
        TargetError::MasterIsSelf => "MASTER_IS_SELF",
        TargetError::Login { error, .. } => connect_code(error),
        TargetError::AllRefused => "DB_ALL_REFUSED",
        TargetError::Statement { error, .. } => statement_code(error),
        TargetError::TimedOut(_) => "DB_TIMED_OUT",
    }
}

fn target_hint(error: &TargetError) -> String {
    match error {
        TargetError::HostDiffers | TargetError::UserDiffers => {
            "AWSPENDING was edited by hand or left by another \
            strategy. Make sure that AWSCURRENT logs in, remove the label AWSPENDING, and rotate again."
                .into()
        }
        TargetError::MasterHostDiffers => {
            "Set `host` of the master secret and of this secret to the same endpoint.".into()
        }
        TargetError::MasterNotDeployed => {
            "Set `masterarn` to the function's MASTER_SECRET_ARN, or deploy a function \
            for this master."
                .into()
        }
        TargetError::MasterIsSelf => {
            "Rotate a master secret by the single-user function; give other secrets a \
            master of their own."
                .into()
        }
        TargetError::Login { credential, error } => login_hint(*credential, error),
        TargetError::AllRefused => {
            "Somebody changed the password in the database, or a rotation that was cancelled did: its version has no \
            label now (`aws secretsmanager list-secret-version-ids --include-deprecated`). Set the password back to \
            what AWSCURRENT holds, or put the password that works into the secret, then rotate again."
                .into()
        }
        TargetError::Statement { error, .. } => statement_hint(&error.fault),
        TargetError::TimedOut(_) => {
            "Look for locks on the user in the database; Secrets Manager calls again.".into()
        }
    }
}

fn connect_code(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Refused(_) => "DB_AUTH_REFUSED",
        ConnectError::NoSuchUser(_) => "DB_USER_MISSING",
        ConnectError::Locked(_) => "DB_LOCKED",
        ConnectError::Expired(_) => "DB_EXPIRED",
        ConnectError::AccessRule(_) => "DB_ACCESS_RULE",
        ConnectError::TooManyConnections(_) => "DB_TOO_MANY_CONNECTIONS",
        ConnectError::AuthenticationMethod(_) => "DB_AUTH_METHOD",
        ConnectError::NoDatabase(_) => "DB_NO_DATABASE",
        ConnectError::TlsUnavailable => "TLS_UNAVAILABLE",
        ConnectError::TlsInvalid { fault, .. } => match fault {
            TlsFault::Expired => "TLS_EXPIRED",
            TlsFault::NotYetValid => "TLS_NOT_YET_VALID",
            TlsFault::SelfSigned => "TLS_SELF_SIGNED",
            TlsFault::WrongHost => "TLS_HOSTNAME",
            TlsFault::UnknownAuthority => "TLS_UNKNOWN_CA",
            TlsFault::Handshake => "TLS_HANDSHAKE",
        },
        ConnectError::Dns(_) => "NET_DB_DNS",
        ConnectError::ForbiddenAddress => "NET_DB_FORBIDDEN",
        ConnectError::Unreachable(_) => "NET_DB_UNREACHABLE",
        ConnectError::NotReady(_) => "DB_NOT_READY",
        ConnectError::TimedOut => "NET_DB_TIMED_OUT",
        ConnectError::Protocol(_) => "DB_PROTOCOL",
    }
}

fn login_hint(credential: Credential, error: &ConnectError) -> String {
    match error {
        ConnectError::NoSuchUser(_) => match credential {
            Credential::Master => "Correct `username` in the master secret, or create the master again.".into(),
            _ => "Create the user again, or correct `username` in the secret.".into(),
        },
        ConnectError::Refused(_) => match credential {
            Credential::Current => "Alternating users needs an AWSCURRENT that logs in: set the user's password to \
                what AWSCURRENT holds, and check that its validity (VALID UNTIL) is not over."
                .into(),
            Credential::Master => "Put the master's working password into the master secret.".into(),
            Credential::Pending | Credential::Previous => "Either setSecret has not run, or the password was changed since. \
                Rotate again; check the user's VALID UNTIL."
                .into(),
        },
        ConnectError::Locked(_) => format!("Let the user of {credential} log in again (unlock it, or LOGIN)."),
        ConnectError::Expired(_) => format!("Extend the validity of the user of {credential}."),
        ConnectError::AccessRule(_) => "Let the function's addresses and this user in by the server's access rules \
            (pg_hba.conf, rds.force_ssl, authentication restrictions)."
            .into(),
        ConnectError::TooManyConnections(_) => format!(
            "Raise the connection limit of the user of {credential} or of the server, or leave one connection free."
        ),
        ConnectError::AuthenticationMethod(_) => "Let the server ask for SCRAM (or md5 over TLS); a password is \
            never sent in clear."
            .into(),
        ConnectError::NoDatabase(_) => "Correct `dbname` in the secret, or allow the user to connect to it.".into(),
        ConnectError::TlsUnavailable => "Turn TLS on at the server. Where that cannot be, `\"ssl\": false` in the \
            secret asks for plaintext."
            .into(),
        ConnectError::TlsInvalid { fault, .. } => tls_hint(*fault).into(),
        ConnectError::Dns(_) => "Correct `host` in the secret, and check that the function's VPC resolves it.".into(),
        ConnectError::ForbiddenAddress => "Correct `host` in the secret: link-local and metadata addresses are no \
            databases."
            .into(),
        ConnectError::Unreachable(_) | ConnectError::TimedOut => "Check `host` and `port` in the secret, then the \
            security group of the database (it must admit the function's) and the routes between their subnets."
            .into(),
        ConnectError::NotReady(_) => "The server is starting, stopping or failing over; Secrets Manager calls again."
            .into(),
        ConnectError::Protocol(_) => "Check that `host` and `port` are those of the engine in `engine`.".into(),
    }
}

fn tls_hint(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::Expired => {
            "Renew the server's certificate (for RDS: choose a current certificate authority)."
        }
        TlsFault::NotYetValid => "Check the clocks, or wait until the certificate is valid.",
        TlsFault::SelfSigned => {
            "Give the server a certificate of a trusted authority, or name the certificate in \
            TLS_CA_BUNDLE."
        }
        TlsFault::WrongHost => {
            "Use the host name that the certificate was issued for (for RDS: the endpoint, not an \
            address or an alias)."
        }
        TlsFault::UnknownAuthority => "Name the authority's certificate in TLS_CA_BUNDLE.",
        TlsFault::Handshake => {
            "Check the TLS versions of the server (1.2 or 1.3) and whether it wants a client \
            certificate (TLS_CLIENT_CERT, TLS_CLIENT_KEY)."
        }
    }
}

fn statement_code(error: &StatementError) -> &'static str {
    match error.fault {
        StatementFault::ReadOnly => "DB_READ_ONLY",
        StatementFault::PrivilegeMissing { .. } => "DB_PRIVILEGE_MISSING",
        StatementFault::PasswordsRestricted => "DB_PASSWORDS_RESTRICTED",
        StatementFault::PasswordPolicy { .. } => "DB_PASSWORD_POLICY",
        StatementFault::NoSuchUser => "DB_USER_MISSING",
        StatementFault::Expired => "DB_EXPIRED",
        StatementFault::NotKin => "DB_NOT_KIN",
        StatementFault::NotAlternating { .. } => "DB_NOT_ALTERNATING",
        StatementFault::Busy => "DB_BUSY",
        StatementFault::ConnectionLost => "DB_CONNECTION_LOST",
        StatementFault::TimedOut => "DB_TIMED_OUT",
        StatementFault::Other { .. } => "DB_STATEMENT",
    }
}

fn statement_hint(fault: &StatementFault) -> String {
    match fault {
        StatementFault::ReadOnly => "Use the writer's endpoint in the secret; a reader or replica takes no writes. \
            After a failover, Secrets Manager calls again."
            .into(),
        StatementFault::PrivilegeMissing { needed } => format!("As an administrator of the database: {needed}"),
        StatementFault::PasswordsRestricted => "Grant rds_password to the user, or use the master-user function."
            .into(),
        StatementFault::PasswordPolicy { .. } => "AWSPENDING holds a password that the server will never take. Widen \
            the function's password settings, make sure that AWSCURRENT logs in, remove the label AWSPENDING from \
            its version, and rotate again."
            .into(),
        StatementFault::NoSuchUser => "Create the user again, or correct `username` in the secret.".into(),
        StatementFault::Expired => "Extend the user's VALID UNTIL, or set it to infinity.".into(),
        StatementFault::NotKin => "If the second user really is this user's clone, grant the original to it; \
            otherwise rename one of the two."
            .into(),
        StatementFault::NotAlternating { .. } => "Use the single-user function for this user.".into(),
        StatementFault::Busy | StatementFault::ConnectionLost => "Nothing is lost; Secrets Manager calls again.".into(),
        StatementFault::TimedOut => "Look for locks on the user in the database; Secrets Manager calls again.".into(),
        StatementFault::Other { .. } => "See the server's code in the manual of the engine.".into(),
    }
}
