//! The engines and the strategies whose functions are measured.

use std::fmt;

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    MySql,
    /// MariaDB.
    MariaDb,
    /// MongoDB, also for DocumentDB.
    MongoDb,
    /// The stand-in for Redshift.
    Redshift,
}

/// How the users of a secret are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The user changes its own password.
    SingleUser,
    /// A master changes the passwords of two users in turn.
    MasterUser,
}

impl Engine {
    pub(crate) const ALL: [Self; 5] =
        [Self::Postgres, Self::MySql, Self::MariaDb, Self::MongoDb, Self::Redshift];

    /// The argument that selects it, and the first part of its programs' names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::MariaDb => "mariadb",
            Self::MongoDb => "docdb",
            Self::Redshift => "redshift",
        }
    }

    /// The database that AWS names its own functions after.
    pub(crate) fn name_at_aws(self) -> &'static str {
        match self {
            Self::Postgres => "RDSPostgreSQL",
            Self::MySql => "RDSMySQL",
            Self::MariaDb => "RDSMariaDB",
            Self::MongoDb => "MongoDB",
            Self::Redshift => "Redshift",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }
}

impl Strategy {
    pub(crate) const ALL: [Self; 2] = [Self::SingleUser, Self::MasterUser];

    /// The argument that selects it, and the last part of the programs' names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SingleUser => "single_user",
            Self::MasterUser => "master_user",
        }
    }

    /// The last part of the names of AWS's own functions.
    pub(crate) fn name_at_aws(self) -> &'static str {
        match self {
            Self::SingleUser => "SingleUser",
            Self::MasterUser => "MultiUser",
        }
    }

    /// The logins of a healthy rotation, none of them refused.
    pub(crate) fn logins(self) -> u8 {
        match self {
            Self::SingleUser => 2,
            Self::MasterUser => 3,
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SingleUser => "single user",
            Self::MasterUser => "master user",
        })
    }
}
