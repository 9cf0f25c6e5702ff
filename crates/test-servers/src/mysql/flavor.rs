//! The servers that speak MySQL's protocol, and their versions.

use std::fmt;

/// MySQL or MariaDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MysqlFlavor {
    /// MySQL 9, from `.cache/mysql`.
    MySql,
    /// MariaDB: 10.11, unless another version is given.
    MariaDb,
}

/// A server that can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MysqlVersion {
    /// MySQL 9, from `.cache/mysql`.
    MySql9,
    /// MariaDB 10.11, from `.cache/mariadb`, or the machine's own.
    MariaDb10,
    /// MariaDB 11.8, from `.cache/mariadb-11.8`: it offers TLS by default, and has the plugin
    /// `parsec`.
    MariaDb11,
}

impl MysqlFlavor {
    /// Both.
    pub const ALL: [Self; 2] = [Self::MySql, Self::MariaDb];

    /// Whether a test of this server has to run: also `true` where it is missing, so that the test fails,
    /// unless `SKIP_MISSING=1` leaves it out.
    pub fn is_to_be_tested(self) -> bool {
        MysqlVersion::from(self).is_to_be_tested()
    }
}

impl MysqlVersion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MySql9, Self::MariaDb10, Self::MariaDb11];

    /// Those that a test has to run against, by [`is_to_be_tested`](Self::is_to_be_tested).
    pub fn to_be_tested() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|version| version.is_to_be_tested())
    }

    /// The flavor of this version.
    pub fn flavor(self) -> MysqlFlavor {
        match self {
            Self::MySql9 => MysqlFlavor::MySql,
            Self::MariaDb10 | Self::MariaDb11 => MysqlFlavor::MariaDb,
        }
    }

    /// The script that provides it.
    pub(super) fn script(self) -> &'static str {
        match self {
            Self::MySql9 => "scripts/setup-mysql",
            Self::MariaDb10 => "scripts/setup-mariadb 10.11",
            Self::MariaDb11 => "scripts/setup-mariadb 11.8",
        }
    }
}

impl From<MysqlFlavor> for MysqlVersion {
    fn from(flavor: MysqlFlavor) -> Self {
        match flavor {
            MysqlFlavor::MySql => Self::MySql9,
            MysqlFlavor::MariaDb => Self::MariaDb10,
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

impl fmt::Display for MysqlVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MySql9 => "MySQL 9",
            Self::MariaDb10 => "MariaDB 10.11",
            Self::MariaDb11 => "MariaDB 11.8",
        })
    }
}
