//! `rotate-local demo`: four rotations of a real database, watched step by step, and a verdict.
//!
//! ```text
//! RotateSecret ─> Watch ─> the function's process ─> database, Secrets Manager
//!                   └─ Scene: time, labels, which version logs in ─> the screen, the timelines, the promises
//! ```

mod chronicle;
mod programme;
mod promises;
mod rotation;
mod watch;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Result, bail};
use clap::Args;
use local_aws::secrets_manager::{RotationSettings, Settings, Trouble};
use rotation_cli::{
    EngineKind, Look, Screen,
    timeline::{Glyphs, Page, Section, Timeline, TimelineFlags, text_lines},
};
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
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The database
    #[arg(value_enum, default_value_t)]
    engine: EngineKind,

    /// Take the functions that were built with --release (default: those of the debug build)
    #[arg(long)]
    release: bool,

    /// Keep everything running after the verdict, until Ctrl-C
    #[arg(long)]
    keep: bool,

    #[command(flatten)]
    timeline: TimelineFlags,

    /// Take the functions from this folder
    #[arg(long, value_name = "DIR", hide = true)]
    functions: Option<PathBuf>,
}

const ABOUT: &str = "\
Rotate a real database on this machine and see what happens.

Starts a server of the database and a local Secrets Manager, makes users and their secrets, and rotates by \
RotateSecret: twice single user, twice alternating users, through the very programs that go to Lambda. After \
each step it shows the labels of every version and tries which of them logs in. After the last rotation it \
draws the timeline of the labels of each secret, and reports whether each promise was kept; the exit code is \
1 where one was not. The promises differ: MySQL lets a single user keep the old password until the \
next rotation, others do not. No password is shown.";

const EXAMPLES: &str = "\
Examples:
  rotate-local demo                    the newest PostgreSQL that this machine has
  rotate-local demo mysql              MySQL, with two passwords for a single user
  rotate-local demo docdb              MongoDB, whose protocol DocumentDB speaks
  rotate-local demo redshift           PostgreSQL behind a guard of Redshift's documented grammar
  rotate-local demo --release          with the programs that are shipped
  rotate-local demo --keep             and look around afterwards, with the AWS CLI
  rotate-local demo --html demo.html   and the timelines as a page for a browser
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
        let timelines = timelines(&rotations);
        draw(&timelines, arguments.timeline.glyphs(environment), screen);
        arguments.timeline.write(|| page(&timelines, &rotations, arguments.engine), screen)?;
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

/// The labels and logins of each secret, over all its rotations.
fn timelines(rotations: &[Rotation]) -> Vec<(&'static str, Timeline)> {
    let mut secrets: Vec<&'static str> = rotations.iter().map(|rotation| rotation.secret).collect();
    secrets.dedup();
    let timeline = |secret| {
        let own = rotations.iter().filter(|rotation| rotation.secret == secret);
        (secret, chronicle::timeline(own.flat_map(|rotation| &rotation.views)))
    };
    secrets.into_iter().map(timeline).collect()
}

fn draw(timelines: &[(&'static str, Timeline)], glyphs: Glyphs, screen: &Screen) {
    let paint = |look, text: &str| screen.paint(look, text);
    for (secret, timeline) in timelines {
        screen.line("");
        screen.line(screen.paint(Look::Strong, format!("Timeline of {secret}")));
        for line in text_lines(timeline, glyphs, &paint) {
            screen.line(line);
        }
    }
    screen.line("");
}

fn page<'a>(
    timelines: &'a [(&'static str, Timeline)],
    rotations: &[Rotation],
    engine: EngineKind,
) -> Page<'a> {
    #[expect(clippy::disallowed_methods, reason = "the page shows when it was made, and this is the shell")]
    let made = SystemTime::now();
    let section = |(secret, timeline): &'a (&'static str, Timeline)| {
        let own = || rotations.iter().filter(|rotation| rotation.secret == *secret);
        let strategy = own().next().map_or("-", |rotation| rotation.strategy.name());
        let end = match own().find_map(|rotation| rotation.failure.as_deref()) {
            Some(failure) => failure.to_owned(),
            None => format!("{} rotations succeeded", own().count()),
        };
        let notes = [("Database", engine.title()), ("Strategy", strategy), ("Result", &end)];
        let notes = notes.map(|(term, text)| (term.to_owned(), text.to_owned())).to_vec();
        Section { heading: (*secret).to_owned(), timeline, notes }
    };
    Page {
        title: "Labels and logins of rotated secrets",
        about: "Drawn by rotate-local demo from what it saw around each rotation and after each step.",
        made,
        sections: timelines.iter().map(section).collect(),
    }
}

/// Prints each promise with what was found, and the one line that counts.
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
