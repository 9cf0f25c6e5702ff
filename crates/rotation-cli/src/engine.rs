//! The databases that have rotation functions.

use clap::ValueEnum;
use rotation_config::StrategyKind;
use rotation_database::Engine;
use rotator_docdb::DocumentDb;
use rotator_mysql::{MariaDb, MySql};
use rotator_postgres::Postgres;
use rotator_redshift::Redshift;

/// A database, by its word on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "clap prints what is written here, and these names need no explanation")]
pub enum EngineKind {
    #[default]
    Postgres,
    Mysql,
    Mariadb,
    /// DocumentDB and MongoDB
    Docdb,
    Redshift,
}

impl EngineKind {
    /// The product's name in its official spelling.
    pub fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::Docdb => "DocumentDB",
            Self::Redshift => "Redshift",
        }
    }

    /// Its name in secrets, on the command line and in the functions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Docdb => "docdb",
            Self::Redshift => "redshift",
        }
    }

    /// The one that a secret's `engine` means.
    pub fn of_secret(engine: &str) -> Option<Self> {
        let names = |kind: &Self| match kind {
            Self::Postgres => Postgres::PROFILE.engines,
            Self::Mysql => MySql::PROFILE.engines,
            Self::Mariadb => MariaDb::PROFILE.engines,
            Self::Docdb => DocumentDb::PROFILE.engines,
            Self::Redshift => Redshift::PROFILE.engines,
        };
        Self::value_variants().iter().copied().find(|kind| names(kind).contains(&engine))
    }

    /// The crate that its functions are built from.
    pub fn package(self) -> &'static str {
        match self {
            Self::Postgres => "rotator-postgres",
            Self::Mysql | Self::Mariadb => "rotator-mysql",
            Self::Docdb => "rotator-docdb",
            Self::Redshift => "rotator-redshift",
        }
    }

    /// The file of the function for a strategy.
    pub fn file_name(self, strategy: StrategyKind) -> String {
        format!("{}_{}", self.word(), strategy.name())
    }
}
