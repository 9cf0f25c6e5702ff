//! `rotate run`: the four steps from an operator's own machine, without a function.

mod dry_run;
mod plan;
mod steps;

use anyhow::{Context, Result};
use aws_databases::{Rds, Redshift as RedshiftLookup};
use clap::Args;
use rotation_aws::{Access, SecretsManager};
use rotation_config::Environment;
use rotation_core::{Deadline, Invocation, Invoker, RotationError, SecretId, VersionId};
use rotation_database::{CustomProof, Database, DatabaseLookup, DatabaseSettings, Engine, Strategy};
use rotator_docdb::DocumentDb;
use rotator_mysql::{MariaDb, MySql};
use rotator_postgres::Postgres;
use rotator_redshift::Redshift;

use rotation_cli::{EngineKind, Screen};

use crate::{
    diagnose::stored_engine,
    person::{StrategyWord, Wishes, confirm, quoted},
};

use plan::Plan;
use steps::STEP_TIME;

/// Rotate a secret from this machine, with your own AWS credentials
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The secret's ARN or name
    #[arg(value_name = "SECRET")]
    id: String,

    /// How to rotate (default: alternating where the secret names a `masterarn` or a master secret is given,
    /// else single)
    #[arg(long, value_enum)]
    strategy: Option<StrategyWord>,

    /// What the secret opens (default: what its `engine` names; any other engine is refused)
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,

    /// The ARN or name of the master secret for alternating users (default: `MASTER_SECRET_ARN`, else the
    /// secret's `masterarn`)
    #[arg(long, value_name = "ARN")]
    master_secret: Option<String>,

    /// Resume the rotation of this version, and fail where another one is AWSPENDING (default: the AWSPENDING
    /// version, else a new one)
    #[arg(long, value_name = "UUID")]
    token: Option<String>,

    /// Print every statement that would be run, passwords left out, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask before the first write (default: ask, and change nothing where standard input is no
    /// terminal)
    #[arg(long, short)]
    yes: bool,

    /// The region of the secret (default: that of the environment or the profile)
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// The URL of another Secrets Manager, such as that of `rotate-local local` (default:
    /// `SECRETS_MANAGER_ENDPOINT`, else the region's own)
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

impl Arguments {
    fn wishes(&self) -> Wishes<'_> {
        Wishes {
            region: self.region.as_deref(),
            endpoint_url: self.endpoint_url.as_deref(),
            master_secret: self.master_secret.as_deref(),
        }
    }

    /// The command that resumes the rotation: this one, with its own flags, for this version.
    fn recovery(&self, secret: &SecretId, version: &VersionId) -> String {
        let mut command = format!("rotate run {} --token {version}", quoted(secret.as_str()));
        let strategy = self.strategy.map(StrategyWord::word);
        let engine = self.engine.map(EngineKind::word);
        for (flag, value) in [
            ("--engine", engine),
            ("--strategy", strategy),
            ("--master-secret", self.master_secret.as_deref()),
            ("--region", self.region.as_deref()),
            ("--endpoint-url", self.endpoint_url.as_deref()),
        ] {
            if let Some(value) = value {
                command = format!("{command} {flag} {}", quoted(value));
            }
        }
        command
    }
}

const ABOUT: &str = "\
Rotate a secret from this machine, with your own AWS credentials.

Does what the Lambda function does, in the same four steps of at most 30 seconds each: makes a new version \
as AWSPENDING, changes the password in the database, tests it, and moves AWSCURRENT. Prints first what it is \
going to do and which version logs in now, and asks; with --dry-run it also prints every statement that it \
would run, and ends there. A rotation that was interrupted (an AWSPENDING version) is resumed, so this \
command can be interrupted at any moment and run again.

Credentials are found in the environment, in the profile of ~/.aws (keys, or a role that keys take on), by a \
web identity, and in a container or instance. A profile of SSO or credential_process is not followed: first \
run `eval \"$(aws configure export-credentials --format env)\"`. The settings of the functions \
hold here, too, from the environment: PASSWORD_LENGTH, EXCLUDE_CHARACTERS, PASSWORD_SOURCE, REQUIRE_TLS, \
TLS_CA_BUNDLE, AWS_CA_BUNDLE and so on.";

const EXAMPLES: &str = "\
Examples:
  rotate run prod/shop/reporting
  rotate run prod/shop/checkout --strategy master_user --master-secret prod/shop/master
  rotate run prod/shop/checkout --dry-run
  rotate run prod/shop/reporting --yes --region eu-central-1
  rotate run shop/reporting --endpoint-url http://127.0.0.1:4584";

/// Shows what will be done, asks, and rotates.
///
/// # Errors
/// A setting or the secret is not usable, [`EngineError`](rotation_cli::EngineError), the answer was
/// no, or a step failed.
pub(crate) async fn run(arguments: &Arguments, environment: &Environment, screen: &Screen) -> Result<()> {
    let stored = stored_engine(&arguments.id, arguments.wishes(), environment).await?;
    match EngineKind::choose(arguments.engine, stored.as_deref())? {
        EngineKind::Postgres => {
            let engine = Postgres::from_environment(environment)?;
            Box::pin(rotate(&engine, Rds::new, arguments, environment, screen)).await
        }
        EngineKind::Mysql => {
            let engine = MySql::from_environment(environment)?;
            Box::pin(rotate(&engine, Rds::new, arguments, environment, screen)).await
        }
        EngineKind::Mariadb => {
            let engine = MariaDb::from_environment(environment)?;
            Box::pin(rotate(&engine, Rds::new, arguments, environment, screen)).await
        }
        EngineKind::Docdb => {
            let engine = DocumentDb::from_environment(environment)?;
            Box::pin(rotate(&engine, Rds::new, arguments, environment, screen)).await
        }
        EngineKind::Redshift => {
            let engine = Redshift::from_environment(environment)?;
            Box::pin(rotate(&engine, RedshiftLookup::new, arguments, environment, screen)).await
        }
    }
}

/// The lookup is the one that describes the servers of the engine.
async fn rotate<E: Engine, D: DatabaseLookup + Clone>(
    engine: &E,
    lookup: impl FnOnce(Access) -> D,
    arguments: &Arguments,
    environment: &Environment,
    screen: &Screen,
) -> Result<()> {
    let (config, deployed) = arguments.wishes().settings::<E>(environment)?;
    let secret = SecretId::new(&arguments.id).context("the secret's name is not usable")?;
    let token = arguments.token.as_ref().map(VersionId::new).transpose();
    let token = token.context("--token is not usable")?;

    let deadline = Deadline::after(STEP_TIME);
    let access = bounded(deadline, async { Ok(Access::of_person(&config.function.endpoint).await) }).await?;
    let store = SecretsManager::of(&access);
    let Some(found) = bounded(deadline, Plan::describe(&store, &secret, token.as_ref())).await? else {
        screen.line(format_args!(
            "This version of {secret} is AWSCURRENT: its rotation has ended. Nothing to do."
        ));
        return Ok(());
    };
    let alternating = match arguments.strategy {
        Some(word) => word == StrategyWord::MasterUser,
        None => deployed.deployed.is_some() || found.names_master(),
    };
    let strategy = if alternating {
        Strategy::MasterUser { master: deployed, lookup: lookup(access) }
    } else {
        Strategy::SingleUser
    };
    let target = |invocation: &Invocation| {
        Database::new(engine, strategy.clone(), config.database.clone(), invocation)
    };
    // The check of which version logs in runs without the operator's own proof, which belongs to testSecret
    // alone.
    let unproven = DatabaseSettings { proof: CustomProof::default(), ..config.database.clone() };
    let invocation = Invocation::new(Invoker::Person, deadline);
    let survey = Database::new(engine, strategy.clone(), unproven, &invocation);
    let plan = bounded(deadline, Plan::survey(found, &store, &survey, &strategy, &E::PROFILE)).await?;
    plan.show(screen);
    if arguments.dry_run || config.function.dry_run {
        let invocation = Invocation::new(Invoker::Person, Deadline::after(STEP_TIME));
        let shown = dry_run::show(&store, target(&invocation), plan.secret(), &invocation, screen);
        return bounded(invocation.deadline, shown).await;
    }
    if !arguments.yes {
        confirm(screen)?;
    }
    let version = match plan.pending() {
        Some(pending) => pending.clone(),
        None => {
            let invocation = Invocation::new(Invoker::Person, Deadline::after(STEP_TIME));
            bounded(invocation.deadline, plan.begin(&store, &target(&invocation), screen)).await?
        }
    };
    let recovery = arguments.recovery(plan.secret(), &version);
    Box::pin(steps::run(&store, target, plan.secret(), &version, &recovery, screen)).await
}

/// Boxed, because the SDK's futures nest deeper than the compiler lays out in one piece.
async fn bounded<T>(deadline: Deadline, work: impl Future<Output = Result<T>>) -> Result<T> {
    deadline.bound(Box::pin(work)).await.map_err(RotationError::from)?
}
