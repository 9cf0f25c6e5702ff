//! The result table.

use std::{fmt::Write, time::Duration};

use crate::{
    ground::{Engine, Strategy},
    seen::Seen,
};

/// One line for each kind of secret.
pub(crate) fn draw(kinds: &[(Engine, Strategy, Seen)], took: Duration) -> String {
    let mut text = format!(
        "\nThe run took {:.0} s. Gaps are those of clients that log in continuously.\n\n",
        took.as_secs_f64()
    );
    let head = format!(
        "{:<22} {:>9} {:>8} {:>6} {:>8} {:>8} {:>9} {:>15} {:>10}",
        "", "rotations", "attempts", "kills", "logins", "refused", "overtaken", "gap median, ms", "p99, ms"
    );
    text += head.trim_end();
    text.push('\n');
    for (engine, strategy, seen) in kinds {
        let name = format!("{}_{}", engine.artifact(), strategy.artifact());
        let (median, p99) = (quantile(&seen.client.gaps, 0.5), quantile(&seen.client.gaps, 0.99));
        writeln!(
            text,
            "{name:<22} {:>9} {:>8} {:>6} {:>8} {:>8} {:>9} {median:>15} {p99:>10}",
            seen.rotations,
            seen.attempts,
            seen.kills,
            seen.client.logins,
            seen.client.refused,
            seen.client.overtaken
        )
        .expect("a String takes everything");
    }
    text
}

/// A quantile in milliseconds; a dash where there is no value.
pub(crate) fn quantile(values: &[Duration], share: f64) -> String {
    let mut sorted = values.to_vec();
    sorted.sort();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a count that fits into memory"
    )]
    let rank = ((sorted.len() as f64 * share).ceil() as usize).max(1) - 1;
    sorted.get(rank).map_or_else(|| "-".to_owned(), |value| value.as_millis().to_string())
}
