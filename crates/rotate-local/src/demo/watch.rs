//! Observes secret and server before and after each invocation of a function.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use local_aws::{BoxFuture, Function, FunctionError, LambdaFunction, secrets_manager::SecretsManagerHandle};
use rotation_config::StrategyKind;
use rotation_suites::{RotationStrategy, StoreCost};
use serde_json::Value;
use test_servers::TestLogin;
use tokio::sync::mpsc;

use crate::{
    functions::Pair,
    local_environment::{Access, LocalEnvironment, Logins, Server},
};

/// One step, as seen from outside.
pub(super) struct Scene {
    pub(super) step: String,
    /// From the invocation to its answer.
    pub(super) duration: Duration,
    /// How long a cold process took until it asked for work; `None` where it was warm.
    pub(super) start: Option<Duration>,
    /// The function's logins.
    pub(super) logins: Logins,
    /// The function's calls to Secrets Manager.
    pub(super) cost: StoreCost,
    /// After the step.
    pub(super) view: View,
}

/// Every labeled version of a secret, seen at one moment.
pub(super) struct View {
    pub(super) at: SystemTime,
    pub(super) versions: Vec<Sighting>,
}

/// One version of a secret, tried.
pub(super) struct Sighting {
    pub(super) version: String,
    pub(super) labels: Vec<String>,
    pub(super) username: String,
    pub(super) access: Access,
}

impl Sighting {
    pub(super) fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|own| own == label)
    }

    /// What its credential did.
    pub(super) fn words(&self) -> String {
        match &self.access {
            Access::LogsIn => "logs in".to_owned(),
            Access::Refused(code) => format!("is refused ({code})"),
            Access::Nobody if self.username.is_empty() => "has no value".to_owned(),
            Access::Nobody => "does not exist yet".to_owned(),
        }
    }
}

/// Observes the functions at work.
pub(super) struct Watch {
    pub(super) scenes: mpsc::UnboundedReceiver<Scene>,
    eye: Arc<Eye>,
}

/// Observes the secret through the local Secrets Manager's direct access, and the server by logging in and
/// reading its log.
struct Eye {
    secrets_manager: SecretsManagerHandle,
    server: Arc<dyn Server>,
    /// Refused logins of the demo itself, which tries versions on purpose.
    own_refused: AtomicUsize,
    /// Every password seen, to search the logs for.
    passwords: Mutex<BTreeSet<String>>,
}

/// A function that is observed.
struct Watched {
    function: LambdaFunction,
    strategy: RotationStrategy,
    eye: Arc<Eye>,
    scenes: mpsc::UnboundedSender<Scene>,
}

impl Watch {
    /// From now on every step of these functions becomes a [`Scene`].
    pub(super) fn over(local: &LocalEnvironment, functions: &Pair, server: &Arc<dyn Server>) -> Self {
        let (sender, scenes) = mpsc::unbounded_channel();
        let secrets_manager = &local.secrets_manager;
        let eye = Arc::new(Eye {
            secrets_manager: secrets_manager.handle(),
            server: Arc::clone(server),
            own_refused: AtomicUsize::new(0),
            passwords: Mutex::default(),
        });
        for kind in [StrategyKind::SingleUser, StrategyKind::MasterUser] {
            let function = functions.function(kind);
            let strategy = match kind {
                StrategyKind::SingleUser => RotationStrategy::SingleUser,
                StrategyKind::MasterUser => RotationStrategy::MasterUser,
            };
            let (eye, scenes) = (Arc::clone(&eye), sender.clone());
            let watched = Watched { function: function.clone(), strategy, eye, scenes };
            secrets_manager.register(function.arn(), Arc::new(watched));
        }
        Self { scenes, eye }
    }

    /// Every labeled version of a secret, tried now.
    pub(super) async fn look(&self, secret: &str) -> View {
        self.eye.look(secret).await
    }

    /// How many of the demo's own logins were refused.
    pub(super) fn own_refused(&self) -> usize {
        self.eye.own_refused.load(Ordering::Relaxed)
    }

    /// How many different passwords were seen, and how many of them are in the text.
    pub(super) fn passwords_in(&self, text: &str) -> (usize, usize) {
        let passwords = self.eye.passwords.lock().unwrap_or_else(PoisonError::into_inner);
        let found = passwords.iter().filter(|password| text.contains(password.as_str())).count();
        (passwords.len(), found)
    }
}

impl Function for Watched {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            let before = self.eye.server.logins();
            let service = &self.eye.secrets_manager;
            service.take_calls();
            service.expect_together(self.strategy.calls_together(&text("Step")));
            let began = Instant::now();
            let answer = self.function.invoke(&event).await;
            let duration = began.elapsed();
            service.expect_together(&[]);
            let cost = StoreCost::of_step(&service.take_calls());
            let logins = self.eye.server.logins().since(&before);
            let scene = Scene {
                step: text("Step"),
                duration,
                start: self.function.last_report().and_then(|report| report.init),
                logins,
                cost,
                view: self.eye.look(&text("SecretId")).await,
            };
            // The receiver is gone when the demo has ended.
            let _ = self.scenes.send(scene);
            answer
        })
    }
}

impl Eye {
    async fn look(&self, secret: &str) -> View {
        #[expect(
            clippy::disallowed_methods,
            reason = "the timeline shows the time of day, and this is the shell"
        )]
        let at = SystemTime::now();
        let stages = self.secrets_manager.stages(secret).unwrap_or_default();
        let mut sightings = Vec::new();
        for (version, labels) in stages {
            let value = self.secrets_manager.version_value(secret, &version).ok();
            let login = value.as_deref().and_then(login_of);
            let access = match &login {
                Some(login) => self.attempt(login).await,
                None => Access::Nobody,
            };
            let username = login.map(|login| login.username).unwrap_or_default();
            sightings.push(Sighting { version, labels, username, access });
        }
        sightings.sort_by_key(|sighting| {
            ["AWSCURRENT", "AWSPENDING"].iter().position(|label| sighting.has(label)).unwrap_or(2)
        });
        View { at, versions: sightings }
    }

    async fn attempt(&self, login: &TestLogin) -> Access {
        self.passwords.lock().unwrap_or_else(PoisonError::into_inner).insert(login.password.clone());
        let access = self.server.try_login(login).await;
        if matches!(access, Access::Refused(_)) {
            self.own_refused.fetch_add(1, Ordering::Relaxed);
        }
        access
    }
}

/// The credentials in a secret's value.
pub(super) fn login_of(value: &str) -> Option<TestLogin> {
    let document: Value = serde_json::from_str(value).ok()?;
    let text = |name: &str| document[name].as_str().map(str::to_owned);
    Some(TestLogin { username: text("username")?, password: text("password")? })
}
