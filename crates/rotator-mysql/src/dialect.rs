//! The statements that a server understands, by its version.

use std::time::Duration;

/// A server and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    MySql(Version),
    MariaDb(Version),
}

/// Major, minor, patch.
pub(crate) type Version = (u32, u32, u32);

impl Dialect {
    /// Parses the version of a greeting: `8.4.5`, `8.0.mysql_aurora.3.08.0`, `5.5.5-10.11.14-MariaDB-log`.
    pub(crate) fn parse(version: &str) -> Self {
        let number = |text: Option<&str>| {
            let text = text.unwrap_or_default();
            let digits = text.find(|c: char| !c.is_ascii_digit()).map_or(text, |end| &text[..end]);
            // Aurora gives no patch level; all that it still runs are late ones.
            digits.parse().unwrap_or(u32::MAX)
        };
        let numbers = |text: &str| {
            let mut parts = text.splitn(3, '.');
            (number(parts.next()), number(parts.next()), number(parts.next()))
        };
        if version.contains("MariaDB") {
            // The prefix exists because old replicas cannot parse a major version of two digits.
            return Self::MariaDb(numbers(version.strip_prefix("5.5.5-").unwrap_or(version)));
        }
        Self::MySql(numbers(version))
    }

    /// `ALTER USER ... REPLACE 'current'`.
    pub(crate) fn has_replace(self) -> bool {
        matches!(self, Self::MySql(version) if version >= (8, 0, 13))
    }

    /// `ALTER USER ... RETAIN CURRENT PASSWORD`.
    pub(crate) fn has_dual_passwords(self) -> bool {
        matches!(self, Self::MySql(version) if version >= (8, 0, 14))
    }

    /// `ALTER USER`, which replaced `SET PASSWORD`.
    pub(crate) fn has_alter_user(self) -> bool {
        match self {
            Self::MySql(version) => version >= (5, 7, 6),
            Self::MariaDb(version) => version >= (10, 2, 0),
        }
    }

    /// Roles, and therefore default roles.
    pub(crate) fn has_roles(self) -> bool {
        match self {
            Self::MySql(version) => version >= (8, 0, 0),
            Self::MariaDb(version) => version >= (10, 1, 1),
        }
    }

    /// `mysql.role_edges`, where SHOW GRANTS is not exact about roles; MariaDB's is.
    pub(crate) fn keeps_roles_in_a_table(self) -> bool {
        self.has_roles() && !self.is_mariadb()
    }

    /// `ALTER USER ... ATTRIBUTE`, which holds the mark of a clone. MariaDB cannot store text about a user.
    pub(crate) fn has_attributes(self) -> bool {
        matches!(self, Self::MySql(version) if version >= (8, 0, 21))
    }

    /// `CREATE USER ... ACCOUNT LOCK`.
    pub(crate) fn has_account_lock(self) -> bool {
        match self {
            Self::MySql(version) => version >= (5, 7, 6),
            Self::MariaDb(version) => version >= (10, 4, 2),
        }
    }

    /// `mysql.user.password_lifetime`. MariaDB keeps it elsewhere.
    pub(crate) fn has_password_lifetime(self) -> bool {
        matches!(self, Self::MySql(version) if version >= (5, 7, 4))
    }

    /// Whether a login proves the server's self-signed certificate.
    pub(crate) fn proves_itself(self) -> bool {
        matches!(self, Self::MariaDb(version) if version >= (11, 4, 0))
    }

    pub(crate) fn is_mariadb(self) -> bool {
        matches!(self, Self::MariaDb(_))
    }

    /// The setting by which a session limits the time of its queries, where there is one: in milliseconds on
    /// MySQL, in seconds on MariaDB.
    pub(crate) fn query_limit(self, time: Duration) -> Option<String> {
        match self {
            Self::MySql(version) if version >= (5, 7, 8) => {
                Some(format!("SESSION max_execution_time = {}", time.as_millis().max(1)))
            }
            Self::MariaDb(version) if version >= (10, 1, 1) => {
                Some(format!("SESSION max_statement_time = {:.3}", time.as_secs_f64().max(0.001)))
            }
            _ => None,
        }
    }

    /// The `sql_mode` of the function's sessions: it does not change how quotes are read, and a GRANT creates
    /// no user.
    pub(crate) fn sql_mode(self) -> &'static str {
        match self {
            Self::MySql(version) if version >= (8, 0, 0) => "",
            _ => "NO_AUTO_CREATE_USER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Dialect) {
        assert_eq!(Dialect::parse(text), expected);
    }

    /// Versions are read as servers spell them.
    #[test]
    fn versions_as_servers_spell_them() {
        check("5.7.44-log", Dialect::MySql((5, 7, 44)));
        check("5.7.mysql_aurora.2.11.2", Dialect::MySql((5, 7, u32::MAX)));
        check("8.0.40", Dialect::MySql((8, 0, 40)));
        check("8.0.mysql_aurora.3.08.0", Dialect::MySql((8, 0, u32::MAX)));
        check("8.4.5", Dialect::MySql((8, 4, 5)));
        check("9.7.4-2", Dialect::MySql((9, 7, 4)));
        check("5.5.5-10.11.14-MariaDB-0+deb12u2-log", Dialect::MariaDb((10, 11, 14)));
        check("11.8.2-MariaDB", Dialect::MariaDb((11, 8, 2)));
        check("", Dialect::MySql((u32::MAX, u32::MAX, u32::MAX)));
    }

    /// Queries are limited in time where the server can do that.
    #[test]
    fn queries_are_limited_where_possible() {
        let limit = |version: &str| Dialect::parse(version).query_limit(Duration::from_millis(1500));
        assert_eq!(limit("5.7.44").as_deref(), Some("SESSION max_execution_time = 1500"));
        assert_eq!(limit("10.11.14-MariaDB").as_deref(), Some("SESSION max_statement_time = 1.500"));
        assert_eq!((limit("5.6.51"), limit("10.0.38-MariaDB")), (None, None));
    }
}
