//! A local Secrets Manager with the functions registered and, where asked for, a PostgreSQL with users and secrets.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use rotation_lambda::{Environment, StrategyKind};
use rotation_testkit::{
    LambdaFunction, LocalSecretsManager, PostgresServer, PostgresVersion, TestLogin,
    secrets_manager::Settings,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{functions, screen::Screen};

/// The database of the laboratory.
pub(crate) const DATABASE: &str = "shop";
/// The secret whose user changes its own password.
pub(crate) const SINGLE_USER_SECRET: &str = "shop/reporting";
/// The secret whose users take turns.
pub(crate) const ALTERNATING_SECRET: &str = "shop/checkout";
/// The secret of the master that looks after them.
pub(crate) const MASTER_SECRET: &str = "shop/master";
/// The user who owns the table, and whose clone takes turns with it.
pub(crate) const OWNER: &str = "checkout";
/// Its clone.
pub(crate) const CLONE: &str = "checkout_clone";

/// What runs on this machine. Dropping it ends all of it and removes its files.
pub(crate) struct Laboratory {
    pub(crate) secrets_manager: LocalSecretsManager,
    pub(crate) single_user: LambdaFunction,
    pub(crate) master_user: LambdaFunction,
    pub(crate) postgres: Option<Postgres>,
}

/// A PostgreSQL with a database `shop`, three users and their secrets.
pub(crate) struct Postgres {
    pub(crate) server: Arc<PostgresServer>,
    /// The authority that signed the server's certificate, in a file, for `TLS_CA_BUNDLE`.
    authority: TempDir,
}

impl Laboratory {
    /// Starts Secrets Manager and prepares the functions of the folder.
    ///
    /// # Errors
    /// The port or the state file cannot be had, or a function is missing.
    pub(crate) async fn start(
        folder: &Path,
        settings: Settings,
        postgres: Option<Postgres>,
        environment: &Environment,
    ) -> Result<Self> {
        let port = settings.port;
        let secrets_manager = LocalSecretsManager::start(settings)
            .await
            .with_context(|| format!("the local Secrets Manager cannot be started (--port {port})"))?;
        let endpoint = secrets_manager.endpoint();
        let mut more = vec![("SECRETS_MANAGER_ENDPOINT", endpoint.as_str())];
        let (master, authority);
        if let Some(postgres) = &postgres {
            master = postgres.create_secrets(&secrets_manager).await?;
            authority = postgres.authority_file();
            more.extend([("MASTER_SECRET_ARN", master.as_str()), ("TLS_CA_BUNDLE", authority.as_str())]);
        }
        let prepare = |strategy| functions::prepare(folder, strategy, environment, &more);
        let single_user = prepare(StrategyKind::SingleUser)?;
        let master_user = prepare(StrategyKind::AlternatingUsers)?;
        for function in [&single_user, &master_user] {
            secrets_manager.register(function.arn(), Arc::new(function.clone()));
        }
        Ok(Self { secrets_manager, single_user, master_user, postgres })
    }
}

impl Postgres {
    /// Starts the newest server that this machine has.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub(crate) fn start(screen: &Screen) -> Result<Self> {
        let version = PostgresVersion::available().pop().unwrap_or(PostgresVersion::V18);
        let server =
            screen.during(&format!("{version} starts"), || PostgresServer::builder(version).start())?;
        let authority = tempfile::tempdir().context("no folder for the server's authority")?;
        let postgres = Self { server: Arc::new(server), authority };
        std::fs::write(postgres.authority_file(), postgres.server.authority().certificate_pem())
            .context("the server's authority cannot be written")?;
        Ok(postgres)
    }

    /// PEM of the authority that signed the server's certificate.
    pub(crate) fn authority_file(&self) -> String {
        self.authority.path().join("authority.pem").to_string_lossy().into_owned()
    }

    /// Makes the database, the users, a table of `checkout`, and one secret for each user. Gives the ARN of the
    /// master's.
    ///
    /// The master is what RDS gives to its customers: no superuser, but CREATEROLE. It creates the user that it will
    /// clone, because from PostgreSQL 16 that makes it the user's administrator.
    async fn create_secrets(&self, secrets_manager: &LocalSecretsManager) -> Result<String> {
        let server = &self.server;
        server.execute("postgres", &format!("CREATE DATABASE {DATABASE}")).await?;
        let master = server.create_role_named("rotation_master", "CREATEROLE").await?;
        let reporting = server.create_role_named("reporting", "").await?;
        server.query_as(&master, DATABASE, &format!("CREATE ROLE {OWNER} LOGIN")).await?;
        let owner =
            TestLogin { username: OWNER.to_owned(), password: uuid::Uuid::new_v4().simple().to_string() };
        let schema = format!(
            "ALTER ROLE {OWNER} PASSWORD '{}'; CREATE SCHEMA sales AUTHORIZATION {OWNER}; \
             CREATE SCHEMA reports AUTHORIZATION reporting",
            owner.password
        );
        server.execute(DATABASE, &schema).await?;
        let table = "CREATE TABLE sales.purchases (id int PRIMARY KEY, item text NOT NULL); \
            INSERT INTO sales.purchases VALUES (1, 'tea'), (2, 'cake')";
        server.query_as(&owner, DATABASE, table).await?;

        let master_arn = secrets_manager.create_secret(MASTER_SECRET, &self.document(&master, None))?;
        secrets_manager.create_secret(SINGLE_USER_SECRET, &self.document(&reporting, None))?;
        secrets_manager.create_secret(ALTERNATING_SECRET, &self.document(&owner, Some(&master_arn)))?;
        Ok(master_arn)
    }

    fn document(&self, login: &TestLogin, master: Option<&str>) -> String {
        let mut document = json!({
            "engine": "postgres",
            "host": self.server.host(),
            "port": self.server.port(),
            "username": login.username,
            "password": login.password,
            "dbname": DATABASE,
            "ssl": true,
        });
        if let Some(master) = master {
            document["masterarn"] = Value::from(master);
        }
        document.to_string()
    }
}
