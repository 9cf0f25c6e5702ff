//! What to do about findings of a diagnosis that no rotation fails by.

/// Of a text field that holds a copy of the password.
pub(crate) fn copied(field: &str) -> String {
    format!(
        "Set REWRITE_FIELDS={field} on the function: each rotation then rewrites the URL or connection \
        string in it. Or let applications build it from `username` and `password`."
    )
}

/// Of a list or an object that holds one.
pub(crate) fn nested(field: &str) -> String {
    format!(
        "Move the URL or connection string from `{field}` to a text field of its own, and name that field in \
        REWRITE_FIELDS: lists and objects are not rewritten. Or let applications build it from `username` \
        and `password`."
    )
}

/// Of rights that differ.
pub(crate) const GRANTS_DIFFER: &str = "The next rotation reconciles them, before it changes a password. If \
    an application misses a privilege now, rotate now: `aws secretsmanager rotate-secret --secret-id \
    SECRET_ID`.";

/// Of a generator that does not meet the server's policy.
pub(crate) const PASSWORD_POLICY: &str = "Raise PASSWORD_LENGTH on the function, or exclude fewer classes, \
    until generated passwords meet the policy.";

/// Of connections in plaintext that the secret does not ask for.
pub(crate) const TLS_UNAVAILABLE: &str = "Turn TLS on at the server and set `\"ssl\": true` in the secret.";

/// Of a certificate that expires soon.
pub(crate) const TLS_EXPIRES_SOON: &str = "Renew the server's certificate before it expires. For RDS: `aws \
    rds modify-db-instance --db-instance-identifier INSTANCE --ca-certificate-identifier rds-ca-rsa2048-g1 \
    --apply-immediately`.";

/// Of a server that lets the user in without a password.
pub(crate) const PASSWORD_NOT_ASKED: &str = "Let the server ask this user for a password. PostgreSQL: \
    replace `trust` and `peer` by `scram-sha-256` in `pg_hba.conf`, then SELECT pg_reload_conf().";
