//! A local Secrets Manager with the functions registered and, where requested, a database with users and
//! secrets.

mod docdb;
mod mysql;
mod postgres;
mod redshift;
mod server;
mod shop;

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use local_aws::{LocalSecretsManager, secrets_manager::Settings};
use rotation_cli::{EngineKind, Screen};
use rotation_config::Environment;
use serde_json::Value;
use tempfile::TempDir;
use test_servers::TestLogin;

use crate::functions::Pair;

pub(crate) use server::{Access, Continuity, Finding, Ledger, Logins, Server, Users};
pub(crate) use shop::{ALTERNATING_SECRET, DATABASE, MASTER_SECRET, SINGLE_USER_SECRET};

/// What runs on this machine. Dropping it ends all of it and removes its files.
pub(crate) struct LocalEnvironment {
    pub(crate) secrets_manager: LocalSecretsManager,
    /// At least one.
    pub(crate) functions: Vec<Pair>,
    pub(crate) database: Option<Database>,
}

/// A server with a database `shop`, three users and their secrets.
pub(crate) struct Database {
    pub(crate) engine: EngineKind,
    pub(crate) server: Arc<dyn Server>,
    /// The authority that signed the server's certificate, in a file, for `TLS_CA_BUNDLE`.
    authority: TempDir,
}

impl LocalEnvironment {
    /// Starts Secrets Manager and prepares the functions of these engines from the folder.
    ///
    /// # Errors
    /// The port or the state file is not available, or a function is missing.
    pub(crate) async fn start(
        folder: &Path,
        engines: &[EngineKind],
        settings: Settings,
        database: Option<Database>,
        environment: &Environment,
    ) -> Result<Self> {
        let port = settings.port;
        let secrets_manager = LocalSecretsManager::start(settings)
            .await
            .with_context(|| format!("the local Secrets Manager cannot be started (--port {port})"))?;
        let endpoint = secrets_manager.endpoint();
        let mut more = vec![("SECRETS_MANAGER_ENDPOINT", endpoint.as_str())];
        let (master, authority);
        if let Some(database) = &database {
            master = database.create_secrets(&secrets_manager).await?;
            authority = database.authority_file();
            more.extend([("MASTER_SECRET_ARN", master.as_str()), ("TLS_CA_BUNDLE", authority.as_str())]);
        }
        let prepared = engines.iter().map(|engine| Pair::prepare(folder, *engine, environment, &more));
        let functions = prepared.collect::<Result<Vec<_>>>()?;
        for function in functions.iter().flat_map(Pair::both) {
            secrets_manager.register(function.arn(), Arc::new(function.clone()));
        }
        Ok(Self { secrets_manager, functions, database })
    }

    /// The functions for the database, or else the first ones.
    pub(crate) fn shown(&self) -> &Pair {
        let wanted = self.database.as_ref().map(|database| database.engine);
        let pair = self.functions.iter().find(|pair| Some(pair.engine) == wanted);
        pair.or(self.functions.first()).expect("it is started with functions")
    }
}

impl Database {
    /// Starts the newest server of the engine that this machine has.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub(crate) fn start(engine: EngineKind, screen: &Screen) -> Result<Self> {
        let server = match engine {
            EngineKind::Postgres => postgres::start(screen)?,
            EngineKind::Docdb => docdb::start(screen)?,
            EngineKind::Redshift => redshift::start(screen)?,
            EngineKind::Mysql | EngineKind::Mariadb => mysql::start(engine, screen)?,
        };
        let authority = tempfile::tempdir().context("no folder for the server's authority")?;
        let database = Self { engine, server, authority };
        std::fs::write(database.authority_file(), database.server.server().authority_pem())
            .context("the server's authority cannot be written")?;
        Ok(database)
    }

    /// PEM of the authority that signed the server's certificate.
    pub(crate) fn authority_file(&self) -> String {
        self.authority.path().join("authority.pem").to_string_lossy().into_owned()
    }

    /// Creates the users and one secret for each. Returns the ARN of the master's.
    async fn create_secrets(&self, secrets_manager: &LocalSecretsManager) -> Result<String> {
        let Users { master, reporting, owner } = self.server.populate().await?;
        let master_arn = secrets_manager.create_secret(MASTER_SECRET, &self.document(&master, None))?;
        secrets_manager.create_secret(SINGLE_USER_SECRET, &self.document(&reporting, None))?;
        secrets_manager.create_secret(ALTERNATING_SECRET, &self.document(&owner, Some(&master_arn)))?;
        Ok(master_arn)
    }

    fn document(&self, login: &TestLogin, master: Option<&str>) -> String {
        let mut document = self.server.document(login);
        if let Some(master) = master {
            document["masterarn"] = Value::from(master);
        }
        document.to_string()
    }
}
