//! `rotate-local demo`: four rotations of a real database, watched step by step, and a verdict.
//!
//! ```text
//! RotateSecret ─> Watch ─> the function's process ─> database, Secrets Manager
//!                   └─ Scene: time, labels, which version logs in ─> the screen, the promises
//! ```

mod programme;
mod promises;
mod rotation;
mod watch;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;
use local_aws::secrets_manager::{RotationSettings, Settings, Trouble};
use rotation_cli::{EngineKind, Look, Screen};
use rotation_config::{Environment, StrategyKind};

use crate::{
    functions,
    interruption::Interruption,
    local,
    local_environment::{Database, LocalEnvironment, MASTER_SECRET},
};

use programme::PROGRAMME;
use promises::Promise;
use rotation::Rotation;
use watch::Watch;

/// Rotate a real database on this machine and see what happens
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The database
    #[arg(value_enum, default_value_t)]
    engine: EngineKind,

    /// Take the shipped functions, built with --release
    #[arg(long)]
    release: bool,

    /// Keep everything running after the verdict, until Ctrl-C
    #[arg(long)]
    keep: bool,

    /// Take the functions from this folder
    #[arg(long, value_name = "DIR", hide = true)]
    functions: Option<PathBuf>,
}

const ABOUT: &str = "\
Rotate a real database on this machine and see what happens.

Starts a server of the database and a local Secrets Manager, makes users and their secrets, and rotates by \
RotateSecret: twice single user, twice alternating users, through the very programs that go to Lambda. After \
each step it shows the labels of every version and tries which of them logs in. At the end it says whether \
everything was as promised; the exit code is 1 when it was not. What is promised differs: MySQL lets a \
single user keep its old password beside the new one, others do not. No password is shown.";

const EXAMPLES: &str = "\
Examples:
  rotate-local demo                    the newest PostgreSQL that this machine has
  rotate-local demo mysql              MySQL, with two passwords for a single user
  rotate-local demo docdb              MongoDB, whose protocol DocumentDB speaks
  rotate-local demo redshift           PostgreSQL behind a guard of Redshift's documented grammar
  rotate-local demo --release          with the programs that are shipped
  rotate-local demo --keep             and look around afterwards, with the AWS CLI
  NO_COLOR=1 rotate-local demo | less  plain lines";

/// The delay of the local Secrets Manager's answers, so that a call takes about as long as on AWS.
const CALL_TIME: Duration = Duration::from_millis(25);

/// Shows the rotations and the verdict.
///
/// # Errors
/// Something could not be started, or a guarantee was broken.
pub(crate) async fn run(arguments: &Arguments, environment: &Environment, screen: &Screen) -> Result<()> {
    let folder = match &arguments.functions {
        Some(folder) => folder.clone(),
        None => functions::folder(arguments.release)?,
    };
    let mut interruption = Interruption::listen()?;
    let began = Instant::now();
    let show = async {
        let local = start(&folder, arguments.engine, environment, screen).await?;
        let (rotations, promises) = rotate(&local, screen).await?;
        Ok::<_, anyhow::Error>((local, verdict(&promises, &rotations, began, screen)))
    };
    let (local, verdict) = tokio::select! {
        () = interruption.wait() => bail!("interrupted; nothing is left running"),
        shown = show => shown?,
    };
    if arguments.keep {
        screen.line("");
        local::show(&local, screen);
        interruption.wait().await;
    }
    verdict
}

async fn start(
    folder: &Path,
    engine: EngineKind,
    environment: &Environment,
    screen: &Screen,
) -> Result<LocalEnvironment> {
    let database = Database::start(engine, screen)?;
    let settings = Settings {
        // One attempt: the demo must show what the service would fix by trying again.
        rotation: RotationSettings { attempts: 1, ..RotationSettings::default() },
        trouble: Trouble { delay: CALL_TIME, ..Trouble::default() },
        ..Settings::default()
    };
    let local = LocalEnvironment::start(folder, &[engine], settings, Some(database), environment).await?;
    screen.line(format_args!(
        "Secrets Manager at {}, {} ms a call; functions from {}",
        local.secrets_manager.endpoint(),
        CALL_TIME.as_millis(),
        folder.display()
    ));
    Ok(local)
}

/// Runs the program of rotations, up to the first that fails.
async fn rotate(local: &LocalEnvironment, screen: &Screen) -> Result<(Vec<Rotation>, Vec<Promise>)> {
    let Database { server, .. } = local.database.as_ref().expect("it was started with one");
    let functions = local.shown();
    let mut watch = Watch::over(local, functions, server);
    // Read once, so that its password is among those that the logs are searched for.
    watch.look(MASTER_SECRET).await;
    let (mut rotations, mut rights): (Vec<Rotation>, _) = (Vec::new(), None);
    for (index, (secret, strategy)) in PROGRAMME.into_iter().enumerate() {
        screen.line("");
        let title = format!("Rotation {} of {}: {secret}, {}", index + 1, PROGRAMME.len(), strategy.name());
        screen.line(screen.paint(Look::Strong, title));
        let rotation = rotation::run(local, functions, &mut watch, secret, strategy, screen).await?;
        let failed = rotation.failure.is_some();
        rotations.push(rotation);
        if failed {
            break;
        }
        if strategy == StrategyKind::MasterUser && rights.is_none() {
            // Right after the first rotation to it.
            rights = promises::inspect(server.as_ref(), &local.secrets_manager).await;
        }
    }
    let promises = promises::all(&rotations, rights, &watch, functions, server.as_ref());
    Ok((rotations, promises))
}

/// Prints each guarantee with what was found, and the verdict.
fn verdict(promises: &[Promise], rotations: &[Rotation], began: Instant, screen: &Screen) -> Result<()> {
    screen.line("");
    screen.line(screen.paint(Look::Strong, "Promised"));
    for promise in promises {
        let word = screen.paint(Look::of(promise.kept), if promise.kept { "kept  " } else { "BROKEN" });
        screen.line(format_args!("  {word}  {}: {}", promise.text, promise.found));
        if let Some(note) = &promise.note {
            screen.line(screen.paint(Look::Faint, format!("          {note}")));
        }
    }
    screen.line("");
    let seconds = began.elapsed().as_secs_f64();
    let Some(broken) = promises.iter().find(|promise| !promise.kept) else {
        let all = format!(
            "Verdict: as expected. {} rotations ended with `AWSCURRENT logs in`, in {seconds:.1} s.",
            rotations.len()
        );
        screen.line(screen.paint(Look::Good, all));
        return Ok(());
    };
    // The cause of a failed rotation is more useful than the guarantees that it broke.
    let failure = rotations.iter().find_map(|rotation| rotation.failure.as_deref());
    let why = match failure {
        Some(failure) => failure.to_owned(),
        None => format!("{}: {}", broken.text, broken.found),
    };
    screen.line(screen.paint(Look::Bad, format!("Verdict: not as expected: {why}")));
    bail!("the demo found a broken promise: {}", broken.text)
}
