//! The AWS CLI against the local endpoint.

use std::{path::Path, sync::Arc, time::Duration};

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{RotationOutcome, Settings},
};
use serde_json::{Value, json};
use test_servers::Moto;
use tokio::process::Command;

use super::function::{FUNCTION, TestFunction};

/// One `aws secretsmanager` command in an environment of its own; its answer or its error message.
async fn aws(program: &Path, endpoint: &str, arguments: &[&str]) -> Result<Value, String> {
    let mut command = Command::new(program);
    command
        .args(["--endpoint-url", endpoint, "--output", "json", "secretsmanager"])
        .args(arguments)
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_MAX_ATTEMPTS", "1")
        .kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_mins(1), command.output()).await.unwrap().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

/// The AWS CLI creates, rotates and reads a secret.
#[tokio::test]
async fn creates_rotates_and_reads() {
    let Some(program) = Moto::program("aws") else {
        return;
    };
    let manager = LocalSecretsManager::start(Settings::default()).await.unwrap();
    manager.register(FUNCTION, Arc::new(TestFunction::new(manager.handle(), &[])));
    let endpoint = manager.endpoint();
    let call = |arguments: &'static [&'static str]| aws(&program, &endpoint, arguments);

    let created = call(&["create-secret", "--name", "cli", "--secret-string", "first"]).await.unwrap();
    let rotated = call(&[
        "rotate-secret",
        "--secret-id",
        "cli",
        "--rotation-lambda-arn",
        FUNCTION,
        "--rotation-rules",
        "AutomaticallyAfterDays=30",
    ])
    .await
    .unwrap();
    assert_eq!(rotated["ARN"], created["ARN"]);
    let version = rotated["VersionId"].as_str().unwrap();
    let record = manager.wait_for_rotation("cli", version, Duration::from_secs(20)).await.unwrap();
    assert_eq!(record.outcome, Some(RotationOutcome::Succeeded));

    let read = call(&["get-secret-value", "--secret-id", "cli"]).await.unwrap();
    assert_eq!(read["SecretString"], json!(format!("value of {version}")));
    assert_eq!(read["VersionStages"], json!(["AWSCURRENT"]));
    let described = call(&["describe-secret", "--secret-id", "cli"]).await.unwrap();
    assert_eq!(described["RotationEnabled"], json!(true));
    assert!(described["NextRotationDate"].is_number(), "{described}");
    let listed = call(&["list-secrets", "--filters", "Key=name,Values=cl"]).await.unwrap();
    assert_eq!(listed["SecretList"][0]["Name"], json!("cli"));

    let complaint = call(&["get-secret-value", "--secret-id", "none"]).await.unwrap_err();
    assert!(complaint.contains("(ResourceNotFoundException)"), "{complaint}");
    assert!(complaint.contains("Secrets Manager can't find the specified secret."), "{complaint}");
    let denied =
        call(&["rotate-secret", "--secret-id", "cli", "--rotation-lambda-arn", "arn:none:of:them:at:all"])
            .await
            .unwrap_err();
    assert!(denied.contains("(AccessDeniedException)") && denied.contains("cannot invoke"), "{denied}");
}
