//! What the numbers of the servers' errors mean, in one table for logins and one for statements.
//!
//! Numbers are those of the manuals: "Server Error Message Reference" of MySQL, "Error Codes" of MariaDB.

use rotation_database::{Cause, ConnectError, StatementError, StatementFault, Username};

use crate::{dialect::Dialect, remediation, statement::Statement};

/// Errors that no server sends: those of the client library, which a proxy passes on from its own connection,
/// and those of `ProxySQL` and RDS Proxy themselves.
fn is_of_a_proxy(code: u16) -> bool {
    matches!(code, 2000..=2999 | 9000..=9999)
}

/// A login of this user was refused with this number.
pub(crate) fn refused_login(code: u16, user: &Username, dialect: Dialect) -> ConnectError {
    refused_for(Cause::new(format!("error {code}")), code, user, dialect)
}

/// The same from a peer that has not yet proved to be the server. Another credential may be tried, and no
/// label moves because of it.
pub(crate) fn refused_unproven(code: u16, user: &Username, dialect: Dialect) -> ConnectError {
    refused_for(Cause::new(format!("error {code}")).unproven(), code, user, dialect)
}

fn refused_for(cause: Cause, code: u16, user: &Username, dialect: Dialect) -> ConnectError {
    let cause = match remediation::of_login(code, user, dialect) {
        Some(statement) => cause.ended_by(statement),
        None => cause,
    };
    match code {
        // Wrong password, unknown user, and a demand for TLS that was not met all look the same.
        1045 | 1698 => ConnectError::Refused(cause),
        3118 | 3955 | 4150 | 4151 => ConnectError::Locked(cause),
        1820 | 1862 => ConnectError::Expired(cause),
        1040 | 1203 | 1226 => ConnectError::TooManyConnections(cause),
        1044 | 1049 => ConnectError::NoDatabase(cause),
        1129 | 1130 => ConnectError::AccessRule(cause),
        3159 => ConnectError::TlsRequired(cause),
        1251 | 1275 | 2059 | 1524 => ConnectError::AuthenticationMethod(cause),
        1053 | 1077 | 3032 | 3168 => ConnectError::NotReady(cause),
        code if is_of_a_proxy(code) => ConnectError::Proxy(cause),
        _ => ConnectError::Protocol(cause),
    }
}

/// A statement was refused with this number. A missing privilege is reported without its name, which the
/// caller knows.
pub(crate) fn refused_statement(kind: &'static str, code: u16) -> StatementError {
    let fault = match code {
        // A server that has let a user in does not refuse it at a query without a table; one behind a proxy
        // does.
        1045 if kind == Statement::PROBE => StatementFault::Proxy,
        code if kind == Statement::PROBE && is_of_a_proxy(code) => StatementFault::Proxy,
        1290 | 1792 | 1836 | 3100 | 1874 => StatementFault::ReadOnly,
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1410 | 1698 | 3530 | 3619 | 3879 | 4006 | 4046 => {
            StatementFault::PrivilegeMissing { needed: String::new() }
        }
        1819 | 1372 | 3638 | 4052 => StatementFault::PasswordPolicy { rule: format!("error {code}") },
        1133 | 1141 | 1269 | 1396 | 3162 => StatementFault::NoSuchUser,
        1820 | 1862 => StatementFault::Expired,
        1524 => StatementFault::NotRotatable {
            why: "an account of it uses an authentication plugin that the server does not have",
            remedy: "As an administrator of the database, give that account a plugin of the server: on \
                MySQL ALTER USER 'USER'@'HOST' IDENTIFIED WITH caching_sha2_password BY 'PASSWORD', on \
                MariaDB ALTER USER 'USER'@'HOST' IDENTIFIED VIA ed25519 USING PASSWORD('PASSWORD').",
        },
        1205 | 1213 | 3572 => StatementFault::Busy,
        1317 | 1028 | 1969 | 3024 => StatementFault::TimedOut,
        1053 | 1927 | 4031 => StatementFault::ConnectionLost,
        _ => StatementFault::Other { code: code.to_string() },
    };
    let source = Some(Cause::new(format!("error {code}")));
    StatementError { fault, statement: Some(kind), source, is_before_password: false }
}

#[cfg(test)]
mod tests {
    use rotation_database::Engine;

    use super::*;
    use crate::MySql;

    #[track_caller]
    fn check_login(codes: &[u16], expected: &str) {
        for code in codes {
            let user = Username::parse("app", &MySql::PROFILE).unwrap();
            let error = format!("{:?}", refused_login(*code, &user, Dialect::MySql((9, 7, 4))));
            assert_eq!(error, format!("{expected}(Cause(\"error {code}\"))"));
        }
    }

    /// Refusals of a login are classed by the server's error number.
    #[test]
    fn login_refusals_by_number() {
        check_login(&[1045, 1698], "Refused");
        check_login(&[3118, 3955, 4150, 4151], "Locked");
        check_login(&[1820, 1862], "Expired");
        check_login(&[1040, 1203, 1226], "TooManyConnections");
        check_login(&[1044, 1049], "NoDatabase");
        check_login(&[1129, 1130], "AccessRule");
        check_login(&[3159], "TlsRequired");
        check_login(&[1251], "AuthenticationMethod");
        check_login(&[1053], "NotReady");
        check_login(&[1064], "Protocol");
        check_login(&[2013, 9001, 9501], "Proxy");
    }

    #[track_caller]
    fn check_statement(codes: &[u16], expected: &str) {
        for code in codes {
            assert_eq!(
                refused_statement("alter user", *code).to_string(),
                format!("{expected} (alter user)")
            );
        }
    }

    /// Refusals of a statement are classed by the server's error number.
    #[test]
    fn statement_refusals_by_number() {
        check_statement(&[1290, 1792, 1836], "the server is read-only");
        check_statement(&[1044, 1142, 1227, 1698], "a privilege is missing: ");
        check_statement(&[1819], "the server's password policy refused the new password (error 1819)");
        check_statement(&[3638], "the server's password policy refused the new password (error 3638)");
        check_statement(&[1396], "there is no such user");
        check_statement(&[1820], "the validity of the user's password has expired");
        check_statement(&[1205, 1213], &StatementFault::Busy.to_string());
        check_statement(&[1317], "the statement took too long");
        check_statement(&[1064], "the server refused the statement with code 1064");
    }

    /// A proxy's answer to the probe does not count as the server's.
    /// An error of a proxy's connection to its server proves nothing about the password.
    #[test]
    fn proxy_answer_is_not_the_servers() {
        for code in [1045, 2003, 2013, 9001, 9501] {
            assert_eq!(refused_statement(Statement::PROBE, code).fault, StatementFault::Proxy, "{code}");
        }
        for code in [1820, 1142, 1053] {
            assert_ne!(refused_statement(Statement::PROBE, code).fault, StatementFault::Proxy, "{code}");
        }
        check_statement(&[2013], "the server refused the statement with code 2013");
    }
}
