//! What a dry run writes: a line for each thing that a step would do.

use rotation_core::{DryRun, RotationEvent};

use crate::log::one_line;

/// The most lines that one dry run writes; a clone on Redshift may need a statement for each of many thousand
/// tables.
const MOST_ACTS: usize = 500;

/// Writes one line for each thing that a step would do. The lines are warnings: an operator who
/// started a dry run wants to see them, and one who forgot to end it must.
pub(crate) fn write(request_id: &str, event: &RotationEvent, dry_run: &DryRun) {
    let (secret, secret_version) = (event.secret.as_str(), event.version.as_str());
    let acts = dry_run.steps.iter().flat_map(|(step, acts)| acts.iter().map(move |act| (step, act)));
    for (step, act) in acts.clone().take(MOST_ACTS) {
        let (step, act) = (step.name(), act.to_string());
        let act = one_line(&act);
        tracing::warn!(request_id, step, secret, secret_version, dry_run = true, "{step} {act}");
    }
    let more = acts.count().saturating_sub(MOST_ACTS);
    if more > 0 {
        tracing::warn!(request_id, secret, secret_version, dry_run = true, "and {more} more");
    }
}
