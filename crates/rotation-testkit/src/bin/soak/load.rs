//! A thousand secrets that fall due at once, under the quotas of the service.
//!
//! Every rotation writes twice (`PutSecretValue`, `UpdateSecretVersionStage`), and the service takes 50 writes a
//! second, so a thousand rotations cannot take less than 40 seconds.

use std::{
    collections::HashMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use rotation_testkit::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{ErrorCode, Operation, RotationOutcome, RotationSettings, Settings, Trouble},
};
use serde_json::Value;

use crate::{
    Failure,
    arguments::Arguments,
    ground::{Engine, Ground, Postgres, Strategy, program},
    say, table,
    verdict::Bar,
};

const SECRETS: usize = 1000;
/// What AWS documents for `PutSecretValue` and `UpdateSecretVersionStage` together.
const WRITES_PER_SECOND: u32 = 50;
const WRITES_PER_ROTATION: u32 = 2;
const DELAY: Duration = Duration::from_millis(20);
/// Processes of each of the two functions: as many rotations are under way at a time.
const PROCESSES: usize = 16;
/// The most that all of it may take.
const LIMIT: Duration = Duration::from_mins(10);

/// Runs it and judges it.
pub(crate) async fn load(arguments: &Arguments) -> Result<Vec<Bar>, Failure> {
    let settings = Settings {
        // The real service waits about 100 seconds; a second keeps a retry from meeting the same crowd.
        rotation: RotationSettings { pause: Duration::from_secs(1), ..RotationSettings::default() },
        trouble: Trouble { delay: DELAY, writes_per_second: Some(WRITES_PER_SECOND), ..Trouble::default() },
        ..Settings::default()
    };
    let store = LocalSecretsManager::start(settings).await?;
    let ground = Postgres::start().await?;
    let folder = tempfile::tempdir()?;
    let functions = functions(arguments, &store, &ground, folder.path())?;
    let mut secrets = Vec::new();
    for number in 0..SECRETS {
        let mut document = ground.user().await?;
        let function = &functions[number % functions.len()];
        if let Some(master) = &function.master {
            document["masterarn"] = Value::from(master.as_str());
        }
        secrets.push((store.create_secret(&format!("app/{number}"), &document.to_string())?, function));
    }
    say(&format!("{SECRETS} secrets of PostgreSQL fall due at once, for {} processes", functions.len()))?;

    let started = Instant::now();
    let mut due = Vec::new();
    for (secret, function) in &secrets {
        due.push((secret, store.rotate(secret, function.arn.as_str())?));
    }
    let (mut succeeded, mut attempts) = (0, 0);
    for (secret, version) in &due {
        let record = store.wait_for_rotation(secret, version, LIMIT).await?;
        succeeded += usize::from(record.outcome == Some(RotationOutcome::Succeeded));
        attempts += record.attempts.len();
    }
    let took = started.elapsed();
    let mut lost = 0;
    for (secret, _) in &secrets {
        let current = serde_json::from_str(&store.value(secret, "AWSCURRENT")?)?;
        lost += usize::from(!ground.opens(&current).await?);
    }
    report(&store, took, attempts)?;
    let least =
        Duration::from_secs(SECRETS as u64 * u64::from(WRITES_PER_ROTATION) / u64::from(WRITES_PER_SECOND));
    Ok(vec![
        Bar::new("rotations that succeeded", succeeded, succeeded == SECRETS),
        Bar::new("secrets whose AWSCURRENT does not log in", lost, lost == 0),
        Bar::new(
            format!("times the {} s that the quota of writes alone takes", least.as_secs()),
            format!("{:.2}", took.as_secs_f64() / least.as_secs_f64()),
            took < LIMIT,
        ),
    ])
}

struct Registered {
    arn: String,
    master: Option<String>,
}

fn functions(
    arguments: &Arguments,
    store: &LocalSecretsManager,
    ground: &Postgres,
    folder: &std::path::Path,
) -> Result<Vec<Registered>, Failure> {
    let authority = folder.join("authority.pem");
    fs::write(&authority, ground.authority_pem())?;
    let master = store.create_secret("master", &ground.master().to_string())?;
    let mut functions = Vec::new();
    for number in 0..PROCESSES {
        for strategy in Strategy::ALL {
            let mut function =
                LambdaFunction::builder(program(&arguments.functions, Engine::Postgres, strategy)?)
                    .name(format!("{}-{number}", strategy.artifact()))
                    .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
                    .env("TLS_CA_BUNDLE", authority.to_string_lossy());
            let master = (strategy == Strategy::AlternatingUsers).then(|| master.clone());
            if let Some(master) = &master {
                function = function.env("MASTER_SECRET_ARN", master);
            }
            let function = function.build()?;
            let arn = function.arn().to_owned();
            store.register(&arn, Arc::new(function));
            functions.push(Registered { arn, master });
        }
    }
    Ok(functions)
}

/// What it cost.
fn report(store: &LocalSecretsManager, took: Duration, attempts: usize) -> Result<(), Failure> {
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
    let per_rotation = calls.len() as f64 / SECRETS as f64;
    let durations: Vec<_> = calls.iter().map(rotation_testkit::secrets_manager::Call::duration).collect();
    say(&format!(
        "took {:.1} s; {per_rotation:.1} calls a rotation, {throttled} throttled; {} rotations tried again by the \
         service; a call took {} ms (median), {} ms (p99)\n{}",
        took.as_secs_f64(),
        attempts - SECRETS,
        table::quantile(&durations, 0.5),
        table::quantile(&durations, 0.99),
        counts.join(", ")
    ))?;
    Ok(())
}
