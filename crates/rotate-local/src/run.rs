//! `rotate-local run`: any function program rotates a secret of one's own.

mod faults;

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, RotationRecord, RotationSettings, Settings},
};
use rotation_cli::{Look, Screen};

use crate::interruption::Interruption;

use faults::{Faults, Kind};

/// Rotate a secret by any function program, step by step
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The file with the secret's value
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,

    /// How many rotations, one after another; none follows one that fails
    #[arg(long, value_name = "N", default_value_t = 1)]
    times: u32,

    /// Then rotate with faults, of these kinds with commas between them; without a value, of every kind
    /// (default: none)
    #[arg(
        long,
        value_name = "KIND",
        value_enum,
        num_args = 0..,
        require_equals = true,
        value_delimiter = ','
    )]
    faults: Option<Vec<Kind>>,

    /// A variable of the function; may be repeated (default: none)
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,

    /// The secret's name
    #[arg(long, value_name = "NAME", default_value = "app")]
    name: String,

    /// Keep the secret in this file (mode 0600), and where it is there already, go on with it instead of
    /// --secret (default: memory alone)
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// The program and its arguments
    #[arg(value_name = "PROGRAM", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<String>,
}

const ABOUT: &str = "\
Rotate a secret by any function program, step by step.

Starts a local Secrets Manager with one secret, runs the program as Lambda runs it (any language that speaks \
the Runtime API), and rotates by RotateSecret. Shows each step with its time and its error. What the program \
logs is printed after a rotation that fails. The exit code is 1 then.

The program gets what Lambda sets, the variables of --env, and the address of the local Secrets Manager in \
SECRETS_MANAGER_ENDPOINT and AWS_ENDPOINT_URL_SECRETS_MANAGER, and nothing else of this environment. The new \
password is kept in memory alone, unless --state names a file.

--faults needs a function that has just rotated. It rotates once for each call of Secrets Manager and each \
kind, with retries, and a healthy rotation after each: they must succeed, and the program's output must hold \
no value that was rotated. What the program does at its own service is not stopped; the kit \
(rotation-conformance) does that for targets in Rust.";

const EXAMPLES: &str = "\
Examples:
  rotate-local run --secret app.json --state state.json target/debug/postgres_single_user
  rotate-local run --secret app.json --times 2 --env TLS_CA_BUNDLE=ca.pem ./my_function
  rotate-local run --secret app.json --faults ./my_function
  rotate-local run --secret app.json --faults=lost-answer,stale ./my_function
  rotate-local run --secret app.json -- /usr/bin/python3 -m awslambdaric handler.handler";

/// The longest that a rotation may take: four invocations of Lambda's default timeout here.
const LIMIT: Duration = Duration::from_mins(3);

/// Rotates as often as requested.
///
/// # Errors
/// Something could not be started, or a rotation did not succeed.
pub(crate) async fn run(arguments: &Arguments, screen: &Screen) -> Result<()> {
    let mut interruption = Interruption::listen()?;
    tokio::select! {
        () = interruption.wait() => bail!("interrupted; nothing is left running"),
        outcome = rotate(arguments, screen) => outcome,
    }
}

async fn rotate(arguments: &Arguments, screen: &Screen) -> Result<()> {
    let settings = Settings {
        state_file: arguments.state.clone(),
        // One attempt: a step that fails must be shown.
        rotation: RotationSettings {
            attempts: if arguments.faults.is_some() { faults::ATTEMPTS } else { 1 },
            ..RotationSettings::default()
        },
        ..Settings::default()
    };
    let service = LocalSecretsManager::start(settings).await.context("no local Secrets Manager")?;
    if service.stages(&arguments.name).is_err() {
        let value = fs::read_to_string(&arguments.secret)
            .with_context(|| format!("{} cannot be read", arguments.secret.display()))?;
        service.create_secret(&arguments.name, value.trim_end())?;
    }
    let function = function(arguments, &service.endpoint())?;
    service.register(function.arn(), Arc::new(function.clone()));
    for number in 1..=arguments.times {
        screen.line(
            screen
                .paint(Look::Strong, format!("Rotation {number} of {}: {}", arguments.times, arguments.name)),
        );
        let version = service.rotate(&arguments.name, function.arn()).context("RotateSecret was refused")?;
        let record = service.wait_for_rotation(&arguments.name, &version, LIMIT).await?;
        show(&record, screen);
        if record.outcome != Some(RotationOutcome::Succeeded) {
            for line in function.output().lines() {
                screen.line(screen.paint(Look::Faint, format!("  | {line}")));
            }
            bail!("{}", failure(&record));
        }
    }
    let Some(kinds) = &arguments.faults else { return Ok(()) };
    let kinds = if kinds.is_empty() { Kind::value_variants() } else { kinds };
    screen.line(screen.paint(Look::Strong, format!("Rotations with faults: {}", arguments.name)));
    let faults = Faults { manager: &service, function: &function, secret: &arguments.name, screen };
    faults.run(kinds).await
}

fn function(arguments: &Arguments, endpoint: &str) -> Result<LambdaFunction> {
    let (program, more) = arguments.program.split_first().context("no program")?;
    let mut function = LambdaFunction::builder(program)
        .env("SECRETS_MANAGER_ENDPOINT", endpoint)
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint);
    for argument in more {
        function = function.arg(argument);
    }
    for (name, value) in &arguments.variables {
        function = function.env(name, value);
    }
    function.build().context("the function cannot be prepared")
}

/// One line per step.
fn show(record: &RotationRecord, screen: &Screen) {
    for step in record.steps() {
        let time = step.duration.as_secs_f64() * 1000.0;
        let outcome = match &step.error {
            None => screen.paint(Look::Good, "done"),
            Some(error) => screen.paint(Look::Bad, error),
        };
        screen.line(format_args!("  {:<12} {time:>6.0} ms  {outcome}", step.step));
    }
    if record.outcome == Some(RotationOutcome::Succeeded) {
        screen.line(format_args!("  AWSCURRENT is version {}", record.version));
    }
}

fn failure(record: &RotationRecord) -> String {
    match (record.outcome, record.steps().last()) {
        (Some(RotationOutcome::NotPromoted), _) => {
            "every step succeeded, and finishSecret did not move AWSCURRENT".to_owned()
        }
        (_, Some(step)) if step.error.is_some() => format!("{} failed", step.step),
        (outcome, _) => format!("the rotation ended as {outcome:?}"),
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a variable is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
