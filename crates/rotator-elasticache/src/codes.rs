//! The codes of these services. What logins and commands may end with beyond that has the codes of
//! databases.

rotation_core::codes! {
    /// The server keeps users in memory alone, so that it forgets a new password when it restarts.
    VALKEY_USERS_NOT_SAVED = Refused;
    /// The server has replicas, or is one, or a member of a cluster: a change of users reaches one server.
    VALKEY_MORE_SERVERS = Refused;
    /// The user that `user_arn` names is not called as the secret's `username`.
    ELASTICACHE_USER_DIFFERS = Refused;
    /// ElastiCache or MemoryDB has no such user.
    ELASTICACHE_USER_NOT_FOUND = Failed;
    /// The user is still being modified.
    ELASTICACHE_USER_MODIFYING = Retryable;
    /// The user has no password, or is being deleted.
    ELASTICACHE_USER_NOT_ROTATABLE = Refused;
    /// The secret names no host, and the function must not change what it cannot prove.
    ELASTICACHE_LOGIN_REQUIRED = Refused;
    /// IAM does not allow a call of ElastiCache or MemoryDB.
    ELASTICACHE_DENIED = Failed;
    /// ElastiCache or MemoryDB does not answer, throttles, or has a fault of its own.
    ELASTICACHE_UNAVAILABLE = Retryable;
    /// ElastiCache or MemoryDB refused a request for a reason that has no code of its own.
    ELASTICACHE_REJECTED = Failed;
}
