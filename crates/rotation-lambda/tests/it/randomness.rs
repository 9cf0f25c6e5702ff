//! A machine without randomness.

use std::{fs, path::Path, sync::Arc, time::Duration};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationSettings, Settings},
};
use test_servers::Moto;

use crate::panic::panicking;

/// A process to which the kernel gives no random bytes makes no password.
#[tokio::test]
async fn no_random_bytes_no_password() {
    let Some(python) = Moto::program("python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("function");
    let filter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/without_randomness.py");
    let script = format!("exec '{}' '{}' '{}'\n", python.display(), filter.display(), panicking().display());
    fs::write(&program, script).unwrap();

    let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
    let store = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap();
    // The shell reads the program instead of executing it: a file that was just written may still be open in
    // a child of another test.
    let function = LambdaFunction::builder("/bin/sh")
        .arg(program.to_str().expect("a path of text"))
        .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
        .build()
        .unwrap();
    store.register(function.arn(), Arc::new(function.clone()));
    let document = r#"{"engine":"panicking","host":"localhost","username":"app","password":"of-before"}"#;
    let secret = store.create_secret("app", document).unwrap();
    let version = store.rotate(&secret, function.arn()).unwrap();
    let record = store.wait_for_rotation(&secret, &version, Duration::from_mins(1)).await.unwrap();
    let step = &record.attempts[0].steps[0];
    let error = step.error.as_ref().unwrap();
    assert_eq!((step.step, error.error_type.as_str()), ("createSecret", "NO_RANDOMNESS"), "{error}");
    assert!(error.message.contains("PASSWORD_SOURCE=secrets-manager"), "{error}");
    assert!(store.version_value(&secret, &version).is_err(), "no value was stored");
}
