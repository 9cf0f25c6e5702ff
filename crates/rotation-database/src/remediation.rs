//! The stable code of a database's failure, and what to do about it.

mod database_lookup;
pub(crate) mod findings;
mod login;

use self::{
    database_lookup::{lookup_code, lookup_hint},
    login::{also_refused, by_statement, login_hint},
};

use rotation_core::{Code, CredentialSource, PENDING_MAY_BE_LIVE, Reader, StoreFault, TargetError};

use crate::{
    ConnectError, DatabaseError, Remedies, StatementError, StatementFault, TlsFault, UserBar, codes,
};

impl TargetError for DatabaseError {
    fn code(&self) -> Code {
        match self {
            Self::HostDiffers => codes::PENDING_HOST_DIFFERS,
            Self::UserDiffers => codes::PENDING_USER_DIFFERS,
            Self::MasterDocument(_) | Self::MasterEmpty(_) => codes::MASTER_INVALID,
            Self::MasterUnreadable(error) => match error.fault {
                StoreFault::AccessDenied | StoreFault::NoSuchSecret => codes::MASTER_UNREADABLE,
                fault => fault.code(),
            },
            Self::MasterOwnerUnknown => codes::MASTER_OWNER_UNKNOWN,
            Self::MasterOwnerNotFound => codes::MASTER_OWNER_NOT_FOUND,
            Self::MasterHostDiffers => codes::MASTER_HOST_DIFFERS,
            Self::MasterEngineDiffers => codes::MASTER_ENGINE_DIFFERS,
            Self::MasterLacksMember { .. } => codes::MASTER_MEMBER_MISSING,
            Self::WriterUnproven { .. } => codes::MASTER_ENDPOINT_UNPROVEN,
            Self::HostIsProxy => codes::DB_HOST_IS_PROXY,
            Self::SourceNotFound => codes::REPLICA_SOURCE_NOT_FOUND,
            Self::DatabaseLookup(error) => lookup_code(error.fault),
            Self::ReplicaLags(_) => codes::REPLICA_LAGS,
            Self::MasterNotDeployed => codes::MASTER_NOT_DEPLOYED,
            Self::MasterSameAsSecret => codes::MASTER_SAME_AS_SECRET,
            Self::Login { error, .. } => error.code(),
            Self::NoCredentialAccepted { .. } => codes::DB_NO_CREDENTIAL_ACCEPTED,
            Self::Statement { error, .. } => error.code(),
            Self::TestQuery { .. } => codes::TEST_QUERY_FAILED,
            Self::TimedOut(_) => codes::DB_TIMED_OUT,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::MasterDocument(error) => error.detail(),
            Self::MasterUnreadable(error) => error.detail(),
            Self::Statement { error, .. } => match &error.fault {
                StatementFault::PasswordPolicy { rule } => Some(format!("rule={rule}")),
                StatementFault::PrivilegeMissing { needed } => Some(format!("needed={needed}")),
                StatementFault::Other { code } => Some(format!("code={code}")),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_refusal(&self) -> bool {
        codes::REFUSED_LOGINS.contains(&self.code())
    }

    fn may_be_overtaken(&self) -> bool {
        self.is_refusal()
            || [
                codes::DB_NO_CREDENTIAL_ACCEPTED,
                codes::DB_BUSY,
                codes::REPLICA_LAGS,
                codes::MASTER_ENDPOINT_UNPROVEN,
                codes::DB_PROXY_ANSWER,
            ]
            .contains(&self.code())
    }

    fn remediation(&self, reader: Reader) -> String {
        match self {
            Self::MasterDocument(error) => error.remediation("the master secret"),
            Self::MasterUnreadable(error) => match error.fault {
                StoreFault::NoSuchSecret => {
                    "Correct `masterarn` in the secret, or create the master secret that it names.".into()
                }
                _ => error.remediation_for("the master secret", reader),
            },
            Self::MasterEmpty(_) => "Store `engine`, `host`, `username` and `password` of the master in the \
                master secret."
                .into(),
            Self::HostDiffers => format!(
                "See with `rotate explain SECRET_ID` whether AWSCURRENT logs in. If it does, {ABANDON}. If \
                it does not, AWSPENDING may hold the only password that does: keep it, let `host` and `port` \
                of AWSCURRENT name the servers that AWSPENDING names (a list may name more), and rotate \
                again."
            ),
            Self::UserDiffers => format!(
                "See with `rotate explain SECRET_ID` whether AWSCURRENT logs in. Once it does, {ABANDON}."
            ),
            Self::MasterOwnerUnknown => {
                "Add `engine` and `host` to the master secret. For a master that RDS, \
                DocumentDB or Redshift manages, name in `masterarn` the secret that the service created: a \
                copy lacks its tags."
                    .into()
            }
            Self::MasterOwnerNotFound => "Name in `masterarn` the master secret of a server that exists. If \
                the server is being created, wait until it is available and rotate again."
                .into(),
            Self::MasterHostDiffers => "Set `host` of the master secret and of this secret to the same \
                endpoint, or to endpoints that AWS describes as one cluster, or as a replica and its source. \
                Host names of your own are not looked up."
                .into(),
            Self::MasterEngineDiffers => {
                "Name in `masterarn` the master secret of this secret's own server, \
                or rotate it by the function of its own engine."
                    .into()
            }
            Self::MasterLacksMember { member } => format!(
                "Add {member} to `host` of the master secret. Best list the same members in both secrets."
            ),
            Self::WriterUnproven { host, port, .. } => format!(
                "Name the same server in the secret and in the master secret. Where {host}:{port} is that \
                server behind a pooler or a replica, let the secret's user log in at {host}:{port} as well: \
                its password must be proved where the master changes it."
            ),
            Self::HostIsProxy => "Name in `host` the endpoint of the instance or cluster behind the proxy, \
                or rotate this secret with a master user. A proxy accepts a new password only once it is \
                AWSCURRENT."
                .into(),
            Self::SourceNotFound => format!(
                "Set `host` of the secret to the writer's endpoint: a source in another account cannot be \
                looked up. If the source is being created, wait. {}",
                reader.again()
            ),
            Self::DatabaseLookup(error) => lookup_hint(error, reader),
            Self::ReplicaLags(_) => format!(
                "Check the replica's lag (the CloudWatch metric ReplicaLag or AuroraReplicaLag). {} \
                {PENDING_MAY_BE_LIVE}",
                reader.again()
            ),
            Self::MasterNotDeployed => {
                "Set `masterarn` of the secret to the master secret that the rotation was given \
                (MASTER_SECRET_ARN, --master-secret), or deploy a function for this master."
                    .into()
            }
            Self::MasterSameAsSecret => {
                "Rotate a master secret with the single-user strategy. In any other secret, name in \
                `masterarn` a master secret with another user."
                    .into()
            }
            Self::Login { credential, error, remedies } => login_hint(*credential, error, remedies, reader),
            Self::NoCredentialAccepted { remedies } => [
                "See with `rotate explain SECRET_ID` whether a version without a label logs in, as after a \
                rotation that was cancelled; `rotate recover SECRET_ID` then moves AWSCURRENT to it. After a \
                manual change, set the password back to what AWSCURRENT holds",
                &format!("({}),", remedies.set_password),
                "or store the password that works in the secret, then rotate again.",
                remedies.also_refused,
            ]
            .join(" ")
            .trim_end()
            .to_owned(),
            Self::Statement { credential, error, remedies } => {
                error_hint(*credential, error, remedies, reader)
            }
            Self::TestQuery { .. } => format!(
                "Run the statement as the secret's user in a read-only transaction to see the server's \
                message, then fix TEST_QUERY or the user's privileges. Where the statement is the \
                secret's own, AWSPENDING holds a copy: ALLOW_TEST_QUERY=off skips it. {} \
                {PENDING_MAY_BE_LIVE}",
                reader.again()
            ),
            Self::TimedOut(_) => timed_out(reader),
        }
    }
}

/// What gives AWSPENDING up, of a version that a rotation can never finish.
const ABANDON: &str = "remove the label AWSPENDING (`aws secretsmanager update-secret-version-stage \
    --secret-id SECRET_ID --version-stage AWSPENDING --remove-from-version-id PENDING_VERSION_ID`) and \
    rotate again";

fn timed_out(reader: Reader) -> String {
    format!(
        "Find the session that holds a lock on the user, or wait until the server is less busy. {} \
        {PENDING_MAY_BE_LIVE}",
        reader.again()
    )
}

impl DatabaseError {
    /// Of a refused login: which other reason the server may have for the same answer, with the statement
    /// that ends it.
    pub(crate) fn other_reason(&self) -> Option<String> {
        match self {
            Self::Login { error: ConnectError::Refused(cause), remedies, .. } => {
                Some(also_refused(cause, remedies)).filter(|reason| !reason.is_empty())
            }
            _ => None,
        }
    }
}

impl ConnectError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(_) => codes::DB_AUTH_REFUSED,
            Self::LineBreak(_) => codes::SECRET_PASSWORD_LINE_BREAK,
            Self::NoSuchUser(_) => codes::DB_USER_NOT_FOUND,
            Self::Locked(_) => codes::DB_LOCKED,
            Self::Expired(_) => codes::DB_EXPIRED,
            Self::AccessRule(_) | Self::TlsRequired(_) => codes::DB_ACCESS_RULE,
            Self::TooManyConnections(_) => codes::DB_TOO_MANY_CONNECTIONS,
            Self::AuthenticationMethod(_) => codes::DB_AUTH_METHOD,
            Self::NoDatabase(_) => codes::DB_NAME_NOT_FOUND,
            Self::DatabaseClosed(_) => codes::DB_DATABASE_CLOSED,
            Self::SessionRefused(_) => codes::DB_SESSION_REFUSED,
            Self::TlsUnavailable => codes::TLS_UNAVAILABLE,
            Self::TlsInvalid { fault, .. } => match fault {
                TlsFault::Expired => codes::TLS_EXPIRED,
                TlsFault::NotYetValid => codes::TLS_NOT_YET_VALID,
                TlsFault::SelfSigned => codes::TLS_SELF_SIGNED,
                TlsFault::WrongHost => codes::TLS_HOSTNAME,
                TlsFault::UnknownAuthority => codes::TLS_UNKNOWN_CA,
                TlsFault::NoResponse => codes::TLS_NO_RESPONSE,
                TlsFault::Handshake => codes::TLS_HANDSHAKE,
            },
            Self::Dns(_) => codes::NET_DB_DNS,
            Self::ForbiddenAddress => codes::NET_DB_FORBIDDEN,
            Self::Unreachable(_) => codes::NET_DB_UNREACHABLE,
            Self::NotReady(_) | Self::Unanswered => codes::DB_NOT_READY,
            Self::ReadOnly(_) => codes::DB_READ_ONLY,
            Self::SetDiffers(_) => codes::DB_REPLICA_SET_DIFFERS,
            Self::PrimaryNotListed(_) => codes::DB_PRIMARY_NOT_LISTED,
            Self::Unsupported(_) => codes::DB_UNSUPPORTED,
            Self::Proxy(_) => codes::DB_PROXY_ANSWER,
            Self::Unusable(error) => error.code(),
            Self::TimedOut => codes::NET_DB_TIMED_OUT,
            Self::Protocol(_) => codes::DB_PROTOCOL,
        }
    }
}

impl StatementError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match &self.fault {
            StatementFault::ReadOnly => codes::DB_READ_ONLY,
            StatementFault::PrivilegeMissing { .. } => codes::DB_PRIVILEGE_MISSING,
            StatementFault::PasswordsRestricted => codes::DB_PASSWORDS_RESTRICTED,
            StatementFault::PasswordPolicy { .. } => codes::DB_PASSWORD_POLICY,
            StatementFault::NoSuchUser => codes::DB_USER_NOT_FOUND,
            StatementFault::UserBarred { bar: UserBar::Locked, .. } => codes::DB_LOCKED,
            StatementFault::Expired | StatementFault::UserBarred { bar: UserBar::Expired, .. } => {
                codes::DB_EXPIRED
            }
            StatementFault::OriginalMissing { .. } => codes::DB_ORIGINAL_NOT_FOUND,
            StatementFault::LoginRefused(error) => error.code(),
            StatementFault::CloneNotRecognized => codes::DB_CLONE_NOT_RECOGNIZED,
            StatementFault::OtherSecret { .. } => codes::DB_USERS_OF_ANOTHER_SECRET,
            StatementFault::CloneExceeds { .. } => codes::DB_CLONE_EXCEEDS_ORIGINAL,
            StatementFault::SessionDiffers { .. } => codes::DB_SESSION_NOT_ORIGINAL,
            StatementFault::OldPasswordActive { .. } => codes::DB_OLD_PASSWORD_ACTIVE,
            StatementFault::OtherAccounts { .. } => codes::DB_USER_HAS_OTHER_ACCOUNTS,
            StatementFault::NotRotatable { .. } => codes::DB_USER_NOT_ROTATABLE,
            StatementFault::LockUnavailable { .. } => codes::DB_LOCK_UNAVAILABLE,
            StatementFault::Busy => codes::DB_BUSY,
            StatementFault::Proxy => codes::DB_PROXY_ANSWER,
            StatementFault::ConnectionLost => codes::DB_CONNECTION_LOST,
            StatementFault::TimedOut => codes::DB_TIMED_OUT,
            StatementFault::MajorityMissing => codes::DB_MAJORITY_MISSING,
            StatementFault::Other { .. } => codes::DB_STATEMENT,
        }
    }
}

/// The engine's own statement for this case, or else what helps with the fault.
fn error_hint(
    credential: CredentialSource,
    error: &StatementError,
    remedies: &Remedies,
    reader: Reader,
) -> String {
    error
        .source
        .as_ref()
        .and_then(by_statement)
        .unwrap_or_else(|| statement_hint(credential, &error.fault, remedies, reader))
}

const NO_SUCH_USER: &str = "Create the user again, or correct `username` in the secret.";

fn statement_hint(
    credential: CredentialSource,
    fault: &StatementFault,
    remedies: &Remedies,
    reader: Reader,
) -> String {
    match fault {
        StatementFault::ReadOnly => format!(
            "Set `host` in the secret to the writer's endpoint: a reader or replica takes no writes. After a \
            failover, wait. {}",
            reader.again()
        ),
        StatementFault::PrivilegeMissing { needed } | StatementFault::UserBarred { needed, .. } => {
            format!("As an administrator of the database: {needed}")
        }
        StatementFault::OriginalMissing { clone, original } => format!(
            "Rotate {clone} with the single-user strategy, or rename it so that its name does not end like a \
            clone's. If it is the clone of a user that was dropped, create {original} again."
        ),
        StatementFault::LoginRefused(error) => login_hint(credential, error, remedies, reader),
        StatementFault::PasswordsRestricted => match credential {
            CredentialSource::Related(_) => {
                "As an administrator of the database: GRANT rds_password TO \"MASTER_USER\"".into()
            }
            _ => "As an administrator of the database: GRANT rds_password TO \"USER\". Or rotate the secret \
                with a master user that has this role."
                .into(),
        },
        StatementFault::PasswordPolicy { .. } => {
            "AWSPENDING holds a password that the server will never accept. Set PASSWORD_LENGTH, \
            EXCLUDE_CHARACTERS and the other password settings of the function by the server's policy, then \
            run `rotate recover SECRET_ID --abandon`, which removes AWSPENDING while AWSCURRENT logs in, and \
            rotate again."
                .into()
        }
        StatementFault::NoSuchUser => NO_SUCH_USER.into(),
        StatementFault::Expired => {
            format!("As an administrator of the database, for the user of {credential}: {}", remedies.prolong)
        }
        StatementFault::CloneNotRecognized => format!(
            "If the second user is this user's clone, {}, or set ADOPT_CLONES=SECRET_ID on the function for \
            one rotation. Otherwise rename one of the two users.",
            remedies.make_clone
        ),
        StatementFault::OtherSecret { .. } => {
            "Rotate each pair of users by one secret: give this secret a user of its own. If the other \
            secret was deleted, set ADOPT_CLONES=SECRET_ID on the function for one rotation."
                .into()
        }
        StatementFault::CloneExceeds { needed, .. } | StatementFault::SessionDiffers { needed } => {
            format!("Nothing was changed. As an administrator of the database: {needed}")
        }
        StatementFault::OldPasswordActive { needed: None } => {
            "Rotate the secret, which ends the old password: `aws secretsmanager rotate-secret --secret-id \
            SECRET_ID`."
                .into()
        }
        StatementFault::OldPasswordActive { needed: Some(needed) } => format!(
            "Nothing was changed. As an administrator of the database: {needed}; the next rotation then ends \
            the old password. To accept that it continues to log in, set ALLOW_OLD_PASSWORD=true on the \
            function."
        ),
        StatementFault::OtherAccounts { .. } => {
            "Nothing was changed. Rotate the secret with a master user, which changes every account of the \
            user, or drop the accounts that no application uses: DROP USER 'USER'@'HOST'"
                .into()
        }
        StatementFault::NotRotatable { remedy, .. } => (*remedy).into(),
        StatementFault::LockUnavailable { needed } => format!(
            "Nothing was changed. As an administrator of the database: {needed}; or set ALLOW_UNLOCKED=true \
            on the function, if rotations of the same user never run at the same time."
        ),
        StatementFault::Busy => format!("Nothing is lost. {}", reader.again()),
        StatementFault::Proxy => format!(
            "The pooler or proxy in front of the database has its own list of passwords, or remembers a \
            failed login: read its log, and let it ask the database (PgBouncer: `auth_query`). Move no \
            label. {} {PENDING_MAY_BE_LIVE}",
            reader.again()
        ),
        StatementFault::ConnectionLost => {
            format!("Nothing is lost. {} {PENDING_MAY_BE_LIVE}", reader.again())
        }
        StatementFault::TimedOut => timed_out(reader),
        StatementFault::MajorityMissing => format!(
            "Restart the members of the replica set that are down or lag (`rs.status()` lists them): a \
            failover now could revert the password. {} {PENDING_MAY_BE_LIVE}",
            reader.again()
        ),
        StatementFault::Other { .. } if fault.server_code().is_some() => {
            "Fix what the server's code in `detail` names: the engine's manual lists it, and the server's \
            log has the message of this moment. Then rotate again."
                .into()
        }
        StatementFault::Other { .. } => "The server gave no code: read its log, and check that a server of \
            `engine` listens at `host` and `port` of the secret. Then rotate again."
            .into(),
    }
}
