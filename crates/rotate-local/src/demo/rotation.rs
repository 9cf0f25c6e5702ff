//! One rotation, driven by `RotateSecret` and shown while it happens.

use std::time::Duration;

use anyhow::{Context, Result};
use local_aws::secrets_manager::RotationOutcome;
use rotation_cli::{Look, Screen};
use rotation_config::StrategyKind;
use rotation_suites::StoreCost;

use crate::{
    functions::Pair,
    local_environment::{Access, LocalEnvironment, Logins},
};

use super::watch::{Scene, Sighting, View, Watch};

/// The longest that a rotation may take here; a healthy one takes less than a second.
const LIMIT: Duration = Duration::from_mins(2);

/// The result of a rotation.
pub(super) struct Rotation {
    pub(super) secret: &'static str,
    pub(super) strategy: StrategyKind,
    /// The calls that the function made to Secrets Manager.
    pub(super) cost: StoreCost,
    /// Logins of the function.
    pub(super) logins: Logins,
    /// The steps after which AWSCURRENT did not log in.
    pub(super) gap: Vec<String>,
    /// Every labeled version before the rotation, after each step, and after the end, with the name of the
    /// moment.
    pub(super) views: Vec<(String, View)>,
    /// Why it failed, if it did.
    pub(super) failure: Option<String>,
}

impl Rotation {
    /// Whether the version under a label logs in; `None` where no version has it.
    pub(super) fn logs_in(&self, label: &str) -> Option<bool> {
        let (_, view) = self.views.last()?;
        access(&view.versions, label).map(|access| *access == Access::LogsIn)
    }
}

fn access<'a>(versions: &'a [Sighting], label: &str) -> Option<&'a Access> {
    versions.iter().find(|sighting| sighting.has(label)).map(|sighting| &sighting.access)
}

/// Rotates a secret and shows each step.
///
/// # Errors
/// The rotation cannot be started or does not end. One that fails is no error here.
pub(super) async fn run(
    local: &LocalEnvironment,
    functions: &Pair,
    watch: &mut Watch,
    secret: &'static str,
    strategy: StrategyKind,
    screen: &Screen,
) -> Result<Rotation> {
    let service = &local.secrets_manager;
    let function = functions.function(strategy);
    let before = watch.look(secret).await;
    show(screen, "before", "", &before.versions);
    let mut views = vec![("before".to_owned(), before)];
    let version = service.rotate(secret, function.arn()).context("RotateSecret was refused")?;
    let (mut logins, mut cost, mut gap, mut start) =
        (Logins::default(), StoreCost::default(), Vec::new(), None);
    let mut see = |scene: Scene| {
        show(screen, &scene.step, &milliseconds(scene.duration), &scene.view.versions);
        logins.add(scene.logins);
        cost = cost + scene.cost;
        start = start.or(scene.start);
        if access(&scene.view.versions, "AWSCURRENT") != Some(&Access::LogsIn) {
            gap.push(scene.step.clone());
        }
        views.push((scene.step, scene.view));
    };
    let record = {
        let ended = service.wait_for_rotation(secret, &version, LIMIT);
        tokio::pin!(ended);
        loop {
            tokio::select! {
                biased;
                Some(scene) = watch.scenes.recv() => see(scene),
                record = &mut ended => break record,
            }
        }
    }
    .context("the rotation has not ended")?;
    while let Ok(scene) = watch.scenes.try_recv() {
        see(scene);
    }
    let after = watch.look(secret).await;
    show(screen, "after", "", &after.versions);
    views.push(("after".to_owned(), after));
    let failure = match (record.outcome, record.steps().last()) {
        (Some(RotationOutcome::Succeeded), _) => None,
        (_, Some(step)) if step.error.is_some() => {
            Some(format!("{} failed: {}", step.step, step.error.as_ref().expect("it was just seen")))
        }
        (outcome, _) => Some(format!("the rotation ended as {outcome:?}")),
    };
    let rotation = Rotation { secret, strategy, cost, logins, gap, views, failure };
    summary(screen, &rotation, start);
    Ok(rotation)
}

/// One line per version; the first has the step and its time.
fn show(screen: &Screen, step: &str, time: &str, versions: &[Sighting]) {
    let mut head = (step, time);
    for sighting in versions {
        let (step, time) = std::mem::take(&mut head);
        let Sighting { version, labels, username, access } = sighting;
        let look = match access {
            Access::LogsIn => Look::Good,
            Access::Refused(_) => Look::Notable,
            Access::Nobody => Look::Faint,
        };
        let id = screen.paint(Look::Faint, version.get(..8).unwrap_or(version));
        let word = screen.paint(look, sighting.words());
        let labels = labels.join(" ");
        screen.line(format_args!("  {step:<12} {time:>8}  {id}  {labels:<21}  {username:<14}  {word}"));
    }
}

fn summary(screen: &Screen, rotation: &Rotation, start: Option<Duration>) {
    let Rotation { cost: StoreCost { calls, serial_calls }, logins, failure, .. } = rotation;
    let cold = match start {
        Some(start) => format!("; the process started in {}", milliseconds(start)),
        None => "; the process was warm".to_owned(),
    };
    screen.line(format_args!(
        "  {calls} calls of Secrets Manager, {serial_calls} one after another; {} logins, {} refused{cold}",
        logins.accepted,
        logins.refusals()
    ));
    match (failure, rotation.logs_in("AWSCURRENT")) {
        (Some(failure), _) => screen.line(screen.paint(Look::Bad, format!("  {failure}"))),
        (None, Some(true)) => screen.line(screen.paint(Look::Good, "  AWSCURRENT logs in")),
        (None, _) => screen.line(screen.paint(Look::Bad, "  AWSCURRENT does not log in")),
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}
