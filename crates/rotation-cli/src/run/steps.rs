//! The four steps, one after another, as Secrets Manager would call them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rotation_aws::SecretsManager;
use rotation_core::{
    Applied, Deadline, Invocation, Invoker, Outcome, RotationEvent, Rotator, SecretId, SecretStore, Step,
    Target, VersionId,
};

use rotation_cli::{Look, Screen};

/// The time for one step, as for a function with Lambda's usual 30 seconds.
pub(super) const STEP_TIME: Duration = Duration::from_secs(30);

/// The time for removing the label of a finished rotation; nothing depends on it.
const TIDY_TIME: Duration = Duration::from_secs(5);

/// Runs the steps and prints the result of each. Afterwards the version is AWSCURRENT.
///
/// # Errors
/// The first step that failed, with how to resume the rotation: by `recovery`.
pub(super) async fn run<T: Target>(
    store: &SecretsManager,
    target: impl Fn(&Invocation) -> T,
    secret: &SecretId,
    version: &VersionId,
    recovery: &str,
    screen: &Screen,
) -> Result<()> {
    for step in Step::ALL {
        let invocation = Invocation::new(Invoker::Person, Deadline::after(STEP_TIME));
        let rotator = Rotator::new(store.within(invocation.deadline), target(&invocation), &invocation);
        let event =
            RotationEvent { step, secret: secret.clone(), version: version.clone(), rotation_token: None };
        let began = Instant::now();
        let outcome = rotator.rotate(&event).await;
        let outcome =
            outcome.with_context(|| format!("{step} failed; to resume the rotation: {recovery}"))?;
        let time = format!("{:>6.0} ms", began.elapsed().as_secs_f64() * 1000.0);
        let name = step.name();
        screen.line(format_args!("{name:<12} {}  {}", screen.paint(Look::Faint, time), sentence(&outcome)));
        let notes = match &outcome {
            Outcome::Set(Applied::Changed(committed)) => &committed.notes[..],
            Outcome::Tested { notes } => notes,
            _ => &[],
        };
        for note in notes {
            screen.line(screen.paint(Look::Notable, format!("             note: {note}")));
        }
    }
    screen.line(screen.paint(Look::Good, format!("AWSCURRENT is version {version}, and it logs in.")));
    let _ = Deadline::after(TIDY_TIME).bound(Box::pin(tidy(store, secret, version))).await;
    Ok(())
}

/// The label stays on AWSCURRENT after the last step; the service removes it at the end of its own
/// rotations. A failure here is harmless: the next rotation may begin all the same.
async fn tidy(store: &SecretsManager, secret: &SecretId, version: &VersionId) {
    if let Ok(described) = store.describe(secret).await {
        let _ = store.end(&described, version).await;
    }
}

fn sentence(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::AlreadyDone => "the version was AWSCURRENT already",
        Outcome::Created => "the new value is stored",
        Outcome::AlreadyCreated => "the version has its value",
        Outcome::Set(Applied::Changed(_)) => "the password is changed in the database",
        Outcome::Set(Applied::AlreadySet) => "the password was changed before",
        Outcome::Tested { .. } => "the new credentials log in",
        Outcome::Finished => "the version is AWSCURRENT",
    }
}
