//! The trial that a package has to pass: started as Lambda starts it, from its zip, before it counts as
//! built.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use local_aws::{
    FunctionError, LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationSettings, Settings},
};
use serde_json::{Value, json};

use crate::{archive, artifact::Artifact};

/// The time for one invocation. An emulated processor is some twenty times slower than a real one.
const LIMIT: Duration = Duration::from_secs(30);

/// Unpacks the zip and invokes its program through a local Runtime API.
///
/// A rotator creates a version of a secret in a local Secrets Manager, which has to succeed, and is then sent
/// to a database where nothing listens, which it has to report with a code of its own. Any other program has
/// to answer an empty event. `emulator` runs programs of another processor.
///
/// # Errors
/// The program does not start, ends, or gives another answer.
pub async fn run(artifact: &Artifact, zip: &[u8], emulator: Option<&Path>) -> anyhow::Result<()> {
    let (_folder, program) = unpacked(zip)?;
    let outcome = match artifact.engine() {
        Some(engine) => rotate(engine, &program, emulator).await,
        None => answer(&program, emulator, &[]).await,
    };
    outcome.with_context(|| format!("{} was tried on the local Runtime API", artifact.name))
}

/// How a function that is not built here is tried.
#[derive(Clone, Copy, Debug)]
pub struct Custom<'a> {
    /// The value of a secret for which createSecret has to succeed; an empty event without one.
    pub secret: Option<&'a str>,
    /// The variables of the function.
    pub variables: &'a [(String, String)],
}

/// Unpacks the zip of any function and invokes its program through a local Runtime API.
///
/// # Errors
/// The program does not start, ends, does not answer, or createSecret fails.
pub async fn run_custom(trial: &Custom<'_>, zip: &[u8], emulator: Option<&Path>) -> anyhow::Result<()> {
    let (_folder, program) = unpacked(zip)?;
    let Some(secret) = trial.secret else { return answer(&program, emulator, trial.variables).await };
    let (manager, function) = local(&program, emulator, trial.variables).await?;
    let secret = manager.create_secret("trial", secret)?;
    let version = manager.rotate(&secret, function.arn())?;
    let record = manager.wait_for_rotation(&secret, &version, 4 * LIMIT).await?;
    function.kill().await;
    let steps: Vec<_> = record.steps().map(|step| (step.step, step.error.as_ref())).collect();
    // What the later steps need may not be there. That they are answered has to be seen all the same.
    let is_good = matches!(steps.first(), Some(("createSecret", None)))
        && steps.iter().all(|(_, error)| error.is_none_or(is_an_answer));
    ensure!(is_good, "{steps:?}\n{}", function.output());
    Ok(())
}

/// The program out of its zip, in a folder that goes with the first value.
fn unpacked(zip: &[u8]) -> anyhow::Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join(archive::ENTRY);
    fs::write(&program, archive::unpack(zip)?)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok((folder, program))
}

/// A local Secrets Manager, and the function that rotates its secrets.
async fn local(
    program: &Path,
    emulator: Option<&Path>,
    variables: &[(String, String)],
) -> anyhow::Result<(LocalSecretsManager, LambdaFunction)> {
    let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
    let manager = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await?;
    let function = start(program, emulator, Some(manager.endpoint()), variables)?;
    manager.register(function.arn(), Arc::new(function.clone()));
    Ok((manager, function))
}

async fn rotate(engine: &str, program: &Path, emulator: Option<&Path>) -> anyhow::Result<()> {
    let (manager, function) = local(program, emulator, &[]).await?;
    let mut document = json!({
        // Nothing listens on port 1, and the address is this machine's own.
        "engine": engine, "host": "127.0.0.1", "port": 1, "username": "trial", "password": "trial-password",
    });
    let master = manager.create_secret("master", &document.to_string())?;
    document["masterarn"] = json!(master);
    let secret = manager.create_secret("trial", &document.to_string())?;
    let version = manager.rotate(&secret, function.arn())?;
    let record = manager.wait_for_rotation(&secret, &version, 2 * LIMIT).await?;
    function.kill().await;
    let steps: Vec<_> = record.steps().map(|step| (step.step, step.error.as_ref())).collect();
    let said = || format!("{steps:?}\n{}", function.output());
    ensure!(matches!(steps[..], [("createSecret", None), ("setSecret", Some(_))]), said());
    ensure!(steps[1].1.is_some_and(is_an_answer), said());
    let current = document.to_string();
    ensure!(manager.value(&secret, "AWSPENDING")? != current, "AWSPENDING is not new");
    Ok(())
}

async fn answer(
    program: &Path,
    emulator: Option<&Path>,
    variables: &[(String, String)],
) -> anyhow::Result<()> {
    let function = start(program, emulator, None, variables)?;
    let outcome = function.invoke(&Value::Object(serde_json::Map::new())).await;
    function.kill().await;
    match outcome {
        Err(error) if !is_an_answer(&error) => bail!("{error}\n{}", function.output()),
        _ => Ok(()),
    }
}

fn start(
    program: &Path,
    emulator: Option<&Path>,
    store: Option<String>,
    variables: &[(String, String)],
) -> anyhow::Result<LambdaFunction> {
    let mut builder = match emulator {
        Some(emulator) => LambdaFunction::builder(emulator).arg(program.to_string_lossy()),
        None => LambdaFunction::builder(PathBuf::from(program)),
    };
    builder = builder.name("trial").timeout(LIMIT);
    for (name, value) in variables {
        builder = builder.env(name, value);
    }
    if let Some(endpoint) = store {
        builder = builder
            .env("SECRETS_MANAGER_ENDPOINT", &endpoint)
            .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint);
    }
    Ok(builder.build()?)
}

/// Whether the program itself reported it, and not the runtime about a program that ended.
fn is_an_answer(error: &FunctionError) -> bool {
    !["Runtime.", "Sandbox."].iter().any(|prefix| error.error_type.starts_with(prefix))
}
