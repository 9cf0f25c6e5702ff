//! `rotate-local run --faults`: rotations that each meet one fault, with Secrets Manager's retries.
//!
//! ```text
//! healthy rotation ─> its calls of Secrets Manager ─> for each call and kind: a rotation with the fault
//!                                                      └ then: AWSCURRENT is new, a healthy one succeeds
//! repeated steps, a process per step, steps of an old token ─> nothing changes that should not
//! ```

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use local_aws::{
    BoxFuture, Function, FunctionError, LambdaFunction, LocalSecretsManager,
    secrets_manager::{Fault, FaultKind, Held, Operation, RotationOutcome, RotationRecord},
};
use rotation_cli::{Look, Screen};
use serde_json::{Value, json};

/// More attempts than there are faults in a rotation.
pub(super) const ATTEMPTS: u32 = 4;

/// The longest that one rotation with a fault may take.
const LIMIT: Duration = Duration::from_mins(5);

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Secrets Manager throttles a call
    Throttle,
    /// A call has no effect, and its connection is cut
    LostRequest,
    /// A call takes effect, and its answer is lost
    LostAnswer,
    /// The process is killed before a call takes effect
    KillBefore,
    /// The process is killed after a call has taken effect
    KillAfter,
    /// The process is killed after each step
    KillBetween,
    /// Each step is called twice
    Repeat,
    /// An old token's steps are called after a newer rotation
    Stale,
}

impl Kind {
    /// Whether it meets one call of Secrets Manager, so that there is one rotation for each call.
    fn is_of_a_call(self) -> bool {
        !matches!(self, Self::KillBetween | Self::Repeat | Self::Stale)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttled",
            Self::LostRequest => "lost before its effect",
            Self::LostAnswer => "answer lost",
            Self::KillBefore => "killed before",
            Self::KillAfter => "killed after",
            Self::KillBetween => "killed after each step",
            Self::Repeat => "each step called twice",
            Self::Stale => "steps of an old token after a newer rotation",
        }
    }
}

/// A secret and its function, of which one rotation has succeeded.
pub(super) struct Faults<'a> {
    pub(super) manager: &'a LocalSecretsManager,
    pub(super) function: &'a LambdaFunction,
    pub(super) secret: &'a str,
    pub(super) screen: &'a Screen,
}

impl Faults<'_> {
    /// Rotates with each of these kinds of faults, and shows one line for each rotation.
    ///
    /// # Errors
    /// The first fault after which the secret is not as it should be. The rest is not tried: what it left
    /// behind would be blamed on others.
    pub(super) async fn run(&self, kinds: &[Kind]) -> Result<()> {
        let calls = self.calls().await?;
        for kind in kinds.iter().copied().filter(|kind| kind.is_of_a_call()) {
            for (operation, before) in &calls {
                let name = format!("{operation} {}: {}", before + 1, kind.name());
                self.checked(&name, self.at_call(kind, *operation, *before)).await?;
            }
        }
        for kind in kinds.iter().copied().filter(|kind| !kind.is_of_a_call()) {
            match kind {
                Kind::Stale => self.checked(kind.name(), self.stale()).await?,
                _ => self.checked(kind.name(), self.in_other_processes(kind)).await?,
            }
        }
        Ok(())
    }

    /// The calls of a healthy rotation, each with the number of the same operation before it.
    async fn calls(&self) -> Result<Vec<(Operation, u32)>> {
        self.manager.take_calls();
        self.rotate().await?;
        let mut counts = BTreeMap::new();
        let mut number = |operation| {
            let count = counts.entry(operation).or_insert(0);
            *count += 1;
            (operation, *count - 1)
        };
        Ok(self.manager.take_calls().iter().map(|call| number(call.operation)).collect())
    }

    /// Runs one of the topics, then a healthy rotation, and looks for values in the log.
    async fn checked(&self, name: &str, topic: impl Future<Output = Result<usize>>) -> Result<()> {
        let checked = async {
            let attempts = topic.await?;
            self.rotate().await.context("the rotation after it")?;
            self.no_value_is_logged()?;
            Ok(attempts)
        };
        let checked: Result<usize> = checked.await;
        let (outcome, ended) = match checked {
            Ok(1) => (self.screen.paint(Look::Good, "1 attempt"), Ok(())),
            Ok(attempts) => (self.screen.paint(Look::Good, format!("{attempts} attempts")), Ok(())),
            Err(error) => (self.screen.paint(Look::Bad, "failed"), Err(error)),
        };
        self.screen.line(format_args!("  {name:<56} {outcome}"));
        ended.with_context(|| format!("{name}: the function does not survive it"))
    }

    async fn at_call(&self, kind: Kind, operation: Operation, before: u32) -> Result<usize> {
        let fault = match kind {
            Kind::Throttle => FaultKind::Throttled,
            Kind::LostRequest => FaultKind::DropBeforeEffect,
            Kind::LostAnswer => FaultKind::DropAfterEffect,
            Kind::KillBefore => return self.killed(operation, before, Held::Request).await,
            _ => return self.killed(operation, before, Held::Answer).await,
        };
        self.manager.inject(Fault::new(operation, fault).after(before));
        self.rotate().await
    }

    async fn killed(&self, operation: Operation, before: u32, part: Held) -> Result<usize> {
        let mut hold = self.manager.hold(operation, before, part);
        let killed = async {
            if hold.reached().await {
                self.function.kill().await;
            }
            // A call that waited for its effect has lost its client.
            drop(hold);
        };
        // A rotation that does not make this call must not wait for it.
        let rotated = self.rotate();
        tokio::pin!(rotated, killed);
        tokio::select! {
            () = &mut killed => rotated.await,
            ended = &mut rotated => ended,
        }
    }

    /// Each step is called twice, or each in a process of its own.
    async fn in_other_processes(&self, kind: Kind) -> Result<usize> {
        let function = Wrapped { function: self.function.clone(), twice: kind == Kind::Repeat };
        self.manager.register(self.function.arn(), Arc::new(function));
        let rotated = self.rotate().await;
        self.manager.register(self.function.arn(), Arc::new(self.function.clone()));
        rotated
    }

    /// The answer is the function's own affair: what counts is that nothing moves.
    async fn stale(&self) -> Result<usize> {
        let old = self.version("AWSCURRENT")?;
        self.rotate().await?;
        let state = || -> Result<_> {
            Ok((self.manager.stages(self.secret)?, self.manager.value(self.secret, "AWSCURRENT")?))
        };
        let before = state()?;
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            let event = json!({"Step": step, "SecretId": self.secret, "ClientRequestToken": old});
            // A refusal is as good as an answer.
            let _ = self.function.invoke(&event).await;
            ensure!(state()? == before, "{step} moved labels or values with a token that may no longer act");
        }
        Ok(1)
    }

    /// Rotates with retries, and returns the number of attempts.
    async fn rotate(&self) -> Result<usize> {
        let version = self.manager.rotate(self.secret, self.function.arn()).context("RotateSecret")?;
        let record = self.manager.wait_for_rotation(self.secret, &version, LIMIT).await;
        self.manager.clear_faults();
        let record = record?;
        if record.outcome != Some(RotationOutcome::Succeeded) {
            bail!("{}", Self::failure(&record));
        }
        ensure!(self.version("AWSCURRENT")? == version, "AWSCURRENT is not the new version");
        Ok(record.attempts.len())
    }

    fn failure(record: &RotationRecord) -> String {
        let outcome = record.outcome.map_or_else(|| "open".to_owned(), |outcome| outcome.to_string());
        match record.last_error() {
            Some(error) => format!("the rotation ended as {outcome} after retries: {error}"),
            None => format!("the rotation ended as {outcome} after retries"),
        }
    }

    fn version(&self, label: &str) -> Result<String> {
        let stages = self.manager.stages(self.secret)?;
        let holder = stages.into_iter().find(|(_, labels)| labels.iter().any(|one| one == label));
        holder.map(|(version, _)| version).with_context(|| format!("no version is {label}"))
    }

    /// The texts that differ between two versions of a secret are its passwords.
    fn no_value_is_logged(&self) -> Result<()> {
        let [current, previous] = ["AWSCURRENT", "AWSPREVIOUS"]
            .map(|label| texts(&self.manager.value(self.secret, label).unwrap_or_default()));
        let output = self.function.output();
        let rotated = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
            let differs = |(name, text): &(&String, &String)| other.get(*name) != Some(*text);
            one.iter().filter(differs).any(|(_, text)| text.len() >= 8 && output.contains(text.as_str()))
        };
        let is_shown = rotated(&current, &previous) || rotated(&previous, &current);
        ensure!(!is_shown, "the program's output holds a value of the secret");
        Ok(())
    }
}

/// The texts of a document by their fields; the whole value where it is no JSON object.
fn texts(value: &str) -> BTreeMap<String, String> {
    let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
    match serde_json::from_str(value) {
        Ok(Value::Object(members)) => members.into_iter().filter_map(text).collect(),
        _ => BTreeMap::from([(String::new(), value.to_owned())]),
    }
}

/// Calls each step twice, or ends the process after it.
struct Wrapped {
    function: LambdaFunction,
    twice: bool,
}

impl Function for Wrapped {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let answer = self.function.invoke(&event).await?;
            if self.twice {
                return self.function.invoke(&event).await;
            }
            self.function.kill().await;
            Ok(answer)
        })
    }
}
