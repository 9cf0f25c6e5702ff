//! How the time of a rotation grows with what the users hold. Measured, not asserted: `scripts/growth` runs
//! it.

use std::time::{Duration, Instant};

use rotation_core::{Deadline, Password};
use rotation_database::{Change, Credentials, Engine, Session, Transport, Turn};
use rotation_suites::EngineScene;
use test_servers::{PostgresVersion, TestLogin};

use crate::fixture::{Lab, engine, quoted, username};

/// More than the slowest of them takes.
fn long() -> Deadline {
    Deadline::after(Duration::from_mins(10))
}

async fn rotate_to(lab: &Lab<'_>, next: &TestLogin) -> Duration {
    let (pair, began) = (lab.pair(), Instant::now());
    let next = Credentials {
        username: username(&next.username),
        password: Password::parse(&next.password).unwrap(),
    };
    let live = pair.other(&next.username);
    let login = lab.login(&lab.master);
    let session = engine(lab.server, lab.objects).connect(&login, Transport::Tls, long()).await;
    let mut session = session.unwrap();
    let change = Change::OtherUser { pair: &pair, live, next: &next, owner: &lab.owner, method: lab.method };
    session.stage(&change, &Turn::default(), long()).await.unwrap();
    session.commit().await.unwrap();
    began.elapsed()
}

/// Grants on this number of tables to this user.
async fn grant(lab: &Lab<'_>, to: &str, tables: usize, option: &str) {
    let sql = format!(
        "DO $do$BEGIN FOR n IN 1..{tables} LOOP \
           EXECUTE format('GRANT SELECT, INSERT ON many.t%s TO %I {option}', n, '{to}'); \
         END LOOP; END$do$"
    );
    lab.admin(&sql).await;
}

/// The time for each grant is measured and printed, for a clone that is created and one that is
/// equal.
#[tokio::test]
#[ignore = "it measures; scripts/growth runs it"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn time_per_grant() {
    for (tables, option) in [1_000, 10_000]
        .into_iter()
        .flat_map(|tables| ["", "WITH GRANT OPTION"].map(|option| (tables, option)))
    {
        let lab = Lab::new(PostgresVersion::V18).await;
        lab.admin(&format!(
            "CREATE SCHEMA many; GRANT USAGE ON SCHEMA many TO {app}; \
             DO $do$BEGIN FOR n IN 1..{tables} LOOP EXECUTE format('CREATE TABLE many.t%s ()', n); END LOOP; \
             END$do$",
            app = quoted(&lab.app.username)
        ))
        .await;
        grant(&lab, &lab.app.username, tables, option).await;
        let clone = lab.clone();
        // The minimum of three: other load on the machine only adds time.
        let (mut made, mut equal, mut own) = (Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..3 {
            lab.admin(&format!(
                "DO $$BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{0}') THEN \
                 DROP OWNED BY {0}; DROP ROLE {0}; END IF; END$$",
                clone.username
            ))
            .await;
            made = made.min(rotate_to(&lab, &clone).await);
            equal = equal.min(rotate_to(&lab, &clone).await);
            // What the live clone holds by itself is compared, privilege by privilege, with what the original
            // can reach.
            grant(&lab, &clone.username, tables, option).await;
            own = own.min(rotate_to(&lab, &lab.app).await);
        }
        for (what, took) in
            [("clone made", made), ("found equal", equal), ("clone's own grants compared", own)]
        {
            let each = took.as_secs_f64() * 1e6 / f64::from(u32::try_from(tables).unwrap());
            println!("PostgreSQL 18 | {what} | {tables} | {option} | {took:.1?} | {each:.1} µs");
        }
    }
}
