//! A replica set, users of it, their secret, and a function that a local Secrets Manager invokes.

use std::{
    fs,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use local_aws::{
    BoxFuture, Function, FunctionError, LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, RotationRecord, RotationSettings, Settings},
};
use serde_json::{Value, json};
use test_servers::{
    DocdbProxy, DocdbQueryError, DocdbServer, MongoReplicaSet, MongoVersion, ProxyAction, TestLogin,
};
use tokio::sync::MutexGuard;

use crate::fixture::{HOME, create_app_at, create_master_at};

/// The most that one rotation may take, retries and elections included.
const LIMIT: Duration = Duration::from_mins(5);
/// The most that one invocation may take: at a healthy set a function takes much less; one that meets a
/// silent primary takes all of it.
const FUNCTION_LIMIT: Duration = Duration::from_secs(6);
/// `AuthenticationFailed`.
const REFUSED: i64 = 18;

/// Which function rotates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    SingleUser,
    MasterUser,
}

impl By {
    pub(super) const BOTH: [Self; 2] = [Self::SingleUser, Self::MasterUser];

    fn program(self) -> &'static str {
        match self {
            Self::SingleUser => env!("CARGO_BIN_EXE_docdb_single_user"),
            Self::MasterUser => env!("CARGO_BIN_EXE_docdb_master_user"),
        }
    }
}

/// A set that this test has for itself until it drops the guard; all members are up and in sync.
pub(super) async fn set(with_arbiter: bool) -> (&'static MongoReplicaSet, MutexGuard<'static, ()>) {
    static SETS: [OnceLock<MongoReplicaSet>; 2] = [OnceLock::new(), OnceLock::new()];
    static TURNS: [tokio::sync::Mutex<()>; 2] =
        [tokio::sync::Mutex::const_new(()), tokio::sync::Mutex::const_new(())];
    let at = usize::from(with_arbiter);
    let turn = TURNS[at].lock().await;
    let start =
        || MongoReplicaSet::start(MongoVersion::V6_0, with_arbiter).expect("the set-up script provides it");
    let set = SETS[at].get_or_init(start);
    set.revive().unwrap();
    (set, turn)
}

/// What a test does before an invocation: the step, and how often it was invoked, including this time.
type Act = dyn Fn(&str, usize) + Send + Sync;

/// A function with a test's action before its steps.
struct Acting {
    function: LambdaFunction,
    act: Arc<Act>,
    steps: Mutex<Vec<String>>,
}

impl Function for Acting {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let step = event["Step"].as_str().unwrap_or_default().to_owned();
            let count = {
                let mut steps = self.steps.lock().unwrap();
                steps.push(step.clone());
                steps.iter().filter(|known| **known == step).count()
            };
            let act = Arc::clone(&self.act);
            tokio::task::spawn_blocking(move || act(&step, count)).await.expect("what a test does works");
            self.function.invoke(&event).await
        })
    }
}

/// A user, its secret, and a function for it.
pub(super) struct Scene {
    pub(super) set: &'static MongoReplicaSet,
    pub(super) store: LocalSecretsManager,
    pub(super) secret: String,
    acting: Arc<Acting>,
    /// In front of each member, where the secret names them.
    pub(super) recorders: Arc<Vec<DocdbProxy>>,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// The secret names the members themselves.
    pub(super) async fn new(
        set: &'static MongoReplicaSet,
        by: By,
        act: impl Fn(&str, usize) + Send + Sync + 'static,
    ) -> Self {
        Self::with(set, by, &set.seed_list(), Vec::new(), act).await
    }

    /// The secret names a recorder in front of each member.
    pub(super) async fn recorded(set: &'static MongoReplicaSet, by: By) -> Self {
        let recorders: Vec<_> =
            set.members().iter().map(|member| DocdbProxy::start(member).unwrap()).collect();
        let hosts: Vec<_> =
            recorders.iter().map(|recorder| format!("localhost:{}", recorder.port())).collect();
        Self::with(set, by, &hosts.join(","), recorders, |_, _| ()).await
    }

    async fn with(
        set: &'static MongoReplicaSet,
        by: By,
        host: &str,
        recorders: Vec<DocdbProxy>,
        act: impl Fn(&str, usize) + Send + Sync + 'static,
    ) -> Self {
        let primary = set.primary().unwrap();
        let app = create_app_at(primary, HOME).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let authority = folder.path().join("ca.pem");
        fs::write(&authority, primary.authority().certificate_pem()).unwrap();
        let rotation = RotationSettings {
            attempts: 100,
            pause: Duration::from_millis(500),
            ..RotationSettings::default()
        };
        let store = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap();
        let mut function = LambdaFunction::builder(by.program())
            .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
            .env("TLS_CA_BUNDLE", authority.to_string_lossy())
            .timeout(FUNCTION_LIMIT);
        let mut document = document(set, host, &app);
        if by == By::MasterUser {
            let master = create_master_at(primary).await.unwrap();
            let master = self::document(set, host, &master).to_string();
            let master = store.create_secret("master", &master).unwrap();
            document["masterarn"] = master.as_str().into();
            function = function.env("MASTER_SECRET_ARN", master);
        }
        set.settle().unwrap();
        let secret = store.create_secret("app", &document.to_string()).unwrap();
        let function = function.build().unwrap();
        let arn = function.arn().to_owned();
        let acting = Acting { function, act: Arc::new(act), steps: Mutex::default() };
        let acting = Arc::new(acting);
        store.register(&arn, Arc::clone(&acting) as Arc<dyn Function>);
        Self { set, store, secret, acting, recorders: Arc::new(recorders), _folder: folder }
    }

    /// Begins a rotation and gives its version.
    pub(super) fn begin(&self) -> String {
        self.store.rotate(&self.secret, self.acting.function.arn()).unwrap()
    }

    /// The codes with which a rotation has failed so far, once there are that many.
    pub(super) async fn failures(&self, version: &str, count: usize) -> Vec<String> {
        loop {
            let record = self.store.rotation(&self.secret, version).unwrap();
            let codes = codes(&record);
            assert_eq!(record.outcome, None, "{codes:?}");
            if codes.len() >= count {
                return codes;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(super) async fn end(&self, version: &str) -> RotationRecord {
        self.store.wait_for_rotation(&self.secret, version, LIMIT).await.unwrap()
    }

    /// One rotation, which the service drives to its end.
    pub(super) async fn rotate(&self) -> RotationRecord {
        let record = self.end(&self.begin()).await;
        let output = self.acting.function.output();
        let last: Vec<_> = output.lines().rev().take(6).collect();
        assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{record:?}\n{}", last.join("\n"));
        record
    }

    pub(super) fn document(&self, label: &str) -> Value {
        serde_json::from_str(&self.store.value(&self.secret, label).unwrap()).unwrap()
    }

    /// Whether the primary lets this label's user in, checked with MongoDB's own client.
    pub(super) async fn opens(&self, label: &str) -> bool {
        opens(self.set, &self.document(label)).await
    }

    /// What holds after every rotation: AWSCURRENT logs in, and of a pair AWSPREVIOUS too; a single user's
    /// old password does not.
    pub(super) async fn check_labels(&self, by: By) {
        assert!(self.opens("AWSCURRENT").await, "AWSCURRENT logs in");
        assert_eq!(self.opens("AWSPREVIOUS").await, by == By::MasterUser, "AWSPREVIOUS, {by:?}");
    }
}

pub(super) fn document(set: &MongoReplicaSet, host: &str, login: &TestLogin) -> Value {
    json!({"engine": "mongo", "host": host, "replicaSet": set.name(), "ssl": true,
        "username": login.username, "password": login.password})
}

pub(super) async fn opens(set: &MongoReplicaSet, document: &Value) -> bool {
    let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
    let login = TestLogin { username: text("username"), password: text("password") };
    match set.client().commands_as(&login, HOME, HOME, vec![json!({"connectionStatus": 1})]).await {
        Ok(_) => true,
        Err(DocdbQueryError { code: Some(REFUSED), .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

/// The codes with which steps failed, in their order.
pub(super) fn codes(record: &RotationRecord) -> Vec<String> {
    record.steps().filter_map(|step| Some(step.error.as_ref()?.error_type.clone())).collect()
}

/// What happens to a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fall {
    StepsDown,
    IsFrozen,
    IsKilled,
}

impl Fall {
    pub(super) const ALL: [Self; 3] = [Self::StepsDown, Self::IsFrozen, Self::IsKilled];

    /// Blocks until it has happened.
    pub(super) fn befall(self, set: &MongoReplicaSet) {
        let primary = set.primary().unwrap();
        match self {
            Self::StepsDown => set.step_down().unwrap(),
            Self::IsFrozen => primary.freeze().unwrap(),
            Self::IsKilled => primary.stop("KILL").unwrap(),
        }
    }
}

/// Makes the primary fail once, at the first change of a user: before it is executed, or after that.
pub(super) fn fall_at_change(scene: &Scene, fall: Fall, executed: bool) -> Arc<OnceLock<()>> {
    let fallen = Arc::new(OnceLock::new());
    for recorder in scene.recorders.iter() {
        let (set, fallen) = (scene.set, Arc::clone(&fallen));
        recorder.set_script(move |command, reply| {
            let is_change = command.get("updateUser").is_some() || command.get("createUser").is_some();
            if is_change && reply.is_some() == executed && fallen.set(()).is_ok() {
                fall.befall(set);
                // The answer is lost where there was one.
                return if executed { ProxyAction::Cut } else { ProxyAction::Pass };
            }
            ProxyAction::Pass
        });
    }
    fallen
}

/// Of a set with one primary.
pub(super) fn others(set: &MongoReplicaSet) -> Vec<&DocdbServer> {
    let primary = set.primary().unwrap().port();
    set.members().iter().filter(|member| member.port() != primary).collect()
}

/// How often a member has rolled back what it had alone.
pub(super) fn rollbacks(member: &DocdbServer) -> usize {
    member.log().matches("\"newState\":\"ROLLBACK\"").count()
}
