//! A dry run: what each step would do.

use anyhow::Result;
use rotation_aws::SecretsManager;
use rotation_core::{Act, Invocation, Rotator, SecretId, Target};

use rotation_cli::{Look, Screen};

/// Prints what a rotation would do, step by step. Nothing is changed: it reads the secret, logs in as a
/// rotation would, and reads the users.
///
/// The errors with which a rotation would fail up to there.
/// Those by which a rotation would fail up to there.
pub(super) async fn show(
    store: &SecretsManager,
    target: impl Target,
    secret: &SecretId,
    invocation: &Invocation,
    screen: &Screen,
) -> Result<()> {
    let rotator = Rotator::new(store.clone(), target, invocation);
    let dry_run = rotator.dry_run_all(secret).await?;
    for (step, acts) in &dry_run.steps {
        for (index, act) in acts.iter().enumerate() {
            let name = if index == 0 { step.name() } else { "" };
            let text = act.to_string();
            let text = if matches!(act, Act::Note(_)) { screen.paint(Look::Notable, text) } else { text };
            screen.line(format_args!("{name:<12} {text}"));
        }
    }
    let count = dry_run.statements();
    screen.line(screen.paint(
        Look::Good,
        format!("A dry run: {count} statements would be run in the database. Nothing was changed."),
    ));
    match dry_run.obstacle {
        Some(obstacle) => Err(obstacle.into()),
        None => Ok(()),
    }
}
