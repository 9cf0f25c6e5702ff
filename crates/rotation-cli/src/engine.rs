//! The databases that there are functions for.

use anyhow::{Context, Result};
use clap::ValueEnum;
use rotation_aws::{Access, SecretsManager};
use rotation_core::SecretId;
use rotation_database::Engine;
use rotation_lambda::{Environment, StrategyKind};
use rotator_docdb::DocumentDb;
use rotator_mysql::{MariaDb, MySql};
use rotator_postgres::Postgres;
use rotator_redshift::Redshift;

use crate::{examine::read, person::Wishes};

/// A database, by the word of the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineKind {
    #[default]
    Postgres,
    Mysql,
    Mariadb,
    /// DocumentDB and MongoDB
    Docdb,
    Redshift,
}

impl EngineKind {
    /// As its makers write it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::Docdb => "DocumentDB",
            Self::Redshift => "Redshift",
        }
    }

    /// What secrets call it, and the command line and the functions, too.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Docdb => "docdb",
            Self::Redshift => "redshift",
        }
    }

    /// The one that a secret's `engine` means.
    pub(crate) fn of_secret(engine: &str) -> Option<Self> {
        let names = |kind: &Self| match kind {
            Self::Postgres => Postgres::PROFILE.engines,
            Self::Mysql => MySql::PROFILE.engines,
            Self::Mariadb => MariaDb::PROFILE.engines,
            Self::Docdb => DocumentDb::PROFILE.engines,
            Self::Redshift => Redshift::PROFILE.engines,
        };
        Self::value_variants().iter().copied().find(|kind| names(kind).contains(&engine))
    }

    /// The one of a secret; PostgreSQL where its `engine` says nothing that is known, which the examination or the rotation
    /// then reports.
    ///
    /// # Errors
    /// A setting or the secret's name is not usable.
    pub(crate) async fn of(id: &str, wishes: Wishes<'_>, environment: &Environment) -> Result<Self> {
        let (config, _) = wishes.settings::<Postgres>(environment)?;
        let secret = SecretId::new(id).context("the secret's name is not usable")?;
        let access = Box::pin(Access::of_person(&config.endpoint)).await;
        let document = read(&SecretsManager::of(&access), &secret).await;
        let engine = document.and_then(|document| Self::of_secret(&document.text("engine").ok().flatten()?));
        Ok(engine.unwrap_or_default())
    }

    /// The crate that its functions are built from.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Postgres => "rotator-postgres",
            Self::Mysql | Self::Mariadb => "rotator-mysql",
            Self::Docdb => "rotator-docdb",
            Self::Redshift => "rotator-redshift",
        }
    }

    /// The file of the function for a strategy.
    pub(crate) fn file_name(self, strategy: StrategyKind) -> String {
        let strategy = match strategy {
            StrategyKind::SingleUser => "single",
            StrategyKind::AlternatingUsers => "master",
        };
        format!("{}_{strategy}_user", self.word())
    }
}
