//! Users and masters that do not belong together, and names that are easily truncated.

use rotation_core::{DocumentError, StagingLabel, Step};
use rotation_database::{UserPair, Username};

use super::{CANARY, Reach, check, document, ordinary, store};
use crate::world::{ARN, MASTER, PROFILE, Plan, Service, User, Value, World, grants};

fn current(service: &Service, changes: &[(&str, Option<&str>)]) {
    store(service, &StagingLabel::Current, Value::Text(document(changes)));
}

fn pending(service: &Service, username: &str) {
    let quoted = format!("\"{username}\"");
    store(service, &StagingLabel::Pending, Value::Text(document(&[("username", Some(&quoted))])));
}

/// Overwrites the master secret's document.
fn master(service: &Service, changes: &[(&str, Option<&str>)]) {
    let mut changes = changes.to_vec();
    if !changes.iter().any(|(field, _)| *field == "username") {
        changes.push(("username", Some("\"master\"")));
    }
    let mut store = service.world.store.borrow_mut();
    let secret = store.secrets.get_mut(MASTER).unwrap();
    let version = secret.holder(&StagingLabel::Current).unwrap().clone();
    secret.versions.get_mut(&version).unwrap().value = Some(Value::Text(document(&changes)));
    service.world.server.borrow_mut().users.get_mut("master").unwrap().password = Some(CANARY.into());
}

/// A pending user whose turn it is not is refused before any connection.
#[test]
fn pending_user_out_of_turn() {
    for (plan, user) in [
        (Plan::SingleUser, "bystander"),
        (Plan::SingleUser, "app_clone"),
        (Plan::Alternating, "app"),
        (Plan::Alternating, "bystander"),
        (Plan::Alternating, "master"),
        (Plan::Alternating, "app_clone_clone"),
    ] {
        let spoil = |service: &Service| pending(service, user);
        check(plan, Step::Set, spoil, "PENDING_USER_DIFFERS", Reach::NoConnection);
    }
}

/// A single user behind an RDS Proxy is refused at once.
/// A proxy accepts a new password only once it is AWSCURRENT, so testSecret could never succeed.
#[test]
fn single_user_behind_an_rds_proxy() {
    for host in [
        "app.proxy-abc123.eu-west-1.rds.amazonaws.com",
        "app.proxy-abc123.rds.cn-north-1.amazonaws.com.cn",
        "R.endpoint.PROXY-1.cn-north-1.rds.amazonaws.com.cn.",
    ] {
        let quoted = format!("\"{host}\"");
        let spoil = |service: &Service| current(service, &[("host", Some(&quoted))]);
        check(Plan::SingleUser, Step::Create, spoil, "DB_HOST_IS_PROXY", Reach::NoConnection);
    }
}

/// A master secret that is not the deployed one is refused.
#[test]
fn master_other_than_the_deployed() {
    let other = format!("\"{MASTER}2\"");
    for step in [Step::Create, Step::Set] {
        let spoil = |service: &Service| current(service, &[("masterarn", Some(&other))]);
        check(Plan::Alternating, step, spoil, "MASTER_NOT_DEPLOYED", Reach::NoConnection);
    }
}

/// A secret that is its own master is refused.
#[test]
fn secret_is_its_own_master() {
    let own = format!("\"{ARN}\"");
    let spoil = |service: &Service| current(service, &[("masterarn", Some(&own))]);
    check(Plan::AlternatingByField, Step::Set, spoil, "MASTER_SAME_AS_SECRET", Reach::NoConnection);
    for plan in [Plan::Alternating, Plan::AlternatingByField] {
        for user in ["\"app\"", "\"app_clone\""] {
            let spoil = |service: &Service| master(service, &[("username", Some(user))]);
            check(plan, Step::Set, spoil, "MASTER_SAME_AS_SECRET", Reach::User);
        }
    }
}

/// A master of another server is refused.
#[test]
fn master_of_another_server() {
    for plan in [Plan::Alternating, Plan::AlternatingByField] {
        let spoil = |service: &Service| master(service, &[("host", Some("\"db.example.org\""))]);
        check(plan, Step::Set, spoil, "MASTER_HOST_DIFFERS", Reach::User);
    }
}

/// A master on another port works once AWSCURRENT has logged in there.
#[test]
fn master_on_another_port() {
    World::run(async {
        let service = ordinary(Plan::Alternating).await;
        master(&service, &[("port", Some("5433"))]);
        service.invoke(Step::Set).await.unwrap().unwrap();
        let server = service.world.server.borrow();
        let ports: Vec<_> = server.attempts.iter().map(|one| (one.username.as_str(), one.port)).collect();
        assert_eq!(ports, [("app", 5432), ("app", 5433), ("master", 5433)]);
    });
}

/// A master secret whose server is unknown is named as such.
#[test]
fn master_without_a_known_server() {
    for plan in [Plan::Alternating, Plan::AlternatingByField] {
        let bare = ["engine", "host", "port", "masterarn"].map(|field| (field, None));
        let spoil = |service: &Service| master(service, &bare);
        let hint = check(plan, Step::Set, spoil, "MASTER_OWNER_UNKNOWN", Reach::User);
        assert!(hint.contains("Add `engine` and `host` to the master secret"), "{hint}");
    }
}

/// A master secret that cannot be used is named.
#[test]
fn unusable_master_secret_is_named() {
    for (field, value) in [("host", None), ("engine", Some("\"mysql\"")), ("password", Some("\"\""))] {
        let spoil = |service: &Service| master(service, &[(field, value)]);
        check(Plan::Alternating, Step::Set, spoil, "MASTER_INVALID", Reach::User);
    }
    let gone = |service: &Service| drop(service.world.store.borrow_mut().secrets.remove(MASTER));
    for plan in [Plan::Alternating, Plan::AlternatingByField] {
        check(plan, Step::Set, gone, "MASTER_UNREADABLE", Reach::User);
    }
    let wrong = |service: &Service| {
        master(service, &[]);
        service.world.server.borrow_mut().users.get_mut("master").unwrap().password = Some("other".into());
    };
    check(Plan::Alternating, Step::Set, wrong, "DB_AUTH_REFUSED", Reach::Master);
}

/// An AWSCURRENT that does not log in is refused before the master is used.
#[test]
fn refused_current_stops_before_the_master() {
    for plan in [Plan::Alternating, Plan::AlternatingByField] {
        let spoil = |service: &Service| {
            service.world.server.borrow_mut().users.get_mut("app").unwrap().password = Some("other".into());
        };
        check(plan, Step::Set, spoil, "DB_AUTH_REFUSED", Reach::User);
    }
}

/// A single user whom no version opens is named.
#[test]
fn single_user_without_a_login() {
    let spoil = |service: &Service| {
        service.world.server.borrow_mut().users.get_mut("app").unwrap().password = Some("other".into());
    };
    check(Plan::SingleUser, Step::Set, spoil, "DB_NO_CREDENTIAL_ACCEPTED", Reach::User);
    check(Plan::SingleUser, Step::Test, spoil, "DB_AUTH_REFUSED", Reach::User);
}

/// The service's own users, such as `rdsadmin`, do not alternate.
#[test]
fn rdsadmin_does_not_alternate() {
    for user in ["\"rdsadmin\"", "\"rdsadmin_clone\""] {
        for step in [Step::Create, Step::Set] {
            let spoil = |service: &Service| current(service, &[("username", Some(user))]);
            check(Plan::Alternating, step, spoil, "SECRET_FIELD_INVALID", Reach::NoConnection);
        }
    }
}

/// A user that only happens to be named like a clone is left unchanged.
#[test]
fn accidental_clone_name_is_left_alone() {
    // Both directions: the other user of the pair belongs to another application.
    let stranger = |name: &'static str| {
        move |service: &Service| {
            let user = User::new("stranger", grants(&["SELECT ON wages"]));
            service.world.server.borrow_mut().users.insert(name.into(), user);
        }
    };
    let clone = |service: &Service| {
        stranger("app_clone")(service);
        pending(service, "app_clone");
    };
    check(Plan::Alternating, Step::Set, clone, "DB_CLONE_NOT_RECOGNIZED", Reach::Master);
    let original = |service: &Service| {
        stranger("wages")(service);
        let clone = User::new(CANARY, grants(&[]));
        service.world.server.borrow_mut().users.insert("wages_clone".into(), clone);
        current(service, &[("username", Some("\"wages_clone\""))]);
        pending(service, "wages");
    };
    check(Plan::Alternating, Step::Set, original, "DB_CLONE_NOT_RECOGNIZED", Reach::Master);
}

/// A name is kept whole or refused.
#[test]
fn whole_name_or_refusal() {
    let name = |text: &str| Username::parse(text, &PROFILE).map(|name| name.as_str().to_owned());
    for text in ["x".repeat(63), "\u{e9}".repeat(31), format!("{}x", "\u{1f600}".repeat(15))] {
        assert_eq!(name(&text), Ok(text));
    }
    for text in ["x".repeat(64), "\u{e9}".repeat(32), "\u{1f600}".repeat(16), String::new(), "a\0b".into()] {
        assert!(matches!(name(&text), Err(DocumentError::Invalid { field: "username", .. })), "{text:?}");
    }
    let pair = |text: &str| UserPair::of(&Username::parse(text, &PROFILE).unwrap(), &PROFILE);
    assert_eq!(pair(&"x".repeat(57)).unwrap().clone.as_str().len(), 63);
    assert!(pair(&"x".repeat(58)).is_err());
    assert!(pair("_clone").is_err());
    assert_eq!(pair("a_clone_clone").unwrap().original.as_str(), "a_clone");
}

/// A name that is too long for its clone is refused at createSecret.
#[test]
fn name_too_long_for_its_clone() {
    let long = format!("\"{}\"", "x".repeat(58));
    let spoil = |service: &Service| current(service, &[("username", Some(&long))]);
    check(Plan::Alternating, Step::Create, spoil, "SECRET_FIELD_INVALID", Reach::NoConnection);
}

/// Odd names rotate exactly, and no other user changes.
#[test]
fn odd_names_change_one_user_only() {
    let names = ["a\"b", "a'b", "a`b", "a\\b", "a%b", "a\nb", "a$$b", "a;--b", "A b", " ", "\u{e9}\u{1f600}"];
    for name in names {
        World::run(async {
            let service = ordinary(Plan::SingleUser).await;
            let quoted = serde_json::to_string(name).unwrap();
            let users = || service.world.server.borrow().users.clone();
            service
                .world
                .server
                .borrow_mut()
                .users
                .insert(name.into(), User::new(CANARY, grants(&["LOGIN"])));
            current(&service, &[("username", Some(&quoted))]);
            let next = format!("\"next-{CANARY}\"");
            let value = document(&[("username", Some(&quoted)), ("password", Some(&next))]);
            store(&service, &StagingLabel::Pending, Value::Text(value));
            let mut expected = users();
            for step in [Step::Set, Step::Test, Step::Finish] {
                service.invoke(step).await.unwrap().unwrap();
            }
            expected.get_mut(name).unwrap().password = Some(format!("next-{CANARY}"));
            assert_eq!(users(), expected, "{name:?}");
        });
    }
}

/// A master opens the database of the secret.
#[test]
fn master_opens_the_secrets_database() {
    World::run(async {
        let service = ordinary(Plan::Alternating).await;
        current(&service, &[("dbname", Some("\"shop\""))]);
        master(&service, &[("dbname", Some("\"postgres\""))]);
        service.invoke(Step::Set).await.unwrap().unwrap();
        let server = service.world.server.borrow();
        let opened: Vec<_> =
            server.attempts.iter().map(|one| (one.username.as_str(), one.database.as_deref())).collect();
        assert_eq!(opened, [("app", Some("shop")), ("master", Some("shop"))]);
    });
}
