use std::{
    io::Write,
    path::PathBuf,
    sync::{Arc, Once},
    time::Duration,
};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, RotationSettings, Settings},
};
use rotation_suites::{Hostile, Trial, every_log};
use serde_json::{Value, json};

/// A program of `examples/`. Cargo builds the examples together with the tests, unless it is asked for only
/// some test targets.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this program is known");
    let folder = test.ancestors().nth(2).expect("cargo runs tests from target/<profile>/deps");
    let program = folder.join("examples").join(name);
    assert!(program.is_file(), "first run cargo build -p rotation-lambda --example {name}");
    program
}

pub(crate) fn panicking() -> PathBuf {
    example("panicking")
}

/// A panic is answered as an error by a process that stays alive.
#[tokio::test]
async fn panic_is_answered_as_an_error() {
    let rotation = RotationSettings { attempts: 2, ..RotationSettings::default() };
    let store = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap();
    let function = LambdaFunction::builder(panicking())
        .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
        .log_format("JSON")
        .build()
        .unwrap();
    store.register(function.arn(), Arc::new(function.clone()));
    let canary = "canary-of-the-password";
    let document = format!(
        r#"{{"engine":"panicking","host":"localhost","username":"app","password":"{canary}","ssl":true}}"#
    );
    let secret = store.create_secret("panicking", &document).unwrap();
    let version = store.rotate(&secret, function.arn()).unwrap();
    let record = store.wait_for_rotation(&secret, &version, Duration::from_mins(1)).await.unwrap();

    assert_eq!(record.outcome, Some(RotationOutcome::Failed));
    for attempt in &record.attempts {
        let (set, create) = attempt.steps.split_last().unwrap();
        assert!(create.iter().all(|step| step.step == "createSecret" && step.error.is_none()), "{create:?}");
        assert_eq!(set.step, "setSecret");
        let error = set.error.as_ref().unwrap();
        assert_eq!(error.error_type, "INTERNAL", "{error}");
        assert!(
            error.message.starts_with("the function panicked. This is a defect of the function"),
            "{error}"
        );
        assert!(!error.message.contains(canary), "{error}");
    }
    let reports = function.reports();
    // createSecret and setSecret of both attempts, each answered by the process that the first one started.
    assert_eq!(reports.len(), 4, "{}", function.output());
    assert!(reports.iter().all(|report| report.process_id == reports[0].process_id), "{reports:?}");
    assert!(reports[1..].iter().all(|report| report.init.is_none()), "{reports:?}");
    let output = function.output();
    assert!(!output.contains(canary) && !output.contains("a defect in a driver"), "{output}");
    assert!(output.contains("panicked at "), "the place is missing: {output}");
    let outcomes: Vec<Value> = output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let failed: Vec<_> = outcomes.iter().filter(|line| line["code"] == "INTERNAL").collect();
    assert_eq!(failed.len(), 2, "one outcome line for each setSecret: {output}");
    for line in failed {
        assert_eq!((&line["step"], &line["outcome"]), (&json!("setSecret"), &json!("failed")), "{line}");
        assert!(line["detail"].as_str().unwrap().starts_with("at="), "{line}");
        assert!(line["detail"].as_str().unwrap().contains("panicking.rs:"), "{line}");
    }
    let counted = outcomes.iter().filter(|line| line["step"] == "setSecret" && line["Outcome"] == 0);
    assert_eq!(counted.count(), 2, "one line of metrics for each: {output}");
}

/// A panic shows no password and no token at any level and in any format of the log.
/// The message of the panic quotes the password, and the process also holds the rotation token.
#[tokio::test]
async fn panic_shows_no_secret_in_any_log() {
    let document = json!({
        "engine": "panicking", "host": "localhost", "username": "app", "password": Hostile::CANARY,
        "ssl": true,
    });
    for (level, format) in every_log() {
        let function = LambdaFunction::builder(panicking())
            .log_level(level)
            .log_format(format)
            .env("RUST_BACKTRACE", "full");
        let trial = Trial::run(function, &document).await.unwrap();
        assert_eq!(trial.code(), "INTERNAL", "{level} {format}: {:?}", trial.error);
        trial.assert_silent(&(level, format));
        assert!(!trial.said.contains("a defect in a driver"), "{level} {format}: {}", trial.said);
        assert_no_core_file(trial.process_id, &format!("{level} {format}"));
    }
}

/// A panic during the diagnosis of a secret is answered too.
#[tokio::test]
async fn panic_during_a_diagnosis() {
    let store = LocalSecretsManager::start(Settings::default()).await.unwrap();
    let function = LambdaFunction::builder(panicking())
        .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
        .log_format("JSON")
        .build()
        .unwrap();
    store.register(function.arn(), Arc::new(function.clone()));
    let canary = "canary-of-the-password";
    let document = format!(
        r#"{{"engine":"panicking","host":"localhost","username":"app","password":"{canary}","ssl":true}}"#
    );
    let secret = store.create_secret("panicking", &document).unwrap();
    let version = store.rotate(&secret, function.arn()).unwrap();
    store.wait_for_rotation(&secret, &version, Duration::from_mins(1)).await.unwrap();
    let error = function.invoke(&json!({"doctor": secret})).await.unwrap_err();
    assert_eq!(error.error_type, "INTERNAL", "{error}");
    let output = function.output();
    assert!(!output.contains(canary) && !error.message.contains(canary), "{error} {output}");
    let severity = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let severity: Vec<_> = severity.filter(|line| line["step"] == "doctor").collect();
    assert_eq!(severity.len(), 1, "{output}");
    assert_eq!(severity[0]["Severity"], 3, "{output}");
}

/// No core file is written of what a function holds.
/// Started with permission to write core files as large as this machine allows. The function gives that up
/// and cannot get it back.
#[tokio::test]
async fn no_core_file_of_a_function() {
    let leave = r#"ulimit -S -c "$(ulimit -H -c)" && exec "$0""#;
    let function = LambdaFunction::builder("/bin/sh")
        .arg("-c")
        .arg(leave)
        .arg(panicking().to_str().expect("a path of text"))
        .build()
        .unwrap();
    function.invoke(&serde_json::json!({})).await.expect_err("no event");
    let process = function.last_report().expect("an invocation").process_id;
    assert_no_core_file(process, "started with leave");
}

/// Reports it where no process may write a core file anyway, because the function is then not the reason. The
/// message goes straight to standard error, because the output of a passing test is not shown.
#[track_caller]
fn assert_no_core_file(process: u32, what: &str) {
    static SAID: Once = Once::new();
    let here = core_limits(std::process::id());
    if here[1] == "0" {
        let words =
            "core files are forbidden to all processes here: no test can see whether functions forbid them";
        SAID.call_once(|| writeln!(std::io::stderr(), "{words}").expect("standard error"));
    }
    assert_eq!(core_limits(process), ["0", "0", "bytes"], "{what}, where {here:?} is inherited");
}

/// The size limit of this process's core files: soft limit, hard limit, and unit.
fn core_limits(process: u32) -> Vec<String> {
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).expect("it runs");
    let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
    core.expect("a limit of core files").split_whitespace().map(str::to_owned).collect()
}

/// The shipped programs unwind on a panic.
#[test]
fn shipped_programs_unwind() {
    let manifest = include_str!("../../../../Cargo.toml");
    let (_, release) = manifest.split_once("[profile.release]").unwrap();
    let release = release.split("\n[").next().unwrap();
    assert!(release.contains("\npanic = \"unwind\""), "{release}");
}
