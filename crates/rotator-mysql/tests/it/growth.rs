//! How the time of a reconciliation grows with what the users hold. Measured, not asserted: `scripts/growth`
//! runs it.

use std::time::{Duration, Instant};

use rotation_core::Deadline;
use rotation_database::{Change, Credentials, Engine, Session, Transport, Turn};
use rotation_suites::EngineScene;
use test_servers::{MysqlVersion, TestLogin};

use crate::fixture::{Lab, engine, owner, password, username};

/// More than the slowest of them takes.
fn long() -> Deadline {
    Deadline::after(Duration::from_mins(10))
}

async fn rotate_to(lab: &Lab, next: &TestLogin) -> Duration {
    let (pair, began) = (lab.pair(), Instant::now());
    let next = Credentials { username: username(&next.username), password: password(&next.password) };
    let live = pair.other(&next.username);
    let login = lab.login(&lab.master);
    let session = engine(lab.server, lab.settings).connect(&login, Transport::Tls, long()).await;
    let mut session = session.unwrap();
    let change = Change::OtherUser { pair: &pair, live, next: &next, owner: &owner(), method: None };
    session.stage(&change, &Turn::default(), long()).await.unwrap();
    session.commit().await.unwrap();
    began.elapsed()
}

/// The time for each grant is measured and printed, for a clone that is created and one that is
/// equal.
#[tokio::test]
#[ignore = "it measures; scripts/growth runs it"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn time_per_grant() {
    let versions = [MysqlVersion::MySql9, MysqlVersion::MariaDb11];
    for version in versions.into_iter().filter(|version| version.is_to_be_tested()) {
        for (tables, option) in [1_000, 10_000]
            .into_iter()
            .flat_map(|tables| ["", "WITH GRANT OPTION"].map(|option| (tables, option)))
        {
            let lab = Lab::new(version, "").await;
            let (app, clone) = (&lab.app.username, lab.clone());
            // With CREATE a grant may name a table that does not exist.
            let grants: Vec<_> = (0..tables)
                .map(|n| format!("GRANT SELECT, CREATE ON many.t{n} TO '{app}'@'%' {option}"))
                .collect();
            lab.admin(&grants.iter().map(String::as_str).collect::<Vec<_>>()).await;
            // The minimum of three: other load on the machine only adds time.
            let (mut made, mut equal) = (Duration::MAX, Duration::MAX);
            for _ in 0..3 {
                lab.admin(&[&format!("DROP USER IF EXISTS '{}'", clone.username)]).await;
                made = made.min(rotate_to(&lab, &clone).await);
                equal = equal.min(rotate_to(&lab, &clone).await);
            }
            for (what, took) in [("clone made", made), ("found equal", equal)] {
                let each = took.as_secs_f64() * 1e6 / f64::from(u32::try_from(tables).unwrap());
                println!("{version} | {what} | {tables} | {option} | {took:.1?} | {each:.1} µs");
            }
        }
    }
}
