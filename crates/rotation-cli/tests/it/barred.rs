//! A user or a master that the server keeps out or restricts: doctor names the statement that fixes it, the
//! statement is run as it stands, and the rotation goes on.

use std::fmt::Write;

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use test_servers::TestLogin;

use crate::world::{SECRET, World};

/// How findings introduce a statement.
const BEFORE: &str = "As an administrator of the database: ";

/// A secret with a master, and the replacements for their names, which differ from run to run.
struct Pair {
    world: World,
    master: TestLogin,
}

impl Pair {
    /// Both users of a pair exist, and AWSCURRENT names the clone where `rotations` is odd.
    async fn rotated(rotations: usize) -> Self {
        let world = World::new().await;
        let master = world.server.create_role("CREATEROLE").await.unwrap();
        let arn = world.service.create_secret("master", &world.document(&master, &json!({}))).unwrap();
        world.put(&["AWSCURRENT"], &world.document(&world.user, &json!({"masterarn": arn})));
        // Like a master that created the user: it may grant it, and has nothing of what the user may do.
        let grant = format!("GRANT {} TO {}", world.user.username, master.username);
        world.admin(&format!("{grant} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")).await;
        for _ in 0..rotations {
            world.rotate(&["--yes"]).await.expect_code(0);
        }
        Self { world, master }
    }

    /// A version under AWSPENDING whose password has never been set, as a failed setSecret leaves it.
    fn left_pending(&self) {
        let clone = format!("{}_clone", self.world.user.username);
        let pending = TestLogin { username: clone, password: "never-to-be-set-0123".into() };
        let current: Value =
            serde_json::from_str(&self.world.service.value(SECRET, "AWSCURRENT").unwrap()).unwrap();
        let more = json!({"masterarn": current["masterarn"]});
        self.world.put(&["AWSPENDING"], &self.world.document(&pending, &more));
    }

    fn shown(&self, text: &str) -> String {
        let text = text.replace(&self.world.user.username, "app").replace(&self.master.username, "master");
        let text = text.replace(&self.world.database, "shop");
        let current = self.world.holder("AWSCURRENT").unwrap();
        text.replace(&current, "01")
    }

    /// The faults and the advice that doctor reports.
    async fn doctor(&self, expected: &Expect) -> Vec<String> {
        let run = self.world.ask("doctor", &["--json"], &[]).await;
        let answer: Value = serde_json::from_str(&run.out).expect(&run.err);
        let (mut said, mut advice) = (String::new(), Vec::new());
        for finding in answer["findings"].as_array().unwrap() {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            if ["ok", "note"].contains(&text("severity").as_str()) {
                continue;
            }
            advice.push(text("remediation"));
            let (severity, check, code) = (text("severity"), text("check"), text("code"));
            // The versions are in the order of their ids, which are random.
            let sentence = text("sentence");
            let mut parts: Vec<_> = sentence.split("; ").collect();
            parts.sort_unstable();
            let (sentence, advised) = (parts.join("; "), text("remediation"));
            write!(said, "{severity} {check} {code}: {sentence}\n    {advised}\n").unwrap();
        }
        let command = answer["next"]["command"].as_str().unwrap_or("none");
        writeln!(said, "{}, command: {command}", answer["state"].as_str().unwrap()).unwrap();
        expected.assert_eq(&self.shown(&said));
        advice
    }

    /// Runs the statement in the first finding that has one, then rotates.
    async fn follow(&self, advice: &[String]) {
        let statement =
            advice.iter().find_map(|advised| advised.split_once(BEFORE)).expect("a statement is named").1;
        self.world.server.execute(&self.world.database, statement).await.unwrap();
        self.world.rotate(&["--yes"]).await.expect_code(0);
    }
}

/// The database admits only users that are named.
async fn close(pair: &Pair, to: &str) {
    let (database, user) = (&pair.world.database, to);
    let sql = format!(
        "REVOKE CONNECT ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {user}"
    );
    pair.world.admin(&sql).await;
}

/// A master that may not connect is reported with the GRANT that lets it.
#[tokio::test]
async fn master_without_connect_gets_the_grant() {
    let pair = Pair::rotated(0).await;
    close(&pair, &pair.world.user.username).await;
    pair.left_pending();
    let advice = pair.doctor(&expect![[r#"
        fault master DB_DATABASE_CLOSED: login with the master secret failed: the database is closed to the user: SQLSTATE 42501
            As an administrator of the database: GRANT CONNECT ON DATABASE "shop" TO "master"
        warning login PENDING_STUCK: AWSCURRENT logs in; AWSPENDING is refused; AWSPREVIOUS logs in
            Applications are not affected. Fix first what the findings name; move no label before that.
        pending_refused, command: none
    "#]]).await;
    pair.follow(&advice).await;
}

/// A user that may not connect is reported with the GRANT that lets it.
#[tokio::test]
async fn user_without_connect_gets_the_grant() {
    let pair = Pair::rotated(0).await;
    close(&pair, &pair.master.username).await;
    let advice = pair.doctor(&expect![[r#"
        fault login DB_DATABASE_CLOSED: login with AWSCURRENT failed: the database is closed to the user: SQLSTATE 42501
            As an administrator of the database: GRANT CONNECT ON DATABASE "shop" TO "app"
        unknown, command: none
    "#]]).await;
    pair.follow(&advice).await;
}

/// A master without REPLICATION is reported with the statement that gives it.
#[tokio::test]
async fn master_without_replication_gets_it() {
    let pair = Pair::rotated(0).await;
    pair.world.admin(&format!("ALTER ROLE {} REPLICATION", pair.world.user.username)).await;
    let advice = pair.doctor(&expect![[r#"
        fault privileges DB_PRIVILEGE_MISSING: a statement run with the master secret failed: a privilege is missing: ALTER ROLE "master" REPLICATION
            As an administrator of the database: ALTER ROLE "master" REPLICATION
        healthy, command: none
    "#]]).await;
    pair.follow(&advice).await;
}

/// An original past its validity is named.
/// The clone is live, so that no user is kept out at this moment.
#[tokio::test]
async fn original_past_its_validity() {
    let pair = Pair::rotated(1).await;
    pair.world.admin(&format!("ALTER ROLE {} VALID UNTIL '2001-01-01'", pair.world.user.username)).await;
    let advice = pair.doctor(&expect![[r#"
        fault privileges DB_EXPIRED: a statement run with the master secret failed: "app" is past the end of its validity
            As an administrator of the database: ALTER ROLE "app" VALID UNTIL 'infinity'
        healthy, command: none
    "#]]).await;
    pair.follow(&advice).await;
}

/// A live user past its validity is named with the statement that extends it.
/// The server reports the same for a user past its validity as for a wrong password.
#[tokio::test]
async fn live_user_past_its_validity() {
    let pair = Pair::rotated(0).await;
    pair.world.admin(&format!("ALTER ROLE {} VALID UNTIL '2001-01-01'", pair.world.user.username)).await;
    let advice = pair.doctor(&expect![[r#"
        fault login DB_NO_CREDENTIAL_ACCEPTED: AWSCURRENT is refused; AWSPREVIOUS is refused
            Set the password in the database to what AWSCURRENT holds. Check first that the user exists, may log in, and has not expired. As an administrator of the database, set the user's password to what version 01 (AWSCURRENT) holds. No label helps, and nothing is written. PostgreSQL gives the same answer for a user past its VALID UNTIL: ALTER ROLE "app" VALID UNTIL 'infinity'
        no_version_logs_in, command: none
    "#]]).await;
    let statement = advice[0].split_once("past its VALID UNTIL: ").unwrap().1;
    pair.world.admin(statement).await;
    pair.world.rotate(&["--yes"]).await.expect_code(0);
}

/// An original that may not log in is named.
#[tokio::test]
async fn original_without_login_is_named() {
    for rotations in [0, 1] {
        let pair = Pair::rotated(rotations).await;
        pair.world.admin(&format!("ALTER ROLE {} NOLOGIN", pair.world.user.username)).await;
        let expected = match rotations {
            0 => expect![[r#"
                fault login DB_LOCKED: login with AWSCURRENT failed: the account is locked or may not log in: SQLSTATE 28000
                    As an administrator of the database: ALTER ROLE "app" LOGIN
                unknown, command: none
            "#]],
            _ => expect![[r#"
                fault privileges DB_LOCKED: a statement run with the master secret failed: "app" may not log in
                    As an administrator of the database: ALTER ROLE "app" LOGIN
                healthy, command: none
            "#]],
        };
        let advice = pair.doctor(&expected).await;
        pair.follow(&advice).await;
    }
}

/// A user that is named like a clone is reported as such.
/// No rotation created it, and no user has the name without the suffix.
#[tokio::test]
async fn user_named_like_a_clone() {
    let pair = Pair::rotated(0).await;
    let name = format!("{}_clone", pair.master.username.replace("app", "user"));
    let user = pair.world.server.create_role_named(&name, "").await.unwrap();
    let arn =
        pair.world.service.create_secret("another", &pair.world.document(&pair.master, &json!({}))).unwrap();
    pair.world.put(&["AWSCURRENT"], &pair.world.document(&user, &json!({"masterarn": arn})));
    pair.world.rotate(&["--dry-run"]).await.expect_code(1).expect_err("code: DB_ORIGINAL_NOT_FOUND");
    let pair =
        Pair { master: TestLogin { username: name.replace("_clone", ""), ..pair.master.clone() }, ..pair };
    pair.doctor(&expect![[r#"
        fault login DB_ORIGINAL_NOT_FOUND: login with AWSCURRENT failed: the login succeeded, but the server refused the first request: the name "master_clone" is that of a clone, and there is no user "master" that it could be the clone of (probe)
            Rotate "master_clone" with the single-user strategy, or rename it so that its name does not end like a clone's. If it is the clone of a user that was dropped, create "master" again.
        unknown, command: none
    "#]]).await;
    pair.world.rotate(&["--yes", "--strategy", "single_user"]).await.expect_code(0);
}
