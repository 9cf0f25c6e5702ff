//! `rotate-local local`: a local Secrets Manager that stays.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use local_aws::secrets_manager::Settings;
use rotation_cli::{EngineKind, Look, Screen};
use rotation_config::Environment;

use crate::{
    functions::{self, Pair},
    interruption::Interruption,
    local_environment::{ALTERNATING_SECRET, DATABASE, Database, LocalEnvironment, SINGLE_USER_SECRET},
};

/// Keep a local Secrets Manager running, with the functions registered
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The TCP port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 4584)]
    port: u16,

    /// Keep the secrets in this file (mode 0600) and go on with them at the next start (default: memory
    /// alone)
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    #[command(flatten)]
    database: DatabaseFlags,

    /// Take the functions from this folder
    #[arg(long, value_name = "DIR", hide = true)]
    functions: Option<PathBuf>,
}

/// At most one of them. The server lasts as long as the command, so the file of `--state` would outlive the
/// databases of its secrets.
#[derive(Args, Debug)]
#[group(multiple = false, conflicts_with = "state")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line, of which one at most is set")]
struct DatabaseFlags {
    /// Start a PostgreSQL as well, with users and their secrets; it lasts as long as the command, so --state
    /// does not go with it
    #[arg(long)]
    postgres: bool,

    /// The same with MySQL
    #[arg(long)]
    mysql: bool,

    /// The same with MariaDB
    #[arg(long)]
    mariadb: bool,

    /// The same with a server that speaks the protocol of MongoDB and DocumentDB
    #[arg(long)]
    docdb: bool,

    /// The same with what stands for Redshift: PostgreSQL behind a guard of Redshift's documented grammar
    #[arg(long)]
    redshift: bool,
}

impl DatabaseFlags {
    fn engine(&self) -> Option<EngineKind> {
        let asked = |engine: &EngineKind| match engine {
            EngineKind::Postgres => self.postgres,
            EngineKind::Mysql => self.mysql,
            EngineKind::Mariadb => self.mariadb,
            EngineKind::Docdb => self.docdb,
            EngineKind::Redshift => self.redshift,
        };
        EngineKind::value_variants().iter().copied().find(asked)
    }
}

const ABOUT: &str = "\
Keep a local Secrets Manager running, with the rotation functions registered.

Any AWS SDK and the AWS CLI work against it; they want credentials, and any will do. RotateSecret drives the \
real function programs through the four steps. Ctrl-C ends everything and removes its files; only the file \
of --state stays.

Settings of the functions (PASSWORD_LENGTH, EXCLUDE_CHARACTERS, REQUIRE_TLS and so on) are taken \
from the environment.";

const EXAMPLES: &str = "\
Examples:
  rotate-local local --postgres                        everything that a rotation needs
  rotate-local local --port 4584 --state secrets.json  secrets that survive a restart

  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1
  aws --endpoint-url http://127.0.0.1:4584 secretsmanager list-secrets";

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// Something could not be started.
pub(crate) async fn run(arguments: &Arguments, environment: &Environment, screen: &Screen) -> Result<()> {
    let mut interruption = Interruption::listen()?;
    let folder = match &arguments.functions {
        Some(folder) => folder.clone(),
        None => functions::folder(false)?,
    };
    let asked = arguments.database.engine();
    let mut engines = functions::built(&folder);
    // A missing program is reported then, with the command that builds it.
    match asked {
        Some(engine) if !engines.contains(&engine) => engines.push(engine),
        None if engines.is_empty() => engines.push(EngineKind::Postgres),
        _ => {}
    }
    let database = asked.map(|engine| Database::start(engine, screen)).transpose()?;
    let settings =
        Settings { port: arguments.port, state_file: arguments.state.clone(), ..Settings::default() };
    let local = LocalEnvironment::start(&folder, &engines, settings, database, environment).await?;
    show(&local, screen);
    interruption.wait().await;
    drop(local);
    screen.line("Ended; nothing is left running.");
    Ok(())
}

/// Prints what runs, and the lines to try.
pub(crate) fn show(local: &LocalEnvironment, screen: &Screen) {
    let endpoint = local.secrets_manager.endpoint();
    let heading = |text: &str| screen.line(screen.paint(Look::Strong, text));
    screen.line(format_args!("Secrets Manager at {endpoint}"));
    for function in local.functions.iter().flat_map(Pair::both) {
        screen.line(format_args!("function {}", function.arn()));
    }
    if let Some(Database { server, .. }) = &local.database {
        let (title, host, port) = (server.server().title(), server.server().host(), server.port());
        screen.line(format_args!("{title} at {host}:{port}, database {DATABASE}"));
    }

    screen.line("");
    heading("In another terminal");
    screen.line("  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1");
    let aws = format!("  aws --endpoint-url {endpoint} secretsmanager");
    let functions = local.shown();
    let engine = functions.engine.word();
    let (single_user, alternating) = match &local.database {
        Some(database) => {
            screen.line(format_args!("  export TLS_CA_BUNDLE={}", database.authority_file()));
            (SINGLE_USER_SECRET, Some(ALTERNATING_SECRET))
        }
        None => {
            screen.line(format_args!("{aws} create-secret --name app --secret-string \\"));
            screen.line(format_args!(
                "    '{{\"engine\":\"{engine}\",\"host\":\"localhost\",\"username\":\"app\",\"password\":\"...\"}}'",
            ));
            ("app", None)
        }
    };
    let rotate = |secret: &str, function: &str| {
        screen.line(format_args!("{aws} rotate-secret --secret-id {secret} --rotation-lambda-arn \\"));
        screen.line(format_args!("    {function}"));
    };
    rotate(single_user, functions.single_user.arn());
    if let Some(alternating) = alternating {
        rotate(alternating, functions.master_user.arn());
    }
    screen.line(format_args!("{aws} get-secret-value --secret-id {single_user}"));
    screen.line(format_args!("{aws} describe-secret --secret-id {single_user}"));
    screen.line(format_args!("  rotate run {single_user} --endpoint-url {endpoint}"));
    screen.line("");
    screen.line("Ctrl-C ends it.");
}
