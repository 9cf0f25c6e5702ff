//! The codes of databases: what a secret of one must hold, the way to the server, logins, statements, and the
//! services of AWS that describe servers. Those of the protocol are here as well, so that one path leads to
//! all that a rotation of a database may end with; `ALL` has this crate's own.

pub use rotation_core::codes::*;

rotation_core::codes! {
    /// The secret names its servers by a DNS lookup, which a rotation does not make.
    SECRET_HOST_SRV = Refused;
    /// The secret is of another engine than the function.
    SECRET_ENGINE_MISMATCH = Refused;
    /// A password that the server refuses ends with a line break.
    SECRET_PASSWORD_LINE_BREAK = Failed;
    /// The pending version names another server than the current one.
    PENDING_HOST_DIFFERS = Refused;
    /// The pending version does not name the user whose turn it is.
    PENDING_USER_DIFFERS = Refused;
    /// The master secret's value cannot be used.
    MASTER_INVALID = Refused;
    /// Nothing shows to which server the master secret belongs.
    MASTER_OWNER_UNKNOWN = Refused;
    /// The server that manages the master secret does not exist.
    MASTER_OWNER_NOT_FOUND = Refused;
    /// The master is of another server than the secret.
    MASTER_HOST_DIFFERS = Refused;
    /// The master's server runs another engine than the function rotates.
    MASTER_ENGINE_DIFFERS = Refused;
    /// The master secret does not name the member of the replica set that takes writes.
    MASTER_MEMBER_MISSING = Failed;
    /// AWSCURRENT does not log in at the server on which the master would change the users.
    MASTER_ENDPOINT_UNPROVEN = Failed;
    /// The secret's host is a proxy, behind which a single user cannot be rotated.
    DB_HOST_IS_PROXY = Refused;
    /// The secret names another master secret than the function was deployed for.
    MASTER_NOT_DEPLOYED = Refused;
    /// The secret is its own master secret, or holds the same user.
    MASTER_SAME_AS_SECRET = Refused;
    /// The master secret cannot be read.
    MASTER_UNREADABLE = Failed;
    /// The service that describes database servers cannot be reached.
    DBLOOKUP_UNREACHABLE = Retryable;
    /// The certificate of that service's endpoint is not trusted.
    DBLOOKUP_CERTIFICATE = Failed;
    /// That service takes no more requests for the moment.
    DBLOOKUP_THROTTLED = Retryable;
    /// That service has a fault of its own.
    DBLOOKUP_INTERNAL = Retryable;
    /// IAM does not allow a call of that service.
    DBLOOKUP_DENIED = Failed;
    /// That service finds the credentials for AWS missing, expired or wrong.
    DBLOOKUP_CREDENTIALS = Failed;
    /// That service refused a request for a reason that has no code of its own.
    DBLOOKUP_REJECTED = Failed;
    /// A replica's source is not described.
    REPLICA_SOURCE_NOT_FOUND = Retryable;
    /// The change was made on the writer, and the replica has not got it yet.
    REPLICA_LAGS = Retryable;
    /// The host name of the database does not resolve.
    NET_DB_DNS = Retryable;
    /// The host name resolves to an address that no database has.
    NET_DB_FORBIDDEN = Refused;
    /// Nothing takes connections at the database's address.
    NET_DB_UNREACHABLE = Retryable;
    /// Nothing answers at the database's address.
    NET_DB_TIMED_OUT = Retryable;
    /// The server answers that it offers no TLS, and plaintext is not allowed.
    TLS_UNAVAILABLE = Failed;
    /// The server's certificate has expired.
    TLS_EXPIRED = Failed;
    /// The server's certificate is not valid yet.
    TLS_NOT_YET_VALID = Failed;
    /// The server's certificate is signed by itself.
    TLS_SELF_SIGNED = Failed;
    /// The server's certificate names another host.
    TLS_HOSTNAME = Failed;
    /// The server's certificate comes from an authority that is not trusted.
    TLS_UNKNOWN_CA = Failed;
    /// The server does not answer the TLS handshake.
    TLS_NO_RESPONSE = Failed;
    /// The handshake failed for another reason.
    TLS_HANDSHAKE = Failed;
    /// The server refused a user name or password.
    DB_AUTH_REFUSED = Failed;
    /// The server refused every credential that is stored.
    DB_NO_CREDENTIAL_ACCEPTED = Failed;
    /// The database has no such user.
    DB_USER_NOT_FOUND = Failed;
    /// The user exists and may not log in.
    DB_LOCKED = Failed;
    /// The user or its password has expired.
    DB_EXPIRED = Failed;
    /// The server's access rules keep this client out.
    DB_ACCESS_RULE = Failed;
    /// The server has no connection left.
    DB_TOO_MANY_CONNECTIONS = Retryable;
    /// The server asks for an authentication method that exposes the password or is not supported.
    DB_AUTH_METHOD = Failed;
    /// The database that the secret names does not exist, or the user cannot open it.
    DB_NAME_NOT_FOUND = Failed;
    /// The database exists and is closed to the user.
    DB_DATABASE_CLOSED = Failed;
    /// The server took the password and then refused the session.
    DB_SESSION_REFUSED = Failed;
    /// The server is starting, stopping or failing over, or answers no request.
    DB_NOT_READY = Retryable;
    /// The server takes no writes.
    DB_READ_ONLY = Retryable;
    /// The server is not a member of the replica set that the secret names.
    DB_REPLICA_SET_DIFFERS = Refused;
    /// The primary of the replica set is not among the members that the secret names.
    DB_PRIMARY_NOT_LISTED = Failed;
    /// A majority of the replica set has not confirmed the password.
    DB_MAJORITY_MISSING = Retryable;
    /// The server's version is not supported.
    DB_UNSUPPORTED = Failed;
    /// What answers does not speak the engine's protocol as expected.
    DB_PROTOCOL = Failed;
    /// A privilege is missing.
    DB_PRIVILEGE_MISSING = Failed;
    /// The server lets only members of `rds_password` change passwords.
    DB_PASSWORDS_RESTRICTED = Failed;
    /// The server's password policy refused the new password.
    DB_PASSWORD_POLICY = Failed;
    /// A proxy or pooler answered with an error of its own.
    DB_PROXY_ANSWER = Retryable;
    /// The pair of users belongs to another secret.
    DB_USERS_OF_ANOTHER_SECRET = Refused;
    /// The clone has rights, attributes, or objects that the original cannot reach.
    DB_CLONE_EXCEEDS_ORIGINAL = Refused;
    /// The clone logs in and does not act as the original.
    DB_SESSION_NOT_ORIGINAL = Failed;
    /// A password that was replaced still logs in.
    DB_OLD_PASSWORD_ACTIVE = Refused;
    /// The user has accounts for other hosts that log in by the same password.
    DB_USER_HAS_OTHER_ACCOUNTS = Refused;
    /// The live user is named like a clone, and the user that it could be the clone of does not exist.
    DB_ORIGINAL_NOT_FOUND = Refused;
    /// The other user of the pair exists and is not known to be a clone of this one.
    DB_CLONE_NOT_RECOGNIZED = Refused;
    /// This user cannot be rotated by this strategy, or at all.
    DB_USER_NOT_ROTATABLE = Refused;
    /// The server refuses the lock by which rotations of one user take turns.
    DB_LOCK_UNAVAILABLE = Refused;
    /// Another session changed the same user at the same time.
    DB_BUSY = Retryable;
    /// The connection ended before the answer.
    DB_CONNECTION_LOST = Retryable;
    /// The database did not finish in time.
    DB_TIMED_OUT = Retryable;
    /// The server refused a statement for a reason that has no code of its own.
    DB_STATEMENT = Failed;
    /// The test query of the function or of the secret failed.
    TEST_QUERY_FAILED = Failed;
}

/// Those by which the server has looked at the account and refused it, so that the credential is known not to
/// log in.
pub const REFUSED_LOGINS: [rotation_core::Code; 5] =
    [DB_AUTH_REFUSED, SECRET_PASSWORD_LINE_BREAK, DB_USER_NOT_FOUND, DB_LOCKED, DB_EXPIRED];
