//! What a plan shows, compared with what the guard receives when the same change is made.

use rotation_core::Password;
use rotation_database::{Change, Credentials, Plan, Purpose, Session};
use test_servers::TestLogin;

use crate::fixture::{Lab, deadline, username};

async fn plan(lab: &Lab, next: &TestLogin) -> Plan {
    let pair = lab.pair();
    let credentials = Credentials {
        username: username(&next.username),
        password: Password::parse(&next.password).unwrap(),
    };
    let live = pair.other(&credentials.username);
    let change = Change::OtherUser { pair: &pair, live, next: &credentials, owner: &lab.owner, method: None };
    lab.connect(&lab.master).await.unwrap().plan(&change, deadline()).await.unwrap()
}

/// All statements so far about the two users that change something, with hashes removed.
fn writes(lab: &Lab) -> Vec<String> {
    const WORDS: [&str; 5] = ["ALTER", "CREATE", "GRANT", "REVOKE", "DROP"];
    let log = lab.server.log();
    let lines = log.lines().filter(|line| WORDS.iter().any(|word| line.starts_with(word)));
    let ours = ["", "_clone"].map(|ending| format!("\"{}{ending}\"", lab.app.username));
    let group = mark(lab);
    let ours = |line: &&str| line.contains(&group) || ours.iter().any(|name| line.contains(name));
    let lines = lines.filter(ours);
    lines
        .map(|sql| match sql.split_once(" PASSWORD 'md5") {
            Some((before, _)) => format!("{before} PASSWORD '...'"),
            None => sql.to_owned(),
        })
        .collect()
}

/// The name of the group that marks the clone, from the statement that creates it or the one that adds the
/// clone.
fn mark(lab: &Lab) -> String {
    let (log, joins) = (lab.server.log(), format!(" ADD USER \"{}_clone\"", lab.app.username));
    let joined = log.lines().find_map(|line| line.strip_suffix(&joins)?.strip_prefix("ALTER GROUP "));
    joined.map_or_else(|| "no mark yet".to_owned(), str::to_owned)
}

fn said(plan: &Plan) -> Vec<String> {
    plan.statements.iter().map(|statement| statement.text.clone()).collect()
}

async fn check(lab: &Lab, next: &TestLogin, drift: usize) {
    let begin = writes(lab).len();
    let plan = plan(lab, next).await;
    assert_eq!(writes(lab)[begin..], [""; 0]);
    assert_eq!(plan.drift().count(), drift, "{plan:?}");
    assert_eq!(plan.statements.last().unwrap().purpose, Purpose::Password);
    let notes = lab.rotate_to(next).await.unwrap();
    assert_eq!(said(&plan), writes(lab)[begin..]);
    assert_eq!(plan.notes, notes);
}

#[tokio::test]
async fn a_plan_says_to_the_letter_what_the_server_then_receives() {
    let lab = Lab::alone().await;
    let app = lab.app.username.clone();
    lab.admin(&format!("CREATE TABLE orders (id int); GRANT SELECT, INSERT ON orders TO {app}")).await;
    let mut clone = lab.clone();
    check(&lab, &clone, 4).await;

    "Another-password-1".clone_into(&mut clone.password);
    check(&lab, &clone, 0).await;

    lab.admin(&format!("REVOKE INSERT ON orders FROM {app}; GRANT DELETE ON orders TO {app}")).await;
    "Another-password-2".clone_into(&mut clone.password);
    check(&lab, &clone, 2).await;

    lab.admin(&format!("GRANT UPDATE ON orders TO {app}")).await;
    let mut back = lab.app.clone();
    "Another-password-3".clone_into(&mut back.password);
    check(&lab, &back, 1).await;
}

#[tokio::test]
async fn a_plan_of_one_s_own_password_is_one_statement_without_it() {
    let lab = Lab::new().await;
    let new = Password::parse("A-planned-password-1").unwrap();
    let change = Change::OwnPassword { new: &new };
    let plan = lab.connect(&lab.app).await.unwrap().plan(&change, deadline()).await.unwrap();
    assert_eq!(said(&plan), [format!("ALTER USER \"{}\" PASSWORD '...'", lab.app.username)]);
    assert_eq!(writes(&lab), [""; 0]);
    lab.change(new.expose()).await.unwrap();
    assert_eq!(said(&plan), writes(&lab));
}

#[tokio::test]
async fn what_the_master_lacks_is_seen_before_it_changes_anything() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    assert_eq!(plan(&lab, &clone).await.lacking, [""; 0]);
    lab.rotate_to(&clone).await.unwrap();
    lab.admin(&format!("ALTER ROLE {} NOSUPERUSER", lab.master.username)).await;
    assert_eq!(
        plan(&lab, &clone).await.lacking,
        [format!("ALTER USER \"{}\" CREATEUSER", lab.master.username)]
    );
}
