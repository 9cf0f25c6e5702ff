//! What a plan shows, compared with what the server receives when the same change is made.

use std::collections::BTreeSet;

use rotation_database::{Change, Credentials, Plan, Purpose, Session, StatementFault};
use test_servers::{MysqlFlavor, TestLogin};

use crate::fixture::{Lab, at, deadline, owner, password, username};

const FLAVORS: [MysqlFlavor; 2] = [MysqlFlavor::MySql, MysqlFlavor::MariaDb];

async fn plan(lab: &Lab, next: &TestLogin) -> Plan {
    let pair = lab.pair();
    let next = Credentials { username: username(&next.username), password: password(&next.password) };
    let live = pair.other(&next.username);
    let change = Change::OtherUser { pair: &pair, live, next: &next, owner: &owner(), method: None };
    lab.connect(&lab.master).await.unwrap().plan(&change, deadline()).await.unwrap()
}

/// All that the server received from this user so far, reads included.
fn received(lab: &Lab, user: &str) -> Vec<String> {
    let log = lab.server.general_log();
    let mut connections = BTreeSet::new();
    let mut received = Vec::new();
    let number = |head: &str| head.split_whitespace().next_back().map(str::to_owned);
    for line in log.lines() {
        if let Some((head, text)) = line.split_once(" Connect\t") {
            let Some(number) = number(head) else { continue };
            if text.starts_with(&format!("{user}@")) {
                connections.insert(number);
            } else if text.contains(" on ") {
                connections.remove(&number);
            }
        } else if let Some((head, text)) = line.split_once(" Query\t")
            && number(head).is_some_and(|number| connections.contains(&number))
        {
            received.push(text.to_owned());
        }
    }
    received
}

/// The statements that change something, with passwords and hashes removed, both by the server and by the
/// test.
fn writes(lab: &Lab, user: &str) -> Vec<String> {
    const WORDS: [&str; 8] =
        ["ALTER", "CREATE", "GRANT", "REVOKE", "DROP", "SET PASSWORD", "SET DEFAULT", "RENAME"];
    let all = received(lab, user).into_iter();
    let writes = all.filter(|sql| WORDS.iter().any(|word| sql.starts_with(word)));
    writes.map(|sql| elided(&sql)).collect()
}

/// MySQL itself writes `<secret>`, and quotes such a statement again; the test removes MariaDB's hashes.
fn elided(sql: &str) -> String {
    let mut text = sql.replace("<secret>", "'...'").replace("\\\"", "\"");
    while let Some(start) = text.find("'*") {
        let end = start + 2 + text[start + 2..].find('\'').unwrap() + 1;
        text.replace_range(start..end, "'...'");
    }
    text
}

fn said(plan: &Plan) -> Vec<String> {
    plan.statements.iter().map(|statement| statement.text.clone()).collect()
}

async fn check(lab: &Lab, next: &TestLogin) -> usize {
    let master = &lab.master.username;
    let begin = writes(lab, master).len();
    let plan = plan(lab, next).await;
    assert_eq!(writes(lab, master)[begin..], [""; 0]);
    assert_eq!(plan.statements.last().unwrap().purpose, Purpose::Password);
    let notes = lab.rotate_to(next).await.unwrap();
    assert_eq!(said(&plan), writes(lab, master)[begin..]);
    assert_eq!(plan.notes, notes);
    plan.drift().count()
}

#[tokio::test]
async fn a_plan_says_to_the_letter_what_the_server_then_receives() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        let app = at(&lab.app.username, "%");
        lab.admin(&[&format!("GRANT SELECT, INSERT ON mysql.help_topic TO {app}")]).await;
        let mut clone = lab.clone();
        assert!(check(&lab, &clone).await > 1);

        clone.password = "the-next-Password-1".to_owned();
        assert_eq!(check(&lab, &clone).await, 0);

        lab.admin(&[
            &format!("REVOKE INSERT ON mysql.help_topic FROM {app}"),
            &format!("GRANT DELETE ON mysql.help_topic TO {app}"),
            &format!("ALTER USER {app} WITH MAX_USER_CONNECTIONS 5"),
        ])
        .await;
        clone.password = "the-next-Password-2".to_owned();
        assert_eq!(check(&lab, &clone).await, 3);

        // The live clone gained something, and the original as well.
        lab.admin(&[
            &format!("GRANT UPDATE ON mysql.help_topic TO {}", at(&clone.username, "%")),
            &format!("GRANT INDEX ON mysql.help_topic TO {app}"),
        ])
        .await;
        let back = TestLogin { password: "the-next-Password-3".to_owned(), ..lab.app.clone() };
        assert_eq!(check(&lab, &back).await, 2);
    }
}

#[tokio::test]
async fn a_plan_of_one_s_own_password_says_what_is_run_and_what_is_run_otherwise() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        let new = password("a-planned-Password-1");
        let change = Change::OwnPassword { new: &new };
        let plan = lab.connect(&lab.app).await.unwrap().plan(&change, deadline()).await.unwrap();
        let expected: &[&str] = match flavor {
            MysqlFlavor::MariaDb => &["SET PASSWORD = '...'"],
            MysqlFlavor::MySql => &[
                "ALTER USER USER() IDENTIFIED BY '...' REPLACE '...'",
                "ALTER USER USER() IDENTIFIED BY '...' REPLACE '...'  \
                 (only where the server refuses the one before)",
                "ALTER USER USER() IDENTIFIED BY '...'  (only where the server refuses the one before)",
            ],
        };
        let shown: Vec<_> = plan.statements.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected);
        assert_eq!(writes(&lab, &lab.app.username), [""; 0]);
        assert!(lab.opens(&lab.app.password).await);
    }
}

#[tokio::test]
async fn a_session_that_plans_cannot_write_and_keeps_nobody_waiting() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        plan(&lab, &lab.clone()).await;
        let received = received(&lab, &lab.master.username);
        assert_eq!(received[1], "START TRANSACTION READ ONLY", "{received:?}");
        let reads = |sql: &String| sql.starts_with("SELECT") || sql.starts_with("SHOW");
        assert!(received[2..].iter().all(reads), "{received:?}");
        assert!(!received.iter().any(|sql| sql.contains("GET_LOCK")), "{received:?}");
    }
}

#[tokio::test]
async fn a_plan_hides_what_people_keep_in_attributes() {
    let lab = Lab::new(MysqlFlavor::MySql, "").await;
    let attribute = json_attribute(&lab);
    lab.admin(&[&attribute]).await;
    let plan = plan(&lab, &lab.clone()).await;
    let text = format!("{plan:?}");
    assert!(text.contains("pager") && text.contains("cloneOf") && !text.contains("canary-value"), "{text}");
}

fn json_attribute(lab: &Lab) -> String {
    format!("ALTER USER {} ATTRIBUTE '{{\"pager\": \"canary-value\"}}'", at(&lab.app.username, "%"))
}

#[tokio::test]
async fn what_the_master_lacks_is_seen_before_it_changes_anything() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        let clone = lab.clone();
        let (app, master) = (at(&lab.app.username, "%"), at(&lab.master.username, "%"));
        lab.admin(&[&format!("GRANT SELECT ON mysql.db TO {app}")]).await;
        assert_eq!(plan(&lab, &clone).await.lacking, [""; 0], "{flavor}");
        lab.admin(&[&format!("REVOKE CREATE USER, GRANT OPTION ON *.* FROM {master}")]).await;
        let expected = [
            format!("GRANT CREATE USER ON *.* TO {master}"),
            format!("GRANT SELECT ON `mysql`.`db` TO {master} WITH GRANT OPTION"),
        ];
        assert_eq!(plan(&lab, &clone).await.lacking, expected, "{flavor}");
        // The advised statements are enough.
        for statement in &expected {
            lab.admin(&[statement]).await;
        }
        assert_eq!(plan(&lab, &clone).await.lacking, [""; 0], "{flavor}");
        lab.rotate_to(&clone).await.unwrap();
    }
}

#[tokio::test]
async fn what_the_master_lacks_is_said_of_the_host_that_it_is_let_in_by() {
    for flavor in FLAVORS {
        let lab = Lab::new(flavor, "").await;
        let clone = lab.clone();
        let (app, master) = (at(&lab.app.username, "%"), at(&lab.master.username, "127.0.0.%"));
        lab.admin(&[
            &format!("GRANT SELECT ON mysql.db TO {app}"),
            &format!("RENAME USER {} TO {master}", at(&lab.master.username, "%")),
            &format!("REVOKE CREATE USER, GRANT OPTION ON *.* FROM {master}"),
        ])
        .await;
        let lacking = plan(&lab, &clone).await.lacking;
        let expected = [
            format!("GRANT CREATE USER ON *.* TO {master}"),
            format!("GRANT SELECT ON `mysql`.`db` TO {master} WITH GRANT OPTION"),
        ];
        assert_eq!(lacking, expected, "{flavor}");
        // The advised statements are enough; a wrong host would name another user.
        for statement in &lacking {
            lab.admin(&[statement]).await;
        }
        assert_eq!(plan(&lab, &clone).await.lacking, [""; 0], "{flavor}");

        // The same for the privilege without which nothing can be read.
        lab.admin(&[&format!("REVOKE SELECT ON *.* FROM {master}")]).await;
        let StatementFault::PrivilegeMissing { needed } = lab.rotate_to(&clone).await.unwrap_err().fault
        else {
            panic!("{flavor}");
        };
        assert_eq!(needed, format!("GRANT SELECT ON mysql.* TO {master}"), "{flavor}");
    }
}
