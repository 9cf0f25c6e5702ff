//! `rotate doctor`, `rotate explain` and `rotate recover`: one diagnosis of a secret, shown in three ways.
//!
//! ```text
//! Subject ─> Opened ─> Doctor::diagnose ─┬─ doctor   findings, worst first, and the next step
//!                               ├─ explain  the labels over time, how it came to be, how to leave it
//!                               └─ recover  the move ─> yes? ─> look again ─> one label, by compare-and-swap
//! ```

mod doctor;
mod explain;
mod function;
mod recover;

// Circle: it runs one of the three commands, and each of these uses what it has read.
use std::{process::ExitCode, time::SystemTime};

use anyhow::{Context, Result};
use aws_databases::{Rds, Redshift as RedshiftLookup};
use clap::Args;
use rotation_aws::{Access, SecretsManager};
use rotation_cli::{EngineKind, Screen};
use rotation_config::{Config, Endpoint, EndpointUrl, Environment};
use rotation_core::{
    Deadline, Invocation, Invoker, RotationError, SecretDocument, SecretId, SecretStore, Version,
};
use rotation_database::{Database, DatabaseLookup, Engine, Strategy};
use rotation_doctor::{Diagnosis, Logins};
use rotator_docdb::DocumentDb;
use rotator_mysql::{MariaDb, MySql};
use rotator_postgres::Postgres;
use rotator_redshift::Redshift;

use crate::person::{StrategyWord, Wishes, quoted};

use function::LambdaEndpoint;

pub(crate) use doctor::Arguments as Doctor;
pub(crate) use explain::Arguments as Explain;
pub(crate) use recover::Arguments as Recover;

/// The time for one diagnosis: a few logins, each of at most five seconds.
const TIME: std::time::Duration = std::time::Duration::from_mins(1);

/// Which secret, and how it is rotated.
#[derive(Args, Debug)]
pub(crate) struct Subject {
    /// The secret's ARN or name
    #[arg(value_name = "SECRET")]
    id: String,

    /// How it is rotated (default: alternating where the secret names a `masterarn` or a master secret is
    /// given, else single)
    #[arg(long, value_enum)]
    strategy: Option<StrategyWord>,

    /// What the secret opens (default: what its `engine` names)
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,

    /// The ARN or name of the master secret for alternating users (default: `MASTER_SECRET_ARN`, else the
    /// secret's `masterarn`)
    #[arg(long, value_name = "ARN")]
    master_secret: Option<String>,

    /// The region of the secret (default: that of the environment or the profile)
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// The URL of another Secrets Manager, such as that of `rotate-local local` (default:
    /// `SECRETS_MANAGER_ENDPOINT`, else the region's own)
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

/// One of the three commands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask<'a> {
    Doctor(&'a Doctor),
    Explain(&'a Explain),
    Recover(&'a Recover),
}

impl Ask<'_> {
    fn subject(&self) -> &Subject {
        match self {
            Self::Doctor(doctor) => &doctor.subject,
            Self::Explain(explain) => &explain.subject,
            Self::Recover(recover) => &recover.subject,
        }
    }

    fn logins(&self) -> Logins {
        match self {
            Self::Doctor(doctor) if doctor.no_logins => Logins::None,
            Self::Explain(explain) if explain.no_logins => Logins::None,
            _ => Logins::Each,
        }
    }

    /// # Errors
    /// A setting is invalid, or the secret cannot be described.
    pub(crate) async fn run(self, environment: &Environment, screen: &Screen) -> Result<ExitCode> {
        let subject = self.subject();
        let engine = match subject.engine {
            Some(engine) => engine,
            None => {
                let stored = stored_engine(&subject.id, subject.wishes(), environment).await?;
                stored.and_then(|stored| EngineKind::of_secret(&stored)).unwrap_or_default()
            }
        };
        match engine {
            EngineKind::Postgres => {
                let engine = Postgres::from_environment(environment)?;
                Box::pin(self.look(engine, Rds::new, environment, screen)).await
            }
            EngineKind::Mysql => {
                let engine = MySql::from_environment(environment)?;
                Box::pin(self.look(engine, Rds::new, environment, screen)).await
            }
            EngineKind::Mariadb => {
                let engine = MariaDb::from_environment(environment)?;
                Box::pin(self.look(engine, Rds::new, environment, screen)).await
            }
            EngineKind::Docdb => {
                let engine = DocumentDb::from_environment(environment)?;
                Box::pin(self.look(engine, Rds::new, environment, screen)).await
            }
            EngineKind::Redshift => {
                let engine = Redshift::from_environment(environment)?;
                Box::pin(self.look(engine, RedshiftLookup::new, environment, screen)).await
            }
        }
    }

    /// The lookup is the one that describes the servers of the engine.
    async fn look<E: Engine + Clone, D: DatabaseLookup + Clone>(
        self,
        engine: E,
        lookup: impl FnOnce(Access) -> D,
        environment: &Environment,
        screen: &Screen,
    ) -> Result<ExitCode> {
        let subject = self.subject();
        let (config, master) = subject.wishes().settings::<E>(environment)?;
        let secret = SecretId::new(&subject.id).context("the secret's name is not usable")?;
        let access = Box::pin(Access::of_person(&config.function.endpoint)).await;
        let store = SecretsManager::of(&access);
        let alternating = match subject.strategy {
            Some(word) => word == StrategyWord::MasterUser,
            None => master.deployed.is_some() || names_master(&store, &secret).await,
        };
        let strategy = if alternating {
            Strategy::MasterUser { master, lookup: lookup(access.clone()) }
        } else {
            Strategy::SingleUser
        };
        let lambda = lambda_of(&config.function.endpoint, environment)?;
        let subject =
            Opened { engine, strategy, config, store, access, lambda, secret, logins: self.logins() };
        match self {
            Self::Doctor(doctor) => doctor.run(&subject, screen).await,
            Self::Explain(explain) => explain.run(&subject, environment, screen).await,
            Self::Recover(recover) => recover.run(&subject, screen).await,
        }
    }
}

/// Everything that a diagnosis of one secret needs.
struct Opened<E, D> {
    engine: E,
    strategy: Strategy<D>,
    config: Config,
    store: SecretsManager,
    access: Access,
    /// Where the function of the secret is looked up.
    lambda: LambdaEndpoint,
    secret: SecretId,
    logins: Logins,
}

impl<E: Engine + Clone, D: DatabaseLookup + Clone> Opened<E, D> {
    /// Diagnoses the secret.
    ///
    /// # Errors
    /// The secret cannot be described, or the time ran out.
    async fn diagnose(&self) -> Result<Diagnosis> {
        let deadline = Deadline::after(TIME);
        let database = self.database(deadline);
        let diagnosis = deadline.bound(Box::pin(self.doctor(&database).diagnose(&self.secret))).await;
        Ok(diagnosis.map_err(RotationError::from)??)
    }

    /// The same, including the function that rotates the secret.
    ///
    /// # Errors
    /// Those of [`Opened::diagnose`].
    async fn diagnose_with_function(&self) -> Result<Diagnosis> {
        let mut diagnosis = self.diagnose().await?;
        let Diagnosis { function, secret, .. } = &diagnosis;
        let look = function::look(&self.access, &self.lambda, function.as_deref(), secret);
        let findings = Box::pin(look).await;
        diagnosis.add(findings);
        Ok(diagnosis)
    }

    fn database(&self, deadline: Deadline) -> Database<E, D> {
        let invocation = Invocation::new(Invoker::Person, deadline);
        Database::new(self.engine.clone(), self.strategy.clone(), self.config.database.clone(), &invocation)
    }

    fn doctor<'a>(
        &'a self,
        database: &'a Database<E, D>,
    ) -> rotation_doctor::Doctor<'a, SecretsManager, Database<E, D>> {
        #[expect(clippy::disallowed_methods, reason = "ages are shown, and this is the shell")]
        let now = SystemTime::now();
        rotation_doctor::Doctor {
            store: &self.store,
            target: database,
            invoker: Invoker::Person,
            logins: self.logins,
            now,
        }
    }
}

impl Subject {
    fn wishes(&self) -> Wishes<'_> {
        Wishes {
            region: self.region.as_deref(),
            endpoint_url: self.endpoint_url.as_deref(),
            master_secret: self.master_secret.as_deref(),
        }
    }

    /// The flags that a command about the same secret needs again.
    fn flags(&self) -> String {
        let mut flags = String::new();
        for (flag, value) in [
            ("--engine", self.engine.map(EngineKind::word)),
            ("--strategy", self.strategy.map(StrategyWord::word)),
            ("--master-secret", self.master_secret.as_deref()),
            ("--region", self.region.as_deref()),
            ("--endpoint-url", self.endpoint_url.as_deref()),
        ] {
            if let Some(value) = value {
                flags = format!("{flags} {flag} {}", quoted(value));
            }
        }
        flags
    }
}

/// Where Lambda is: as the variables of the SDKs define, else at its Region's own endpoint, but not where
/// a Secrets Manager other than AWS's is used.
fn lambda_of(endpoint: &Endpoint, environment: &Environment) -> Result<LambdaEndpoint> {
    const OWN: &str = "AWS_ENDPOINT_URL_LAMBDA";
    const ALL: &str = "AWS_ENDPOINT_URL";
    for name in [OWN, ALL] {
        if let Some(url) = environment.text(name) {
            let url = EndpointUrl::parse(url).with_context(|| format!("{name} is not usable"))?;
            return Ok(LambdaEndpoint::At(url));
        }
    }
    let elsewhere = endpoint.url.as_ref().is_some_and(|url| !url.as_str().contains(".amazonaws."));
    Ok(if elsewhere { LambdaEndpoint::Unknown } else { LambdaEndpoint::Regional })
}

/// The value of AWSCURRENT, where it can be read; where it cannot, the diagnosis reports why.
async fn read(store: &SecretsManager, secret: &SecretId) -> Option<SecretDocument> {
    let read = Deadline::after(TIME).bound(Box::pin(store.read(secret, Version::Current))).await;
    read.ok()?.ok()??.document().ok()
}

async fn names_master(store: &SecretsManager, secret: &SecretId) -> bool {
    let document = read(store, secret).await;
    document.is_some_and(|document| matches!(document.filled_text("masterarn"), Ok(Some(_))))
}

/// The field `engine` of AWSCURRENT; `None` where it is absent or cannot be read, which the diagnosis or the
/// rotation then reports.
///
/// # Errors
/// A setting or the secret's name is not usable.
pub(crate) async fn stored_engine(
    id: &str,
    wishes: Wishes<'_>,
    environment: &Environment,
) -> Result<Option<String>> {
    let (config, _) = wishes.settings::<Postgres>(environment)?;
    let secret = SecretId::new(id).context("the secret's name is not usable")?;
    let access = Box::pin(Access::of_person(&config.function.endpoint)).await;
    let document = read(&SecretsManager::of(&access), &secret).await;
    let engine = document.and_then(|document| document.text("engine").ok().flatten());
    Ok(engine.map(|engine| engine.as_str().to_owned()))
}
