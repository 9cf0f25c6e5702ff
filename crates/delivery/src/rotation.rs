//! The first rotation of a secret that was just deployed.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::{
    aws_cli::{AwsCli, text},
    console::{Console, say},
    plan::SecretFacts,
};

/// The longest that a rotation is watched.
const LIMIT: Duration = Duration::from_mins(3);

/// Offers the first rotation, and watches it. `wanted` agrees to it in advance.
///
/// # Errors
/// There is no terminal, AWS refuses, or the new version is not AWSCURRENT in time.
pub(crate) fn offer(
    console: Console,
    aws: &AwsCli,
    secret: &SecretFacts,
    wanted: bool,
) -> anyhow::Result<()> {
    let by_hand = format!("aws secretsmanager rotate-secret --secret-id {}", secret.arn);
    // --yes agrees to the stack; a password is changed only after explicit agreement to that.
    if !wanted && (console.yes || !console.agrees("Rotate the secret now?")?) {
        return Ok(say(format!("To rotate it now: {by_hand}"))?);
    }
    let started = aws.call(&["secretsmanager", "rotate-secret", "--secret-id", &secret.arn])?;
    let version = text(&started, "VersionId").to_owned();
    say(format!("Rotating to version {version}."))?;
    let begun = Instant::now();
    loop {
        let described = aws.call(&["secretsmanager", "describe-secret", "--secret-id", &secret.arn])?;
        let labels = described["VersionIdsToStages"][&version].as_array();
        if labels.is_some_and(|labels| labels.iter().any(|label| label == "AWSCURRENT")) {
            return Ok(say(format!("Version {version} is AWSCURRENT."))?);
        }
        ensure!(
            begun.elapsed() < LIMIT,
            "version {version} is not AWSCURRENT yet; Secrets Manager retries by itself, and the \
             function's log names the cause"
        );
        sleep(Duration::from_secs(2));
    }
}
