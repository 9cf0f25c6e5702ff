//! A thousand secrets that fall due at once, under the quotas of the service.
//!
//! It drives them as the service does: each step is one synchronous invocation of a process that has nothing
//! else to do, a failed rotation is retried as a whole after 100 seconds, and as many rotations run as the
//! account has room for. The others wait before their first step.
//!
//! Every rotation writes twice (`PutSecretValue`, `UpdateSecretVersionStage`), and the service accepts 50
//! writes per second, counted together, so a thousand rotations cannot take less than 40 seconds.

use std::{
    collections::HashMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{
        ErrorCode, Operation, RotationOutcome, RotationRecord, RotationSettings, SecretsManagerHandle,
        Settings, Trouble,
    },
};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    arguments::Arguments,
    failure::Failure,
    ground::{Engine, Ground, Opens, Postgres, Strategy, program},
    output::say,
    table,
    verdict::Bar,
};

const WRITES_PER_ROTATION: u64 = 2;
const DELAY: Duration = Duration::from_millis(20);
/// The time that the real service was observed to wait before it retries a rotation.
const PAUSE: Duration = Duration::from_secs(100);
/// The longest time for the whole run.
const LIMIT: Duration = Duration::from_mins(10);

/// Runs the load and returns its bars.
pub(crate) async fn load(arguments: &Arguments) -> Result<Vec<Bar>, Failure> {
    let settings = Settings {
        rotation: RotationSettings { pause: PAUSE, ..RotationSettings::default() },
        trouble: Trouble { delay: DELAY, writes_per_second: Some(arguments.writes), ..Trouble::default() },
        ..Settings::default()
    };
    let store = LocalSecretsManager::start(settings).await?;
    let ground = Postgres::start().await?;
    let folder = tempfile::tempdir()?;
    let functions = functions(arguments, &store, &ground, folder.path())?;
    let mut secrets = vec![Vec::new(); functions.len()];
    for number in 0..arguments.secrets {
        let mut document = ground.user().await?;
        let turn = number % functions.len();
        if let Some(master) = &functions[turn].master {
            document["masterarn"] = Value::from(master.as_str());
        }
        secrets[turn].push(store.create_secret(&format!("app/{number}"), &document.to_string())?);
    }
    say(&format!(
        "{} secrets of PostgreSQL fall due at once, {} rotate at a time",
        arguments.secrets,
        functions.len()
    ))?;

    let started = Instant::now();
    let mut turns = JoinSet::new();
    for (function, secrets) in functions.into_iter().zip(&secrets) {
        turns.spawn(rotate(store.handle(), function, secrets.clone()));
    }
    let mut seen = Seen::default();
    while let Some(turn) = turns.join_next().await {
        seen.add(turn??);
    }
    let took = started.elapsed();
    let mut lost = 0;
    for secret in secrets.iter().flatten() {
        let current = serde_json::from_str(&store.value(secret, "AWSCURRENT")?)?;
        lost += usize::from(ground.opens(&current).await? != Opens::Works);
    }
    report(&store, took, &seen, arguments.secrets)?;
    let least =
        Duration::from_secs(arguments.secrets as u64 * WRITES_PER_ROTATION / u64::from(arguments.writes));
    Ok(vec![
        Bar::new("rotations that succeeded", seen.succeeded, seen.succeeded == arguments.secrets),
        Bar::new("finishSecrets that gave up", seen.unfinished, seen.unfinished == 0),
        Bar::new("secrets whose AWSCURRENT does not log in", lost, lost == 0),
        Bar::new(
            format!("times the {} s that the quota of writes alone takes", least.as_secs()),
            format!("{:.2}", took.as_secs_f64() / least.as_secs_f64()),
            took < LIMIT,
        ),
    ])
}

/// The results of the rotations.
#[derive(Default)]
struct Seen {
    succeeded: usize,
    /// Attempts after the first one.
    retries: usize,
    /// Invocations of finishSecret that failed.
    unfinished: usize,
    /// From the end of a single user's setSecret to the end of its finishSecret: how long `AWSCURRENT` was
    /// refused.
    gaps: Vec<Duration>,
}

impl Seen {
    fn of(record: &RotationRecord, strategy: Strategy) -> Self {
        let unfinished = record.steps().filter(|step| step.step == "finishSecret" && step.error.is_some());
        Self {
            succeeded: usize::from(record.outcome == Some(RotationOutcome::Succeeded)),
            retries: record.attempts.len() - 1,
            unfinished: unfinished.count(),
            gaps: gap(record).into_iter().filter(|_| strategy == Strategy::SingleUser).collect(),
        }
    }

    fn add(&mut self, other: Self) {
        self.succeeded += other.succeeded;
        self.retries += other.retries;
        self.unfinished += other.unfinished;
        self.gaps.extend(other.gaps);
    }
}

/// The time from the end of the first setSecret that succeeded; `None` where none did.
fn gap(record: &RotationRecord) -> Option<Duration> {
    let mut gap = None;
    for attempt in &record.attempts {
        if let Some(gap) = &mut gap {
            *gap += PAUSE;
        }
        for step in &attempt.steps {
            if let Some(gap) = &mut gap {
                *gap += step.duration;
            } else if step.step == "setSecret" && step.error.is_none() {
                gap = Some(Duration::ZERO);
            }
        }
    }
    gap
}

/// Rotates the secrets of one process, one after another.
async fn rotate(
    store: SecretsManagerHandle,
    function: Registered,
    secrets: Vec<String>,
) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    for secret in secrets {
        let version = store.rotate(&secret, &function.arn)?;
        seen.add(Seen::of(&store.wait_for_rotation(&secret, &version, LIMIT).await?, function.strategy));
    }
    Ok(seen)
}

struct Registered {
    arn: String,
    strategy: Strategy,
    master: Option<String>,
}

fn functions(
    arguments: &Arguments,
    store: &LocalSecretsManager,
    ground: &Postgres,
    folder: &std::path::Path,
) -> Result<Vec<Registered>, Failure> {
    let authority = folder.join("authority.pem");
    fs::write(&authority, ground.server().authority_pem())?;
    let master = store.create_secret("master", &ground.master().to_string())?;
    let mut functions = Vec::new();
    for (number, strategy) in Strategy::ALL.into_iter().cycle().take(arguments.at_once).enumerate() {
        let mut function =
            LambdaFunction::builder(program(&arguments.functions, Engine::Postgres, strategy)?)
                .name(format!("{}-{number}", strategy.artifact()))
                .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
                .env("TLS_CA_BUNDLE", authority.to_string_lossy());
        let master = (strategy == Strategy::MasterUser).then(|| master.clone());
        if let Some(master) = &master {
            function = function.env("MASTER_SECRET_ARN", master);
        }
        let function = function.build()?;
        let arn = function.arn().to_owned();
        store.register(&arn, Arc::new(function));
        functions.push(Registered { arn, strategy, master });
    }
    Ok(functions)
}

/// The cost of the run.
fn report(store: &LocalSecretsManager, took: Duration, seen: &Seen, secrets: usize) -> Result<(), Failure> {
    let calls = store.take_calls();
    let throttled = calls.iter().filter(|call| call.error == Some(ErrorCode::ThrottlingException)).count();
    let mut by_operation: HashMap<Operation, usize> = HashMap::new();
    for call in &calls {
        *by_operation.entry(call.operation).or_default() += 1;
    }
    let mut by_operation: Vec<_> = by_operation.into_iter().collect();
    by_operation.sort();
    let counts: Vec<_> =
        by_operation.iter().map(|(operation, count)| format!("{operation} {count}")).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    let per_rotation = calls.len() as f64 / secrets as f64;
    let durations: Vec<_> = calls.iter().map(local_aws::secrets_manager::Call::duration).collect();
    say(&format!(
        "took {:.1} s; {per_rotation:.1} calls per rotation, {throttled} throttled; {} rotations retried \
         by the service; a single user's gap was {} ms (median), {} ms (p99), {} ms (longest); a call took \
         {} ms (median), {} ms (p99)\n{}",
        took.as_secs_f64(),
        seen.retries,
        table::quantile(&seen.gaps, 0.5),
        table::quantile(&seen.gaps, 0.99),
        table::quantile(&seen.gaps, 1.0),
        table::quantile(&durations, 0.5),
        table::quantile(&durations, 0.99),
        counts.join(", ")
    ))?;
    Ok(())
}
