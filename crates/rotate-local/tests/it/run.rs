//! `rotate-local run`, with a function of this project, and with programs that would never be shipped.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::{PostgresServer, PostgresVersion};

use crate::command;

/// A folder with the value of a secret in `secret.json`.
fn folder(value: &Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret.json"), value.to_string()).unwrap();
    folder
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn script(folder: &TempDir, text: &str) -> String {
    let program = path(folder, "program");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// A function rotates, and the state outlives the command.
/// Each run continues from the state of the previous one: the password in `secret.json` no longer logs in.
#[tokio::test]
async fn rotates_with_state_across_runs() {
    let function = Path::new(env!("CARGO_BIN_EXE_rotate-local")).with_file_name("postgres_single_user");
    assert!(function.is_file(), "build the functions of PostgreSQL first");
    let version = PostgresVersion::available().pop().expect("run scripts/setup-postgres first");
    let server = PostgresServer::shared(version).unwrap();
    let login = server.create_role("").await.unwrap();
    let document = json!({
        "engine": "postgres", "host": server.host(), "port": server.port(), "dbname": "postgres", "ssl": true,
        "username": login.username, "password": login.password,
    });
    let folder = folder(&document);
    fs::write(path(&folder, "ca.pem"), server.authority().certificate_pem()).unwrap();
    let (secret, state) = (path(&folder, "secret.json"), path(&folder, "state.json"));
    let bundle = format!("TLS_CA_BUNDLE={}", path(&folder, "ca.pem"));
    let arguments = ["run", "--secret", &secret, "--state", &state, "--times", "2", "--env", &bundle];
    let arguments = [&arguments[..], &[function.to_str().unwrap()]].concat();
    for _ in 0..2 {
        let run = command::run(&arguments, &[]).await;
        run.expect_code(0).expect_out("Rotation 2 of 2: app").expect_out("  AWSCURRENT is version ");
        assert_eq!(run.out.matches(" ms  done").count(), 8, "{}", run.out);
    }
    assert!(server.try_login(&login, "postgres").await.is_err(), "the first password opens nothing");
}

/// A step that fails is named with its error and with what the program logged.
#[tokio::test]
async fn failed_step_shows_error_and_log() {
    let folder = folder(&json!({}));
    let program = script(&folder, "#!/bin/sh\necho cannot go on\nexit 3\n");
    let secret = path(&folder, "secret.json");
    let run = command::run(&["run", "--secret", &secret, &program], &[]).await;
    run.expect_code(1)
        .expect_out("createSecret")
        .expect_out("Runtime.ExitError")
        .expect_out("  | cannot go on")
        .expect_err("error: createSecret failed");
}

/// A runtime that answers null to every request.
const DOES_NOTHING: &str = r#"#!/bin/bash
call() {
    exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API#*:}"
    printf '%s /2018-06-01/runtime/invocation/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n' "$1" "$2" >&3
    while IFS= read -r line <&3; do
        line=${line%$'\r'}
        case $line in [Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d:*) id=${line#*: } ;; esac
    done
}
while :; do call GET next; call POST "$id/response"; done
"#;

/// A function that does nothing counts as one that did not rotate.
#[tokio::test]
async fn idle_function_did_not_rotate() {
    let folder = folder(&json!({}));
    let program = script(&folder, DOES_NOTHING);
    let secret = path(&folder, "secret.json");
    let run = command::run(&["run", "--secret", &secret, &program], &[]).await;
    run.expect_code(1).expect_err("every step succeeded, and finishSecret did not move AWSCURRENT");
    assert_eq!(run.out.matches(" ms  done").count(), 4, "{}", run.out);
}

/// The function of `examples/ticket.rs` in `rotation-lambda`, with a secret and its office.
fn ticket(folder: &TempDir) -> (String, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_rotate-local")).with_file_name("examples").join("ticket");
    assert!(program.is_file(), "first run cargo build -p rotation-lambda --example ticket");
    fs::write(path(folder, "ticket"), "the-first-ticket").unwrap();
    (program.to_str().unwrap().to_owned(), format!("TICKET_FILE={}", path(folder, "ticket")))
}

/// A function survives each fault at each call, repeated steps, and the steps of an old token.
#[tokio::test]
async fn every_fault_is_survived() {
    let folder = folder(&json!({"ticket": "the-first-ticket", "office": "main"}));
    let (program, office) = ticket(&folder);
    let secret = path(&folder, "secret.json");
    let run = command::run(&["run", "--secret", &secret, "--env", &office, "--faults", &program], &[]).await;
    run.expect_code(0).expect_out("Rotations with faults: app");
    for (kind, least) in [
        ("throttled", 8),
        ("lost before its effect", 8),
        ("answer lost", 8),
        ("killed before", 8),
        ("killed after", 9),
        ("each step called twice", 1),
        ("steps of an old token after a newer rotation", 1),
    ] {
        let lines = run.out.lines().filter(|line| line.contains(kind) && line.contains("attempt"));
        assert!(lines.count() >= least, "{kind}:\n{}", run.out);
    }
    // A process that was killed answers nothing, so the rotation is tried again.
    run.expect_out("DescribeSecret 1: killed before").expect_out("2 attempts");
}

/// What a program writes into its log must hold no value that was rotated.
#[tokio::test]
async fn logged_value_is_found() {
    let folder = folder(&json!({"ticket": "the-first-ticket"}));
    let (program, office) = ticket(&folder);
    let leaks = script(&folder, &format!("#!/bin/sh\ncat \"$TICKET_FILE\"\nexec {program}\n"));
    let secret = path(&folder, "secret.json");
    let arguments = ["run", "--secret", &secret, "--env", &office, "--faults=kill-between", &leaks];
    command::run(&arguments, &[])
        .await
        .expect_code(1)
        .expect_out("killed after each step")
        .expect_err("the program's output holds a value of the secret");
}
