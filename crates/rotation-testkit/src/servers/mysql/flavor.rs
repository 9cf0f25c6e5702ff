//! The two servers that speak MySQL's protocol.

use std::fmt;

use super::programs::Programs;

/// MySQL or MariaDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MysqlFlavor {
    /// MySQL 9, from `.cache/mysql`.
    MySql,
    /// MariaDB as the distribution has it, from `.cache/mariadb`, or the machine's own.
    MariaDb,
}

impl MysqlFlavor {
    /// Both.
    pub const ALL: [Self; 2] = [Self::MySql, Self::MariaDb];

    /// Whether a test of this server is to run: `true` also where it is missing, so that the test fails, unless
    /// `SKIP_MISSING=1` leaves it out.
    pub fn is_to_be_tested(self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the switch of the whole test run, not of a function")]
        let skip = std::env::var_os("SKIP_MISSING").is_some_and(|value| value == "1");
        !skip || Programs::find(self).is_some()
    }

    /// The script that provides it.
    pub(super) fn script(self) -> &'static str {
        match self {
            Self::MySql => "scripts/setup-mysql",
            Self::MariaDb => "scripts/setup-mariadb",
        }
    }
}

impl fmt::Display for MysqlFlavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
        })
    }
}
