//! The codes of databases: what a secret of one must hold, the way to the server, logins, statements, and the
//! services of AWS that describe servers. Those of the protocol are here as well, so that one path leads to
//! all that a rotation of a database may end with; `ALL` has this crate's own.

mod connections;
mod database;
mod database_lookup;
mod secrets;

pub use rotation_core::codes::*;

rotation_core::codes! {
    /// The secret names its servers by a DNS look-up that is not made.
    SECRET_HOST_SRV = Refused, secrets;
    /// The secret is of another engine than the function.
    SECRET_ENGINE_MISMATCH = Refused, secrets;
    /// A password that the server refuses ends with a line break.
    SECRET_PASSWORD_LINE_BREAK = Failed, secrets;
    /// The pending version names another server than the current one.
    PENDING_HOST_DIFFERS = Refused, secrets;
    /// The pending version does not name the user whose turn it is.
    PENDING_USER_DIFFERS = Refused, secrets;
    /// The master secret's value cannot be used.
    MASTER_INVALID = Refused, secrets;
    /// Nothing says to which server the master secret belongs.
    MASTER_OWNER_UNKNOWN = Refused, database_lookup;
    /// The server that manages the master secret is not there.
    MASTER_OWNER_NOT_FOUND = Refused, database_lookup;
    /// The master is of another server than the secret.
    MASTER_HOST_DIFFERS = Refused, database_lookup;
    /// The master's server runs another engine than the function rotates.
    MASTER_ENGINE_DIFFERS = Refused, database_lookup;
    /// The master secret does not name the member of the replica set that takes writes.
    MASTER_MEMBER_MISSING = Failed, database_lookup;
    /// AWSCURRENT does not log in at the server on which the master would change the users.
    MASTER_ENDPOINT_UNPROVEN = Failed, database_lookup;
    /// The secret's host is a proxy, behind which a single user cannot be rotated.
    DB_HOST_IS_PROXY = Refused, connections;
    /// The secret names another master secret than the function was deployed for.
    MASTER_NOT_DEPLOYED = Refused, secrets;
    /// The secret is its own master secret, or holds the same user.
    MASTER_SAME_AS_SECRET = Refused, secrets;
    /// The master secret cannot be read.
    MASTER_UNREADABLE = Failed, secrets;
    /// The service that describes database servers cannot be reached.
    DBLOOKUP_UNREACHABLE = Retryable, database_lookup;
    /// The certificate of that service's endpoint is not trusted.
    DBLOOKUP_CERTIFICATE = Failed, database_lookup;
    /// That service takes no more requests for the moment.
    DBLOOKUP_THROTTLED = Retryable, database_lookup;
    /// That service has a fault of its own.
    DBLOOKUP_INTERNAL = Retryable, database_lookup;
    /// IAM does not allow a call of that service.
    DBLOOKUP_DENIED = Failed, database_lookup;
    /// That service takes the credentials for AWS to be missing, expired or wrong.
    DBLOOKUP_CREDENTIALS = Failed, database_lookup;
    /// That service refused a request for a reason that has no code of its own.
    DBLOOKUP_REJECTED = Failed, database_lookup;
    /// A replica's source is not described.
    REPLICA_SOURCE_NOT_FOUND = Retryable, database_lookup;
    /// The change was made on the writer, and the replica has not got it yet.
    REPLICA_LAGS = Retryable, database_lookup;
    /// The host name of the database does not resolve.
    NET_DB_DNS = Retryable, connections;
    /// The host name resolves to an address that no database has.
    NET_DB_FORBIDDEN = Refused, connections;
    /// Nothing takes connections at the database's address.
    NET_DB_UNREACHABLE = Retryable, connections;
    /// Nothing answers at the database's address.
    NET_DB_TIMED_OUT = Retryable, connections;
    /// The server says that it offers no TLS, and plaintext is not allowed.
    TLS_UNAVAILABLE = Failed, connections;
    /// The server's certificate has expired.
    TLS_EXPIRED = Failed, connections;
    /// The server's certificate is not valid yet.
    TLS_NOT_YET_VALID = Failed, connections;
    /// The server's certificate is signed by itself.
    TLS_SELF_SIGNED = Failed, connections;
    /// The server's certificate names another host.
    TLS_HOSTNAME = Failed, connections;
    /// The server's certificate comes from an authority that is not trusted.
    TLS_UNKNOWN_CA = Failed, connections;
    /// Where a handshake is due, nothing answers as TLS does.
    TLS_NO_RESPONSE = Failed, connections;
    /// The handshake failed for another reason.
    TLS_HANDSHAKE = Failed, connections;
    /// The server refused a user name or password.
    DB_AUTH_REFUSED = Failed, database;
    /// The server refused every credential that is stored.
    DB_NO_CREDENTIAL_ACCEPTED = Failed, database;
    /// The database has no such user.
    DB_USER_NOT_FOUND = Failed, database;
    /// The user exists and may not log in.
    DB_LOCKED = Failed, database;
    /// The user or its password has expired.
    DB_EXPIRED = Failed, database;
    /// The server's access rules keep this client out.
    DB_ACCESS_RULE = Failed, database;
    /// The server has no connection left.
    DB_TOO_MANY_CONNECTIONS = Retryable, database;
    /// The server asks for an authentication that would give the password away, or that is not spoken here.
    DB_AUTH_METHOD = Failed, database;
    /// The database that the secret names is not there, or cannot be opened by the user.
    DB_NAME_NOT_FOUND = Failed, database;
    /// The database is there and closed to the user.
    DB_DATABASE_CLOSED = Failed, database;
    /// The server took the password and then refused the session.
    DB_SESSION_REFUSED = Failed, database;
    /// The server is starting, stopping or failing over, or answers no request.
    DB_NOT_READY = Retryable, database;
    /// The server takes no writes.
    DB_READ_ONLY = Retryable, database;
    /// The server is not a member of the replica set that the secret names.
    DB_REPLICA_SET_DIFFERS = Refused, database;
    /// The primary of the replica set is not among the members that the secret names.
    DB_PRIMARY_NOT_LISTED = Failed, database;
    /// A majority of the replica set has not confirmed the password.
    DB_MAJORITY_MISSING = Retryable, database;
    /// The server's version is not supported.
    DB_UNSUPPORTED = Failed, database;
    /// What answers does not speak the engine's protocol as expected.
    DB_PROTOCOL = Failed, database;
    /// A privilege is missing.
    DB_PRIVILEGE_MISSING = Failed, database;
    /// The server lets only members of `rds_password` change passwords.
    DB_PASSWORDS_RESTRICTED = Failed, database;
    /// The server's password policy refused the new password.
    DB_PASSWORD_POLICY = Failed, database;
    /// A proxy or pooler answered with an error of its own.
    DB_PROXY_ANSWER = Retryable, connections;
    /// The pair of users belongs to another secret.
    DB_USERS_OF_ANOTHER_SECRET = Refused, database;
    /// The clone has rights, attributes, or objects that the original cannot reach.
    DB_CLONE_EXCEEDS_ORIGINAL = Refused, database;
    /// The clone logs in and does not act as the original.
    DB_SESSION_NOT_ORIGINAL = Failed, database;
    /// A password that was replaced still logs in.
    DB_OLD_PASSWORD_ACTIVE = Refused, database;
    /// The user has accounts for other hosts that log in by the same password.
    DB_USER_HAS_OTHER_ACCOUNTS = Refused, database;
    /// The live user is named like a clone, and nobody is there that it could be the clone of.
    DB_ORIGINAL_NOT_FOUND = Refused, database;
    /// The other user of the pair exists and is not known to be a clone of this one.
    DB_CLONE_NOT_RECOGNIZED = Refused, database;
    /// This user cannot be rotated by this strategy, or at all.
    DB_USER_NOT_ROTATABLE = Refused, database;
    /// The server refuses the lock by which rotations of one user take turns.
    DB_LOCK_UNAVAILABLE = Refused, database;
    /// Somebody else changed the same user at the same time.
    DB_BUSY = Retryable, database;
    /// The connection ended before the answer.
    DB_CONNECTION_LOST = Retryable, database;
    /// The database did not finish in time.
    DB_TIMED_OUT = Retryable, database;
    /// The server refused a statement for a reason that has no code of its own.
    DB_STATEMENT = Failed, database;
    /// The test statement of the function or of the secret failed.
    TEST_STATEMENT_FAILED = Failed, database;
}

/// Those by which the server has looked at the account and refused it, so that the credential is known not to
/// log in.
pub const REFUSED_LOGINS: [rotation_core::Code; 5] =
    [DB_AUTH_REFUSED, SECRET_PASSWORD_LINE_BREAK, DB_USER_NOT_FOUND, DB_LOCKED, DB_EXPIRED];
