//! A second server on the same host. A user of the same name has another password there, and the master has
//! the same one. A function whose master secret names that server's port must change nothing there, whenever
//! it is killed.

use std::{fs, path::Path, sync::Arc, time::Duration};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{Operation, RotationOutcome, RotationSettings, Settings},
};
use serde_json::json;

use crate::{
    arguments::Arguments,
    client,
    failure::Failure,
    fate::{Fate, Mortal},
    ground::{Engine, Ground, Opens, Strategy, program},
};

/// The rotations that are tried against each engine's decoy; each starts from the beginning.
const ROTATIONS: usize = 8;
/// The longest time for one of them.
const LIMIT: Duration = Duration::from_mins(2);

/// The results of the decoys of all engines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lured {
    pub(crate) rotations: usize,
    /// Differences of the decoys' users, secrets that no longer log in, and rotations that were not refused
    /// as they must be.
    pub(crate) problems: Vec<String>,
}

/// Tries rotations against the decoys, every other one with a function that is killed in setSecret.
pub(crate) async fn lure(
    arguments: &Arguments,
    grounds: &[(Engine, Arc<dyn Ground>)],
    folder: &Path,
) -> Result<Lured, Failure> {
    let mut lured = Lured::default();
    let mut random = fastrand::Rng::with_seed(arguments.seed);
    for (engine, ground) in grounds {
        let decoy = engine.start().await?;
        let authorities = folder.join(format!("{}-decoy.pem", engine.artifact()));
        fs::write(
            &authorities,
            [ground.server().authority_pem(), decoy.server().authority_pem()].join("\n"),
        )?;
        let settings = Settings {
            rotation: RotationSettings { attempts: 2, ..RotationSettings::default() },
            ..Settings::default()
        };
        let store = LocalSecretsManager::start(settings).await?;
        let program = program(&arguments.functions, *engine, Strategy::MasterUser)?;
        let master = store.create_secret("decoy/master", &decoy.master().to_string())?;
        let function = LambdaFunction::builder(program)
            .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
            .env("TLS_CA_BUNDLE", authorities.to_string_lossy())
            .env("MASTER_SECRET_ARN", &master);
        let mortal = Mortal::new(function.build()?);
        store.register(mortal.function().arn(), mortal.clone());
        let mut document = ground.user().await?;
        document["masterarn"] = master.as_str().into();
        decoy.add_namesake(document["username"].as_str().unwrap_or_default()).await?;
        let secret = store.create_secret("decoy/app", &document.to_string())?;
        let before = decoy.users().await?;
        for number in 0..ROTATIONS {
            let after = Duration::from_millis(100).mul_f64(random.f64());
            mortal.set_fate((number % 2 == 1).then_some(Fate { step: "setSecret", after }));
            lured.problems.extend(try_once(&store, &mortal, &secret).await?);
            if decoy.users().await? != before {
                lured.problems.push(format!("{}: the users of the other server changed", engine.artifact()));
            }
            lured.rotations += 1;
        }
        let current = client::current(&store, &secret)?.1;
        if ground.opens(&current).await? != Opens::Works {
            lured.problems.push(format!("{}: AWSCURRENT does not log in any more", engine.artifact()));
        }
    }
    Ok(lured)
}

/// Runs a rotation of the secret, which must end with the expected code and is then cancelled. Returns what
/// is wrong.
async fn try_once(
    store: &LocalSecretsManager,
    mortal: &Mortal,
    secret: &str,
) -> Result<Option<String>, Failure> {
    let version = store.rotate(secret, mortal.function().arn())?;
    let record = store.wait_for_rotation(secret, &version, LIMIT).await?;
    let code = record.last_error().map(|error| error.error_type.as_str());
    let is_refused =
        record.outcome != Some(RotationOutcome::Succeeded) && code == Some("MASTER_ENDPOINT_UNPROVEN");
    let problem = (!is_refused).then(|| format!("{:?}: {:?}", record.outcome, record.last_error()));
    store.call_inside(Operation::CancelRotateSecret, json!({"SecretId": secret}))?;
    let request = json!({
        "SecretId": secret, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version,
    });
    store.call_inside(Operation::UpdateSecretVersionStage, request)?;
    Ok(problem)
}
