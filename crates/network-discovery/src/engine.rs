//! The rotation function that a database needs.

use std::fmt;

/// A database with a rotation function, by the first part of the artifact's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL, on RDS or Aurora.
    Postgres,
    /// MySQL, on RDS or Aurora.
    Mysql,
    /// MariaDB on RDS.
    Mariadb,
    /// DocumentDB; MongoDB where it is self-managed.
    Docdb,
    /// Redshift and Redshift Serverless.
    Redshift,
}

impl Engine {
    /// The engine with this name, as secrets (`mongo`), the lookup of RDS (`aurora-postgresql`) and this
    /// project's artifacts spell it, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" | "aurora-postgresql" => Self::Postgres,
            "mysql" | "aurora-mysql" | "aurora" => Self::Mysql,
            "mariadb" => Self::Mariadb,
            "docdb" | "mongo" | "mongodb" => Self::Docdb,
            "redshift" | "redshift-serverless" => Self::Redshift,
            _ => return None,
        })
    }

    /// The first part of the artifact's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Docdb => "docdb",
            Self::Redshift => "redshift",
        }
    }

    /// Whether `host` of a secret may list the members of a replica set.
    pub(crate) fn lists_members(self) -> bool {
        self == Self::Docdb
    }

    /// The engine's port unless another one is given.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mysql | Self::Mariadb => 3306,
            Self::Docdb => 27017,
            Self::Redshift => 5439,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
