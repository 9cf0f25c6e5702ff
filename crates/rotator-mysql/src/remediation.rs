//! The statements by which an administrator lets a user log in again, by the number of the server's refusal.
//!
//! The server does not answer which account it has matched, so a statement whose host is not known names `%`.
//! Where all that an account stores is to be stored once more, the statement reads hosts and hashes itself:
//! no password is needed.

use rotation_database::Username;

use crate::{dialect::Dialect, grants::Account, quote::literal};

/// What ends the refusal of a certificate that MariaDB makes for itself at each start, without a name.
pub(crate) const SELF_SIGNED: &str = "give the server a certificate that names the host (ssl_cert and \
    ssl_key in its configuration) and name its authority in TLS_CA_BUNDLE of the function; or let the \
    account authenticate by ed25519 or parsec (INSTALL SONAME 'auth_ed25519'; ALTER USER 'USER'@'HOST' \
    IDENTIFIED VIA ed25519 USING PASSWORD('PASSWORD')) and set TLS_SELF_SIGNED=prove on the function, so \
    that the server proves its certificate by the password";

/// What a failed proof means, where the setting and the account are as they must be.
pub(crate) const UNPROVEN: &str = "find out who answers before anything else is rotated: another party (a \
    man-in-the-middle, or a proxy that terminates TLS) is between this function and the server, or what the \
    server stores for the account is not of this password. Compare the fingerprint of the certificate from \
    here and at the server (openssl s_client -starttls mysql -connect HOST:PORT, then openssl x509 \
    -fingerprint -sha256). Where a proxy terminates TLS, connect to the server itself or give the proxy a \
    certificate that TLS_CA_BUNDLE verifies";

/// The statement for a login of this user that was refused with this number, where there is one.
pub(crate) fn of_login(code: u16, user: &Username, dialect: Dialect) -> Option<String> {
    match code {
        3118 | 4151 => Some(unlock(user, "")),
        // Neither counts failures of an account that gets a new password anew: only this does.
        3955 | 4150 => Some(unlock(user, "; a new password alone does not unblock it")),
        1820 | 1862 => Some(of_expiry(user, dialect)),
        1524 => Some(of_plugin(user, dialect)),
        _ => None,
    }
}

fn unlock(user: &Username, more: &str) -> String {
    let account = Account::new(user.as_str(), "%").sql();
    format!("ALTER USER {account} ACCOUNT UNLOCK /* % is the account's host in mysql.user{more} */")
}

/// Stores what every expired account of the user has stored, once more: that ends an expiry, be it an
/// administrator's or a policy's. `PASSWORD EXPIRE NEVER` does not end one that has come (seen on MySQL 9.7
/// and MariaDB 11.8).
pub(crate) fn of_expiry(user: &Username, dialect: Dialect) -> String {
    let user = literal(user.as_str());
    let (with, value, from) = match dialect {
        // An account that authenticates in several ways is left out: mysql.user shows one of them alone.
        Dialect::MariaDb(_) => (
            "VIA ', JSON_VALUE(Priv, '$.plugin'), ' USING '",
            "QUOTE(JSON_VALUE(Priv, '$.authentication_string'))",
            format!(
                "mysql.global_priv WHERE NOT JSON_EXISTS(Priv, '$.auth_or') AND \
                 JSON_VALUE(Priv, '$.authentication_string') <> '' AND {}",
                expired(dialect)
            ),
        ),
        // Hashes of caching_sha2_password have bytes that are no text.
        Dialect::MySql(version) if version >= (8, 0, 17) => (
            "WITH ', QUOTE(plugin), ' AS 0x'",
            "HEX(authentication_string)",
            format!("mysql.user WHERE authentication_string <> '' AND {}", expired(dialect)),
        ),
        Dialect::MySql(_) => (
            "WITH ', QUOTE(plugin), ' AS '",
            "QUOTE(authentication_string)",
            format!("mysql.user WHERE authentication_string <> '' AND {}", expired(dialect)),
        ),
    };
    let renew = format!(
        "SET SESSION group_concat_max_len = 65536; SELECT CONCAT('ALTER USER ', GROUP_CONCAT(QUOTE(User), \
         '@', QUOTE(Host), ' IDENTIFIED {with}, {value})) INTO @renew FROM {from} AND User = {}; PREPARE \
         renew FROM @renew; EXECUTE renew",
        *user
    );
    let renew = format!(
        "{renew}; where an account of another host is expired on purpose, add AND Host = 'HOST' after the \
            user's name"
    );
    match dialect {
        Dialect::MySql(version) if version >= (9, 0, 0) => format!(
            "{renew}; where @@caching_sha2_password_enforce_storage_format is ON instead, the account has \
             the other format: SET GLOBAL caching_sha2_password_enforce_storage_format = OFF, then rotate, \
             which stores the new format, and set it ON again"
        ),
        _ => renew,
    }
}

/// Which accounts have expired, by an administrator or by the age that they or the server set.
fn expired(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::MariaDb(_) => {
            "(JSON_VALUE(Priv, '$.password_last_changed') = 0 OR JSON_VALUE(Priv, '$.password_last_changed') \
             < UNIX_TIMESTAMP() - 86400 * NULLIF(IF(COALESCE(JSON_VALUE(Priv, '$.password_lifetime'), -1) < \
             0, @@default_password_lifetime, JSON_VALUE(Priv, '$.password_lifetime')), 0))"
        }
        dialect if dialect.has_password_lifetime() => {
            "(password_expired = 'Y' OR password_last_changed < NOW() - INTERVAL \
             NULLIF(COALESCE(password_lifetime, @@default_password_lifetime), 0) DAY)"
        }
        Dialect::MySql(_) => "password_expired = 'Y'",
    }
}

/// The server does not have the plugin of the account. MySQL 9 has no `mysql_native_password` any more, and
/// the account has to move to another plugin.
fn of_plugin(user: &Username, dialect: Dialect) -> String {
    let account = Account::new(user.as_str(), "%").sql();
    match dialect {
        Dialect::MySql(_) => format!(
            "ALTER USER {account} IDENTIFIED WITH caching_sha2_password BY 'PASSWORD' /* the password in the \
             secret; % is the account's host in mysql.user; its plugin is not loaded at this server */"
        ),
        Dialect::MariaDb(_) => format!(
            "INSTALL SONAME 'auth_ed25519', or INSTALL SONAME 'auth_parsec' if SHOW CREATE USER {account} \
             names parsec"
        ),
    }
}

#[cfg(test)]
mod tests {
    use rotation_database::Engine;

    use super::*;
    use crate::MySql;

    #[track_caller]
    fn check(version: &str, code: u16, expected: &str) {
        let user = Username::parse("o'app", &MySql::PROFILE).unwrap();
        let found = of_login(code, &user, Dialect::parse(version)).unwrap_or_default();
        assert!(found.contains(expected), "{version} {code}: {found}");
        assert_eq!(found.is_empty(), expected.is_empty(), "{version} {code}: {found}");
    }

    /// A statement names the user and uses what the server accepts.
    #[test]
    fn statement_fits_user_and_server() {
        for (version, code) in [("9.7.4", 3118), ("9.7.4", 3955), ("11.8.9-MariaDB", 4150)] {
            check(version, code, "ALTER USER 'o\\'app'@'%' ACCOUNT UNLOCK /* ");
        }
        check("8.4.5", 3955, "a new password alone does not unblock it");
        check(
            "9.7.4",
            1862,
            "' AS 0x', HEX(authentication_string))) INTO @renew FROM mysql.user WHERE authentication_string \
             <> '' AND (password_expired = 'Y' OR ",
        );
        check("9.7.4", 1862, " AND User = 'o\\'app'; PREPARE renew");
        check("5.6.51", 1862, "AND password_expired = 'Y' AND User = ");
        check("9.7.4", 1820, "enforce_storage_format = OFF");
        check("5.7.44", 1862, "' AS ', QUOTE(authentication_string)");
        check("11.8.9-MariaDB", 1862, "' IDENTIFIED VIA ', JSON_VALUE(Priv, '$.plugin'), ' USING ', QUOTE(");
        check("9.7.4", 1524, "IDENTIFIED WITH caching_sha2_password BY");
        check("11.8.9-MariaDB", 1524, "INSTALL SONAME 'auth_ed25519'");
        check("9.7.4", 1045, "");
    }
}
