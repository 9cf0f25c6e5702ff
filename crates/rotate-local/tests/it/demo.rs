//! `rotate-local demo`, in a pipe.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use test_servers::{Chromium, MysqlFlavor};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use crate::command::{self, Run};

/// Passwords with these settings are 64 upper-case letters, so that a single one would be detected anywhere.
const CANARY: [(&str, &str); 4] = [
    ("PASSWORD_LENGTH", "64"),
    ("EXCLUDE_LOWERCASE", "true"),
    ("EXCLUDE_NUMBERS", "true"),
    ("EXCLUDE_PUNCTUATION", "true"),
];

/// The same where the engine requires three classes: 64 letters and digits.
const MIXED_CANARY: [(&str, &str); 2] = [("PASSWORD_LENGTH", "64"), ("EXCLUDE_PUNCTUATION", "true")];

fn longest_run(text: &str, of: fn(char) -> bool) -> usize {
    text.split(|c| !of(c)).map(str::len).max().unwrap_or_default()
}

/// Whether a client that checks after every step is refused AWSCURRENT while a single user's password
/// changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    Open,
    Closed,
}

/// All guarantees of this engine are kept, and no password is shown.
async fn check(arguments: &[&str], engine: &str, gap: Gap) -> Run {
    let function =
        Path::new(env!("CARGO_BIN_EXE_rotate-local")).with_file_name(format!("{engine}_single_user"));
    assert!(function.is_file(), "build the functions of {engine} first");
    let canary: &[_] = if engine == "redshift" { &MIXED_CANARY } else { &CANARY };
    let run = command::run(arguments, canary).await;
    run.expect_code(0).expect_out("Verdict: as expected. 4 rotations ended with `AWSCURRENT logs in`");
    assert_eq!(run.out.matches("\n  AWSCURRENT logs in\n").count(), 4, "{}", run.out);
    assert_eq!(run.out.matches("  kept  ").count(), 9, "{}", run.out);
    match gap {
        Gap::Open => run.expect_out("only AWSPENDING logs in: refused after setSecret and testSecret"),
        Gap::Closed => run
            .expect_out("AWSCURRENT logs in after every step, a single user's, too: without a gap")
            .expect_out("AWSPREVIOUS logs in until the next rotation, a single user's, too: 4 of 4"),
    };
    assert!(!run.out.contains('\x1b') && !run.out.contains('\r'), "a pipe gets plain lines:\n{}", run.out);
    // Those that the functions created, and the initial ones, which are 32 hexadecimal digits.
    let output = format!("{}{}", run.out, run.err);
    assert!(longest_run(&output, |c| c.is_ascii_uppercase()) < 20, "a password is shown:\n{output}");
    assert!(longest_run(&output, |c| c.is_ascii_alphanumeric()) < 40, "a password is shown:\n{output}");
    assert!(longest_run(&output, |c| c.is_ascii_hexdigit()) < 20, "a password is shown:\n{output}");
    run
}

/// The demo keeps its promises and shows no password.
#[tokio::test]
async fn postgres_keeps_its_promises() {
    check(&["demo"], "postgres", Gap::Open).await;
}

/// The demo draws the timeline of each secret.
#[tokio::test]
async fn draws_the_timeline_of_each_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.html");
    let run = check(&["demo", "--html", file.to_str().unwrap()], "postgres", Gap::Open).await;
    let (_, drawn) = run.out.split_once("\nTimeline of shop/reporting\n").expect("no timeline");
    let (reporting, checkout) = drawn.split_once("\nTimeline of shop/checkout\n").expect("one timeline");
    let (checkout, _) = checkout.split_once("The timeline is in ").expect("no page");
    for timeline in [reporting, checkout] {
        assert_eq!(timeline.matches("before").count(), 2, "one for each rotation:\n{timeline}");
        assert_eq!(timeline.matches("finishSecret").count(), 2, "{timeline}");
        assert!(timeline.contains("no label"), "the version before AWSPREVIOUS loses its label:\n{timeline}");
        assert!(timeline.contains("*PENDING") || timeline.contains("=*"), "{timeline}");
        assert!(timeline.lines().all(|line| line.len() <= 110 && line.is_ascii()), "{timeline}");
    }
    assert!(
        reporting.contains("xCURRENT") || reporting.contains("=x"),
        "the gap of a single user:\n{reporting}"
    );
    // AWSCURRENT of alternating users is refused at no moment.
    let current = checkout.lines().filter(|line| line.contains("CURRENT") && line.contains('x'));
    assert!(current.clone().all(|line| line.contains("xPENDING")), "{checkout}");

    let html = fs::read_to_string(&file).unwrap();
    assert!(longest_run(&html, |c| c.is_ascii_uppercase()) < 20, "a password is on the page");
    let Some(chromium) = Chromium::open(&html).unwrap() else { return };
    let visit = chromium.visit().await.unwrap();
    assert_eq!((visit.requests, visit.console), (Vec::new(), Vec::new()));
    assert_eq!(visit.dom.matches("<h2 ").count(), 2);
    assert_eq!(visit.dom.matches("<table>").count(), 2);
    assert_eq!(
        visit.dom.matches("<td>testSecret</td>").count(),
        10,
        "a second rotation still has the version before"
    );
    assert!(visit.dom.contains("2 rotations succeeded"), "{}", visit.dom);
}

/// With MySQL a single user has no gap.
#[tokio::test]
async fn mysql_single_user_has_no_gap() {
    if MysqlFlavor::MySql.is_to_be_tested() {
        check(&["demo", "mysql"], "mysql", Gap::Closed).await;
    }
}

/// With MariaDB a single user has a gap, and the demo reports it.
#[tokio::test]
async fn mariadb_single_user_gap_is_reported() {
    if MysqlFlavor::MariaDb.is_to_be_tested() {
        check(&["demo", "mariadb"], "mariadb", Gap::Open).await;
    }
}

/// The demo of DocumentDB names the server that it is based on.
#[tokio::test]
async fn documentdb_names_its_stand_in() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/mongodb-6.0/bin/mongod");
    #[expect(clippy::disallowed_methods, reason = "the switch of the whole test run, not of a function")]
    let skip = std::env::var_os("SKIP_MISSING").is_some_and(|value| value == "1");
    if server.is_file() || !skip {
        check(&["demo", "docdb"], "docdb", Gap::Open).await.expect_out("MongoDB 6.0");
    }
}

/// The demo of Redshift states first that it is no Redshift.
#[tokio::test]
async fn redshift_announces_its_stand_in() {
    let run = check(&["demo", "redshift"], "redshift", Gap::Open).await;
    let ground =
        "No Redshift server: PostgreSQL behind a guard that takes Redshift's documented grammar alone.";
    assert_eq!(run.out.lines().next(), Some(ground));
}

/// A password in a Redshift statement breaks the demo's promise.
#[tokio::test]
async fn redshift_password_in_a_statement() {
    let run = command::run(&["demo", "redshift"], &[("REDSHIFT_PASSWORD_FORM", "plain")]).await;
    run.expect_code(1)
        .expect_out("all 4 rotations end with `AWSCURRENT logs in`: 4 of 4")
        .expect_err("broken promise: no password in the logs of the guard");
}

/// A gap breaks the promise of two passwords.
#[tokio::test]
async fn gap_with_two_passwords() {
    if MysqlFlavor::MySql.is_to_be_tested() {
        let run = command::run(&["demo", "mysql"], &[("DUAL_PASSWORD", "off")]).await;
        run.expect_code(1)
            .expect_out("all 4 rotations end with `AWSCURRENT logs in`: 4 of 4")
            .expect_out("refused after setSecret and testSecret")
            .expect_err("broken promise: AWSCURRENT logs in after every step");
    }
}

/// A function that fails breaks the demo's promise.
#[tokio::test]
async fn failing_function_breaks_the_promise() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["postgres_single_user", "postgres_master_user"] {
        let program = folder.path().join(name);
        fs::write(&program, "#!/bin/sh\nexit 3\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run = command::run(&["demo", "--functions", folder.path().to_str().unwrap()], &[]).await;
    run.expect_code(1);
    let verdict = run.out.lines().last().unwrap_or_default();
    assert!(
        verdict.starts_with("Verdict: not as expected: createSecret failed: Runtime.ExitError"),
        "{}",
        run.out
    );
    assert_eq!(run.err.lines().count(), 1, "one line names the cause: {}", run.err);
    run.expect_err("all 4 rotations end with `AWSCURRENT logs in`");
}

/// A clone that owns what it created breaks the demo's promise.
#[tokio::test]
async fn clone_that_owns_its_objects() {
    let run = command::run(&["demo"], &[("CLONE_OBJECTS", "own")]).await;
    run.expect_code(1)
        .expect_out("DB_CLONE_EXCEEDS_ORIGINAL")
        .expect_out("ON TABLE sales.refunds TO \"checkout\"")
        .expect_out("BROKEN  checkout_clone owns nothing");
}

/// Ctrl-C stops everything that was started.
#[tokio::test]
async fn ctrl_c_stops_everything() {
    // A function that never answers, so that the demo is still there when it is interrupted.
    let folder = tempfile::tempdir().unwrap();
    for name in ["postgres_single_user", "postgres_master_user"] {
        let program = folder.path().join(name);
        fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let arguments = ["demo", "--functions", folder.path().to_str().unwrap()];
    // All temporary files go here, where leftovers can be seen.
    let temporary = tempfile::tempdir().unwrap();
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut child = command::command(&arguments).env("TMPDIR", temporary.path()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("it was not to end yet").contains("before ") {}
    std::process::Command::new("kill").args(["-INT", &child.id().unwrap().to_string()]).status().unwrap();
    let output = timeout(Duration::from_secs(10), child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("interrupted; nothing is left running"), "{error}");
    let left: Vec<_> = fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// A missing function names the command that builds it.
#[tokio::test]
async fn missing_function_names_its_build() {
    let folder = tempfile::tempdir().unwrap();
    let run = command::run(&["demo", "--functions", folder.path().to_str().unwrap()], &[]).await;
    run.expect_code(1)
        .expect_err("postgres_single_user is not there: build it with `cargo build -p rotator-postgres");
}
