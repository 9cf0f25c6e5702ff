//! Users of MemoryDB, by moto, which keeps users and has no server behind them.

use std::process::Command;

use serde_json::{Value, json};
use test_servers::{Moto, ValkeyProduct};

use crate::fixture::{Plan, fresh, shared};

fn aws(moto: &Moto, arguments: &[&str]) -> Value {
    let output = Command::new(Moto::program("aws").unwrap())
        .args(["memorydb", "--endpoint-url", &moto.endpoint(), "--output", "json"])
        .args(arguments)
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key"), ("PATH", "/usr/bin:/bin")])
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Two rotations of a user that has one password at first: then it has two.
#[tokio::test]
async fn user_of_memorydb() {
    let Some(moto) = Moto::start().await else { return };
    let user = fresh("durable");
    let mode = format!("Type=password,Passwords={}", user.password);
    let created = aws(
        &moto,
        &[
            "create-user",
            "--user-name",
            &user.username,
            "--access-string",
            "on ~* +@all",
            "--authentication-mode",
            &mode,
        ],
    );
    let arn = created["User"]["ARN"].as_str().unwrap().to_owned();
    let count = || {
        let found = aws(&moto, &["describe-users", "--user-name", &user.username]);
        found["Users"][0]["Authentication"]["PasswordCount"].clone()
    };
    assert_eq!(count(), json!(1));
    let scene =
        Plan::at(shared(ValkeyProduct::Valkey9)).managed_at(&moto.endpoint(), user.clone(), &arn).await;
    for _ in 0..2 {
        scene.rotated().await;
        assert_eq!(count(), json!(2));
    }
    let output = scene.function.output();
    assert!(output.contains("AWSPENDING was not tried") && !output.contains("canary-"), "{output}");
}

/// A user that MemoryDB does not have.
#[tokio::test]
async fn nobody() {
    let Some(moto) = Moto::start().await else { return };
    let server = shared(ValkeyProduct::Valkey9);
    let arn = "arn:aws:memorydb:us-east-1:123456789012:user/nobody";
    // Its first request takes moto longer than a function waits.
    aws(&moto, &["describe-users"]);
    let scene = Plan::at(server).managed_at(&moto.endpoint(), fresh("nobody"), arn).await;
    let (code, step) = scene.refused(server).await;
    assert_eq!((code.as_str(), step), ("ELASTICACHE_USER_NOT_FOUND", "setSecret"));
}
