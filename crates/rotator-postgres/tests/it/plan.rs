//! What a plan shows, compared with what the server receives when the same change is made.

use rotation_core::Password;
use rotation_database::{Change, Credentials, Plan, Purpose, Session, Turn};
use test_servers::{PostgresVersion, TestLogin};

use crate::fixture::{Lab, deadline, owner, username, versions};

async fn plan(lab: &Lab<'_>, next: &TestLogin) -> Plan {
    let pair = lab.pair();
    let credentials = Credentials {
        username: username(&next.username),
        password: Password::parse(&next.password).unwrap(),
    };
    let live = pair.other(&credentials.username);
    let change = Change::OtherUser { pair: &pair, live, next: &credentials, owner: &owner(), method: None };
    lab.connect(&lab.master).await.unwrap().plan(&change, deadline()).await.unwrap()
}

/// What the server received from a user after this position in its log, without reads and transaction
/// statements, and with verifiers removed.
fn writes(lab: &Lab<'_>, user: &str, from: usize) -> Vec<String> {
    const OTHERS: [&str; 8] =
        ["BEGIN", "SET ", "SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "SHOW"];
    let log = lab.server.log();
    let ours = format!("|{user}|{}|LOG:  statement: ", lab.database);
    let received = log[from..].lines().filter_map(|line| Some(line.split_once(&ours)?.1.to_owned()));
    let writes = received.filter(|sql| !OTHERS.iter().any(|other| sql.starts_with(other)));
    writes
        .map(|sql| match sql.split_once(" PASSWORD ") {
            Some((before, _)) => format!("{before} PASSWORD '...'"),
            None => sql,
        })
        .collect()
}

fn said(plan: &Plan) -> Vec<String> {
    plan.statements.iter().map(|statement| statement.text.clone()).collect()
}

/// Plans, checks that nothing was written, rotates, and compares.
async fn check(lab: &Lab<'_>, next: &TestLogin, drift: usize) {
    let (begin, before) = (lab.server.log().len(), lab.snapshot().await);
    let plan = plan(lab, next).await;
    assert_eq!(lab.snapshot().await, before);
    assert_eq!(writes(lab, &lab.master.username, begin), Vec::<String>::new());
    assert_eq!(plan.drift().count(), drift, "{plan:?}");
    let last = plan.statements.last().unwrap();
    assert_eq!((last.kind, last.purpose), ("set password", Purpose::Password));

    let begin = lab.server.log().len();
    let notes = lab.rotate_to(next).await.unwrap();
    assert_eq!(said(&plan), writes(lab, &lab.master.username, begin));
    assert_eq!(plan.notes, notes);
}

#[tokio::test]
async fn a_plan_says_to_the_letter_what_the_server_then_receives() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let app = lab.app.username.clone();
        lab.admin(&format!("ALTER ROLE {app} SET search_path = work, public")).await;
        lab.admin(&format!("ALTER ROLE {app} CONNECTION LIMIT 7")).await;
        let mut clone = lab.clone();
        check(&lab, &clone, 5).await;

        clone.password = "the next one".to_owned();
        check(&lab, &clone, 0).await;

        let name = &clone.username;
        lab.admin(&format!("ALTER ROLE {name} CONNECTION LIMIT 3")).await;
        lab.admin(&format!("ALTER ROLE {name} SET work_mem = '4MB'")).await;
        lab.admin(&format!("ALTER ROLE {app} SET statement_timeout = 5000")).await;
        clone.password = "and another one".to_owned();
        check(&lab, &clone, 3).await;

        let mut back = lab.app.clone();
        back.password = "the original's next".to_owned();
        check(&lab, &back, 0).await;
    }
}

#[tokio::test]
async fn a_plan_of_one_s_own_password_is_one_statement_without_it() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let new = Password::parse("a-password-that-is-planned").unwrap();
        let change = Change::OwnPassword { new: &new };
        let begin = lab.server.log().len();
        let plan = lab.connect(&lab.app).await.unwrap().plan(&change, deadline()).await.unwrap();
        assert_eq!(said(&plan), [format!("ALTER ROLE \"{}\" PASSWORD '...'", lab.app.username)]);
        assert_eq!(writes(&lab, &lab.app.username, begin), Vec::<String>::new());
        lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap();

        let begin = lab.server.log().len();
        let mut session = lab.connect(&lab.app).await.unwrap();
        session.stage(&change, &Turn::default(), deadline()).await.unwrap();
        session.commit().await.unwrap();
        assert_eq!(said(&plan), writes(&lab, &lab.app.username, begin));
    }
}

#[tokio::test]
async fn a_plan_hides_the_values_of_settings_that_are_not_the_server_s_own() {
    let lab = Lab::new(PostgresVersion::V14).await;
    lab.admin(&format!("ALTER ROLE {} SET app.signing_key = 'canary-value'", lab.app.username)).await;
    let plan = plan(&lab, &lab.clone()).await;
    let text = format!("{plan:?}");
    assert!(text.contains("app.signing_key") && !text.contains("canary-value"), "{text}");
    assert!(!text.contains("SCRAM-SHA-256$") && !text.contains(&lab.clone().password), "{text}");
}

#[tokio::test]
async fn a_session_that_plans_cannot_write() {
    for version in versions() {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        let begin = lab.server.log().len();
        plan(&lab, &lab.clone()).await;
        let log = lab.server.log();
        let ours = format!("|{}|{}|LOG:  statement: ", lab.master.username, lab.database);
        let received: Vec<_> =
            log[begin..].lines().filter_map(|line| Some(line.split_once(&ours)?.1)).collect();
        assert_eq!(received[2], "SET TRANSACTION READ ONLY", "{received:?}");
        assert!(received[3..].iter().all(|sql| sql.starts_with("SELECT")), "{received:?}");
    }
}
