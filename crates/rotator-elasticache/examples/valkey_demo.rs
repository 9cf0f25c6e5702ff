//! Four rotations of users of a real Valkey, by the programs that go to Lambda, with every login tried after
//! each step: `scripts/demo valkey`.
//!
//! ```text
//! RotateSecret ─> Watched ─> the function's process ─> Valkey, or the double of ElastiCache
//!                   └─ after each step: which version logs in ─> the screen, the verdict
//! ```

use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use local_aws::{
    BoxFuture, Function, FunctionError, LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, RotationSettings, SecretsManagerHandle, Settings},
};
use serde_json::{Value, json};
use test_servers::{ElastiCacheDouble, TestLogin, ValkeyProduct, ValkeyServer};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A function whose steps are shown.
struct Watched {
    function: LambdaFunction,
    store: SecretsManagerHandle,
    server: Arc<ValkeyServer>,
    secret: String,
    user: String,
    faults: Arc<Faults>,
}

/// What broke a promise.
#[derive(Default)]
struct Faults {
    current_refused: AtomicUsize,
    more_than_two: AtomicUsize,
    previous_refused: AtomicUsize,
}

impl Function for Watched {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let began = Instant::now();
            let answer = self.function.invoke(&event).await;
            let step = event["Step"].as_str().unwrap_or_default();
            self.show(&format!("{step:<13}{:>5} ms", began.elapsed().as_millis()));
            answer
        })
    }
}

impl Watched {
    /// Tries each version, and counts what breaks a promise.
    fn show(&self, title: &str) {
        let mut title = title.to_owned();
        for stage in ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"] {
            let Some(login) = login_of(&self.store, &self.secret, stage) else { continue };
            let opens = self.server.opens(&login);
            say(&format!("  {title:<21}  {stage:<11}  {}", if opens { "logs in" } else { "is refused" }));
            title.clear();
            if stage == "AWSCURRENT" && !opens {
                self.faults.current_refused.fetch_add(1, Ordering::Relaxed);
            }
        }
        if self.server.passwords(&self.user).is_none_or(|count| count > 2) {
            self.faults.more_than_two.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn login_of(store: &SecretsManagerHandle, secret: &str, stage: &str) -> Option<TestLogin> {
    let value: Value = serde_json::from_str(&store.value(secret, stage).ok()?).ok()?;
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Some(TestLogin { username: text("username")?, password: text("password")? })
}

fn new_login(username: &str) -> TestLogin {
    let password =
        format!("canary-{:032x}", u128::from(fastrand::u64(..)) << 64 | u128::from(fastrand::u64(..)));
    TestLogin { username: username.to_owned(), password }
}

fn say(line: &str) {
    // Where nobody reads any more, there is nothing to do.
    let _ = writeln!(io::stdout(), "{line}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("demo: {error}"));
            ExitCode::from(2)
        }
    }
}

async fn run() -> Outcome<bool> {
    let began = Instant::now();
    let server = Arc::new(ValkeyServer::builder(ValkeyProduct::Valkey9).start()?);
    let double = ElastiCacheDouble::start(&server, Duration::from_millis(200))?;
    let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
    let store = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await?;
    let folder = tempfile::tempdir()?;
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, server.authority().certificate_pem())?;
    let faults = Arc::new(Faults::default());
    let mut logs = String::new();
    let mut succeeded = 0;
    for (program, document) in [
        ("valkey_master_user", own_user(&server, &store)?),
        ("elasticache_single_user", managed_user(&server, &double)?),
    ] {
        let function = LambdaFunction::builder(programs()?.join(program))
            .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
            .env("AWS_ENDPOINT_URL", double.endpoint())
            .env("TLS_CA_BUNDLE", authority.to_string_lossy())
            .build()?;
        let secret = store.create_secret(&format!("shop/{program}"), &document.to_string())?;
        let watched = Watched {
            function: function.clone(),
            store: store.handle(),
            server: Arc::clone(&server),
            secret: secret.clone(),
            user: document["username"].as_str().unwrap_or_default().to_owned(),
            faults: Arc::clone(&faults),
        };
        store.register(function.arn(), Arc::new(watched));
        for number in 1..=2 {
            say(&format!("\nRotation {number} of 2 by {program}"));
            succeeded += rotate(&store, &function, &secret, &server, &faults).await?;
        }
        logs += &function.output();
    }
    Ok(verdict(succeeded, &faults, !logs.contains("canary-"), began))
}

/// One rotation; 1 where it has succeeded.
async fn rotate(
    store: &LocalSecretsManager,
    function: &LambdaFunction,
    secret: &str,
    server: &ValkeyServer,
    faults: &Faults,
) -> Outcome<usize> {
    let version = store.rotate(secret, function.arn())?;
    let record = store.wait_for_rotation(secret, &version, Duration::from_mins(1)).await?;
    if let Some(error) = record.last_error() {
        say(&format!("  {error}"));
    }
    if !login_of(store, secret, "AWSPREVIOUS").is_some_and(|previous| server.opens(&previous)) {
        faults.previous_refused.fetch_add(1, Ordering::Relaxed);
    }
    Ok(usize::from(record.outcome == Some(RotationOutcome::Succeeded)))
}

/// A user of the server, its master and its master's secret.
fn own_user(server: &ValkeyServer, store: &LocalSecretsManager) -> Outcome<Value> {
    let (user, master) = (new_login("checkout"), new_login("rotation_master"));
    let rules = ["-@all", "+acl|getuser", "+acl|setuser", "+acl|save", "+role"];
    create(server, &master, &rules)?;
    create(server, &user, &["~shop:*", "-@all", "+get", "+set"])?;
    let arn = store.create_secret("shop/master", &document(server, &master).to_string())?;
    let mut document = document(server, &user);
    document["masterarn"] = json!(arn);
    Ok(document)
}

/// A user of ElastiCache's double, which is a user of the same server.
fn managed_user(server: &ValkeyServer, double: &ElastiCacheDouble) -> Outcome<Value> {
    let user = new_login("reporting");
    let arn = double.create_user("reporting-1", &user)?;
    let mut document = document(server, &user);
    document["user_arn"] = json!(arn);
    Ok(document)
}

fn create(server: &ValkeyServer, login: &TestLogin, rules: &[&str]) -> io::Result<()> {
    let password = format!(">{}", login.password);
    let words = [&["ACL", "SETUSER", &login.username, "on", &password], rules].concat();
    server.command(&words).map(drop)
}

fn document(server: &ValkeyServer, login: &TestLogin) -> Value {
    json!({
        "engine": "valkey", "host": server.host(), "port": server.port(),
        "username": login.username, "password": login.password,
    })
}

/// Where cargo puts the functions: next to the folder of this example.
fn programs() -> Outcome<PathBuf> {
    let example = std::env::current_exe()?;
    Ok(example.ancestors().nth(2).map(Path::to_owned).ok_or("this program is in no folder")?)
}

/// Prints each promise, and whether all are kept.
fn verdict(succeeded: usize, faults: &Faults, is_quiet: bool, began: Instant) -> bool {
    let none = |count: &AtomicUsize| count.load(Ordering::Relaxed) == 0;
    let promises = [
        ("all 4 rotations succeed", succeeded == 4),
        ("AWSCURRENT logs in after every step", none(&faults.current_refused)),
        ("AWSPREVIOUS logs in after every rotation", none(&faults.previous_refused)),
        ("a user has at most two passwords", none(&faults.more_than_two)),
        ("no password is in the functions' logs", is_quiet),
    ];
    say("\nPromised");
    for (promise, kept) in promises {
        say(&format!("  {}  {promise}", if kept { "kept  " } else { "BROKEN" }));
    }
    let kept = promises.iter().all(|(_, kept)| *kept);
    let word = if kept { "as expected" } else { "not as expected" };
    say(&format!(
        "\nVerdict: {word}. {succeeded} rotations ended with `AWSCURRENT logs in`, in {:.1} s.",
        began.elapsed().as_secs_f64()
    ));
    kept
}
