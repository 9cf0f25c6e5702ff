//! A function with wrong settings runs and answers.

use std::{sync::Arc, time::Duration};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{Fault, FaultKind, Operation, RotationSettings, Settings},
};
use serde_json::json;

use crate::panic::panicking;

/// Every invocation of a function with this setting reports what is wrong with it.
async fn check(name: &str, value: &str) {
    let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
    let store =
        LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.expect("a free port");
    let mut builder = LambdaFunction::builder(panicking());
    if name != "SECRETS_MANAGER_ENDPOINT" {
        builder = builder.env("SECRETS_MANAGER_ENDPOINT", store.endpoint());
    }
    let function = builder.env(name, value).build().expect("a function");
    store.register(function.arn(), Arc::new(function.clone()));
    let secret = store.create_secret("app", "{}").expect("a new secret");
    let version = store.rotate(&secret, function.arn()).expect("a rotation");
    let record = store.wait_for_rotation(&secret, &version, Duration::from_mins(1)).await.expect("an end");
    let step = record.attempts.last().and_then(|attempt| attempt.steps.last()).expect("a step");
    let error = step.error.as_ref().expect("an error");
    assert_eq!(error.error_type, "CONFIG_INVALID", "{error}");
    assert!(error.message.contains(name), "{error}");
    assert!(!error.message.contains(value), "{error}");
}

/// A malformed bundle of authorities is answered as a wrong setting.
#[tokio::test]
async fn malformed_authority_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle.pem");
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&bundle, text).unwrap();
        check("AWS_CA_BUNDLE", bundle.to_str().unwrap()).await;
    }
}

/// An endpoint that is no URL is answered as a wrong setting.
#[tokio::test]
async fn endpoint_that_is_not_a_url() {
    check("SECRETS_MANAGER_ENDPOINT", "https://secretsmanager us-east-1").await;
}

/// A service that hangs is named before Lambda ends the function.
#[tokio::test]
async fn hanging_service_is_named() {
    let store = LocalSecretsManager::start(Settings::default()).await.unwrap();
    let function = LambdaFunction::builder(panicking())
        .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
        .timeout(Duration::from_secs(3))
        .build()
        .unwrap();
    store.register(function.arn(), Arc::new(function.clone()));
    let secret = store.create_secret("app", "{}").unwrap();
    let hang = FaultKind::Delay(Duration::from_mins(1));
    store.inject(Fault::new(Operation::DescribeSecret, hang).times(9));
    let token = "11111111-2222-3333-4444-555555555555";
    let event = json!({"Step": "createSecret", "SecretId": secret, "ClientRequestToken": token});
    let error = function.invoke(&event).await.unwrap_err();
    // After a late answer, Lambda's own error would be there: that the task timed out.
    assert_eq!(error.error_type, "NET_SM_UNREACHABLE", "{error}");
}
