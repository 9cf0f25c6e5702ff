//! The stable codes of failures: one table, which `docs/errors.md` is written from.

mod article;
mod articles;

use std::fmt;

pub use article::Article;

/// What a failure asks of whoever called the step. The outcome line says it as `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The event, the labels or the values are such that this step must not act. Nothing was changed, and calling
    /// again changes nothing until somebody has changed what was asked for.
    Refused,
    /// It may pass by itself: the service's next call may succeed.
    Retryable,
    /// Nothing went wrong and nothing was done: the step was only to be said.
    DryRun,
    /// Somebody has to mend something around the secret: a right, a network, a certificate, a user of the database.
    Failed,
}

impl Class {
    /// The word of the outcome line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Retryable => "retryable",
            Self::DryRun => "dry_run",
            Self::Failed => "failed",
        }
    }
}

/// Makes the enumeration and what can be said of its variants from one row each.
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $class:ident;)+) => {
        /// A stable name for a kind of failure, for alarms and runbooks. A name is never given to another failure.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Code {
            /// All of them, sorted by what they are about.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name, as it stands in answers and lines: `DB_LOCKED`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it asks of the caller.
            pub const fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning,)+).trim(),)+ }
            }
        }
    };
}

codes! {
    /// A setting of the function is wrong.
    ConfigInvalid = "CONFIG_INVALID", Failed;
    /// The event is not one that Secrets Manager sends.
    EventInvalid = "EVENT_INVALID", Refused;
    /// The secret is scheduled for deletion.
    SecretDeleted = "SECRET_DELETED", Refused;
    /// A service of AWS or a partner manages the secret itself.
    SecretManaged = "SECRET_MANAGED", Refused;
    /// The secret is a replica of one in another region.
    SecretReplica = "SECRET_REPLICA", Refused;
    /// The secret belongs to another account or region than the function.
    SecretForeign = "SECRET_FOREIGN", Refused;
    /// Rotation is not enabled for the secret.
    RotationDisabled = "ROTATION_DISABLED", Refused;
    /// The secret is configured to be rotated by another function.
    RotationOtherFunction = "ROTATION_OTHER_FUNCTION", Refused;
    /// The secret has no version with the event's token.
    VersionUnknown = "VERSION_UNKNOWN", Refused;
    /// The version is neither AWSCURRENT nor AWSPENDING.
    VersionNotPending = "VERSION_NOT_PENDING", Refused;
    /// No version of the secret is AWSCURRENT.
    SecretNoCurrent = "SECRET_NO_CURRENT", Refused;
    /// The function is set to say what it would do, and to do nothing.
    DryRun = "DRY_RUN", DryRun;
    /// The labels moved while the step was working.
    LabelsMoved = "LABELS_MOVED", Refused;
    /// A version that bears a label has no value yet.
    SecretNoValue = "SECRET_NO_VALUE", Retryable;
    /// The invocation's time was over before its work.
    TimedOut = "TIMED_OUT", Retryable;
    /// The function has a defect: it panicked.
    Panicked = "INTERNAL", Failed;

    /// A field that a rotation needs is missing from the secret.
    SecretFieldMissing = "SECRET_FIELD_MISSING", Refused;
    /// A field of the secret has a value that cannot be used.
    SecretFieldInvalid = "SECRET_FIELD_INVALID", Refused;
    /// The secret names its servers by a DNS look-up that is not made.
    SecretHostSrv = "SECRET_HOST_SRV", Refused;
    /// The secret is of another engine than the function.
    SecretEngineMismatch = "SECRET_ENGINE_MISMATCH", Refused;
    /// The secret's value is not one JSON object.
    SecretMalformed = "SECRET_MALFORMED", Refused;
    /// A password that the server refuses ends with a line break.
    SecretPasswordLineBreak = "SECRET_PASSWORD_LINE_BREAK", Failed;
    /// The pending version names another server than the current one.
    PendingHostDiffers = "PENDING_HOST_DIFFERS", Refused;
    /// The pending version does not name the user whose turn it is.
    PendingUserDiffers = "PENDING_USER_DIFFERS", Refused;
    /// The master secret's value cannot be used.
    MasterInvalid = "MASTER_INVALID", Refused;
    /// Nothing says to which server the master secret belongs.
    MasterOwnerUnknown = "MASTER_OWNER_UNKNOWN", Refused;
    /// The server that manages the master secret is not there.
    MasterOwnerGone = "MASTER_OWNER_GONE", Refused;
    /// The master is of another server than the secret.
    MasterHostDiffers = "MASTER_HOST_DIFFERS", Refused;
    /// The master's server runs another engine than the function rotates.
    MasterEngineDiffers = "MASTER_ENGINE_DIFFERS", Refused;
    /// The master secret does not name the member of the replica set that takes writes.
    MasterMemberMissing = "MASTER_MEMBER_MISSING", Failed;
    /// AWSCURRENT does not log in at the server on which the master would change the users.
    MasterEndpointUnproven = "MASTER_ENDPOINT_UNPROVEN", Failed;
    /// The secret's host is a proxy, behind which a single user cannot be rotated.
    DbHostIsProxy = "DB_HOST_IS_PROXY", Refused;
    /// The secret names another master secret than the function was deployed for.
    MasterNotDeployed = "MASTER_NOT_DEPLOYED", Refused;
    /// The secret is its own master secret, or holds the same user.
    MasterIsSelf = "MASTER_IS_SELF", Refused;
    /// The operating system gives no random bytes.
    NoRandomness = "NO_RANDOMNESS", Retryable;

    /// Secrets Manager cannot be reached.
    NetSmUnreachable = "NET_SM_UNREACHABLE", Retryable;
    /// The certificate of Secrets Manager's endpoint is not trusted.
    NetSmCertificate = "NET_SM_CERTIFICATE", Failed;
    /// Secrets Manager takes no more requests for the moment.
    SmThrottled = "SM_THROTTLED", Retryable;
    /// Secrets Manager has a fault of its own.
    SmInternal = "SM_INTERNAL", Retryable;
    /// Secrets Manager refused a request for a reason that has no code of its own.
    SmRejected = "SM_REJECTED", Failed;
    /// IAM does not allow a call of Secrets Manager.
    IamDenied = "IAM_DENIED", Failed;
    /// The credentials for AWS are missing, expired or wrong.
    IamCredentials = "IAM_CREDENTIALS", Failed;
    /// The secret's KMS key cannot be used.
    KmsDenied = "KMS_DENIED", Failed;
    /// There is no secret of this name.
    SecretUnknown = "SECRET_UNKNOWN", Failed;
    /// The master secret cannot be read.
    MasterUnreadable = "MASTER_UNREADABLE", Failed;
    /// Secrets Manager asks for a rotation token that the event did not bring.
    TokenRequired = "TOKEN_REQUIRED", Failed;
    /// A password that Secrets Manager made breaks the settings that it was asked for.
    PasswordUnusable = "PASSWORD_UNUSABLE", Failed;

    /// The service that describes database servers cannot be reached.
    DirectoryUnreachable = "DIRECTORY_UNREACHABLE", Retryable;
    /// The certificate of that service's endpoint is not trusted.
    DirectoryCertificate = "DIRECTORY_CERTIFICATE", Failed;
    /// That service takes no more requests for the moment.
    DirectoryThrottled = "DIRECTORY_THROTTLED", Retryable;
    /// That service has a fault of its own.
    DirectoryInternal = "DIRECTORY_INTERNAL", Retryable;
    /// IAM does not allow a call of that service.
    DirectoryDenied = "DIRECTORY_DENIED", Failed;
    /// That service takes the credentials for AWS to be missing, expired or wrong.
    DirectoryCredentials = "DIRECTORY_CREDENTIALS", Failed;
    /// That service refused a request for a reason that has no code of its own.
    DirectoryRejected = "DIRECTORY_REJECTED", Failed;
    /// A replica's source is not described.
    ReplicaSourceGone = "REPLICA_SOURCE_GONE", Retryable;
    /// The change was made on the writer, and the replica has not got it yet.
    ReplicaLags = "REPLICA_LAGS", Retryable;

    /// The host name of the database does not resolve.
    NetDbDns = "NET_DB_DNS", Retryable;
    /// The host name resolves to an address that no database has.
    NetDbForbidden = "NET_DB_FORBIDDEN", Refused;
    /// Nothing takes connections at the database's address.
    NetDbUnreachable = "NET_DB_UNREACHABLE", Retryable;
    /// Nothing answers at the database's address.
    NetDbTimedOut = "NET_DB_TIMED_OUT", Retryable;
    /// The server says that it offers no TLS, and plaintext is not allowed.
    TlsUnavailable = "TLS_UNAVAILABLE", Failed;
    /// The server's certificate has expired.
    TlsExpired = "TLS_EXPIRED", Failed;
    /// The server's certificate is not valid yet.
    TlsNotYetValid = "TLS_NOT_YET_VALID", Failed;
    /// The server's certificate is signed by itself.
    TlsSelfSigned = "TLS_SELF_SIGNED", Failed;
    /// The server's certificate names another host.
    TlsHostname = "TLS_HOSTNAME", Failed;
    /// The server's certificate comes from an authority that is not trusted.
    TlsUnknownCa = "TLS_UNKNOWN_CA", Failed;
    /// Where a handshake is due, nothing answers as TLS does.
    TlsNotSpoken = "TLS_NOT_SPOKEN", Failed;
    /// The handshake failed for another reason.
    TlsHandshake = "TLS_HANDSHAKE", Failed;

    /// The server refused a user name or password.
    DbAuthRefused = "DB_AUTH_REFUSED", Failed;
    /// The server refused every credential that is stored.
    DbAllRefused = "DB_ALL_REFUSED", Failed;
    /// The database has no such user.
    DbUserMissing = "DB_USER_MISSING", Failed;
    /// The user exists and may not log in.
    DbLocked = "DB_LOCKED", Failed;
    /// The user or its password has expired.
    DbExpired = "DB_EXPIRED", Failed;
    /// The server's access rules keep this client out.
    DbAccessRule = "DB_ACCESS_RULE", Failed;
    /// The server has no connection left.
    DbTooManyConnections = "DB_TOO_MANY_CONNECTIONS", Retryable;
    /// The server asks for an authentication that would give the password away, or that is not spoken here.
    DbAuthMethod = "DB_AUTH_METHOD", Failed;
    /// The database that the secret names is not there, or cannot be opened by the user.
    DbNoDatabase = "DB_NO_DATABASE", Failed;
    /// The database is there and closed to the user.
    DbDatabaseClosed = "DB_DATABASE_CLOSED", Failed;
    /// The server took the password and then refused the session.
    DbSessionRefused = "DB_SESSION_REFUSED", Failed;
    /// The server is starting, stopping or failing over, or answers no request.
    DbNotReady = "DB_NOT_READY", Retryable;
    /// The server takes no writes.
    DbReadOnly = "DB_READ_ONLY", Retryable;
    /// The server is not a member of the replica set that the secret names.
    DbReplicaSetDiffers = "DB_REPLICA_SET_DIFFERS", Refused;
    /// The primary of the replica set is not among the members that the secret names.
    DbPrimaryNotListed = "DB_PRIMARY_NOT_LISTED", Failed;
    /// A majority of the replica set has not confirmed the password.
    DbMajorityMissing = "DB_MAJORITY_MISSING", Retryable;
    /// The server's version is not supported.
    DbUnsupported = "DB_UNSUPPORTED", Failed;
    /// What answers does not speak the engine's protocol as expected.
    DbProtocol = "DB_PROTOCOL", Failed;
    /// A privilege is missing.
    DbPrivilegeMissing = "DB_PRIVILEGE_MISSING", Failed;
    /// The server lets only members of `rds_password` change passwords.
    DbPasswordsRestricted = "DB_PASSWORDS_RESTRICTED", Failed;
    /// The server's password policy refused the new password.
    DbPasswordPolicy = "DB_PASSWORD_POLICY", Failed;
    /// A proxy or pooler answered with an error of its own.
    DbProxyAnswer = "DB_PROXY_ANSWER", Retryable;
    /// The pair of users belongs to another secret.
    DbUsersOfAnotherSecret = "DB_USERS_OF_ANOTHER_SECRET", Refused;
    /// The clone has rights, attributes, or objects that the original cannot reach.
    DbCloneExceedsOriginal = "DB_CLONE_EXCEEDS_ORIGINAL", Refused;
    /// The clone logs in and does not act as the original.
    DbSessionNotOriginal = "DB_SESSION_NOT_ORIGINAL", Failed;
    /// A password that was replaced still logs in.
    DbOldPasswordActive = "DB_OLD_PASSWORD_ACTIVE", Refused;
    /// The user has accounts for other hosts that log in by the same password.
    DbUserHasOtherAccounts = "DB_USER_HAS_OTHER_ACCOUNTS", Refused;
    /// The live user is named like a clone, and nobody is there that it could be the clone of.
    DbOriginalMissing = "DB_ORIGINAL_MISSING", Refused;
    /// The other user of the pair exists and is not known to be a clone of this one.
    DbCloneNotRecognized = "DB_CLONE_NOT_RECOGNIZED", Refused;
    /// This user cannot be rotated by this strategy, or at all.
    DbUserNotRotatable = "DB_USER_NOT_ROTATABLE", Refused;
    /// The server refuses the lock by which rotations of one user take turns.
    DbLockUnavailable = "DB_LOCK_UNAVAILABLE", Refused;
    /// Somebody else changed the same user at the same time.
    DbBusy = "DB_BUSY", Retryable;
    /// The connection ended before the answer.
    DbConnectionLost = "DB_CONNECTION_LOST", Retryable;
    /// The database did not finish in time.
    DbTimedOut = "DB_TIMED_OUT", Retryable;
    /// The server refused a statement for a reason that has no code of its own.
    DbStatement = "DB_STATEMENT", Failed;
    /// The test statement of the function or of the secret failed.
    TestStatementFailed = "TEST_STATEMENT_FAILED", Failed;
}

impl Code {
    /// Whether the server looked at the account and said no, so that the credential is known not to log in.
    pub const fn is_refused_login(self) -> bool {
        matches!(
            self,
            Self::DbAuthRefused
                | Self::SecretPasswordLineBreak
                | Self::DbUserMissing
                | Self::DbLocked
                | Self::DbExpired
        )
    }

    /// Whether TLS was the matter.
    pub const fn is_tls(self) -> bool {
        matches!(
            self,
            Self::TlsUnavailable
                | Self::TlsExpired
                | Self::TlsNotYetValid
                | Self::TlsSelfSigned
                | Self::TlsHostname
                | Self::TlsUnknownCa
                | Self::TlsNotSpoken
                | Self::TlsHandshake
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name, as it stands everywhere else.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name())
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.name() == *name
    }
}
