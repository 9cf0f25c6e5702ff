//! A client that logs in with `AWSCURRENT` again and again.
//!
//! A refusal counts if the client reads `AWSCURRENT`, logs in, is refused, and `AWSCURRENT` is still the same
//! version. If the label moved between the read and the refusal, the client had a password that was no longer
//! current. It then reads again, as an application does, and that is counted separately.

use std::time::{Duration, Instant};

use local_aws::secrets_manager::{Operation, SecretsManagerHandle};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    ground::{Ground, Opens},
};

/// The pause between two logins.
const PAUSE: Duration = Duration::from_millis(10);

/// What a client observed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observations {
    pub(crate) logins: usize,
    /// `AWSCURRENT` was refused, and was still `AWSCURRENT`.
    pub(crate) refused: usize,
    /// `AWSCURRENT` logged in but could not do its work, and was still `AWSCURRENT`.
    pub(crate) denied: usize,
    /// The label had moved meanwhile.
    pub(crate) overtaken: usize,
    /// From the first refusal to the next login, for each gap.
    pub(crate) gaps: Vec<Duration>,
}

impl Observations {
    pub(crate) fn add(&mut self, other: Self) {
        self.logins += other.logins;
        self.refused += other.refused;
        self.denied += other.denied;
        self.overtaken += other.overtaken;
        self.gaps.extend(other.gaps);
    }
}

/// Logs in until `is_over`, and then once more.
pub(crate) async fn watch(
    ground: &dyn Ground,
    store: &SecretsManagerHandle,
    secret: &str,
    is_over: impl Fn() -> bool,
) -> Result<Observations, Failure> {
    let mut seen = Observations::default();
    let mut shut_since = None;
    loop {
        // Checked before the login, so that one login comes after the end.
        let last = is_over();
        let (version, document) = current(store, secret)?;
        let asked = Instant::now();
        let opens = ground.opens(&document).await?;
        if opens != Opens::Works && current(store, secret)?.0 != version {
            seen.overtaken += 1;
            continue;
        }
        match opens {
            Opens::Refused => {
                seen.refused += 1;
                shut_since.get_or_insert(asked);
                if last {
                    return Err(format!("AWSCURRENT of {secret} does not log in after a rotation").into());
                }
            }
            Opens::Works | Opens::Denied(_) => {
                seen.logins += 1;
                seen.denied += usize::from(opens != Opens::Works);
                seen.gaps.extend(shut_since.take().map(|since: Instant| since.elapsed()));
                if last {
                    return Ok(seen);
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The version under `AWSCURRENT`, and its document.
pub(crate) fn current(store: &SecretsManagerHandle, secret: &str) -> Result<(String, Value), Failure> {
    let request = json!({"SecretId": secret, "VersionStage": "AWSCURRENT"});
    let answer = store.call_inside(Operation::GetSecretValue, request)?;
    let text = |member: &str| answer[member].as_str().unwrap_or_default();
    Ok((text("VersionId").to_owned(), serde_json::from_str(text("SecretString"))?))
}
