//! Where a master's server is: every form of a managed master secret and every topology, against a directory in memory.

use std::{rc::Rc, time::Duration};

use rotation_core::{
    Deadline, RotationError, SecretDocument, StagingLabel, Step, Target,
    database::{Database, DirectoryFault, ServerArn},
};

use crate::world::{
    Act, Fault, Kind, MASTER, Plan, Replica, Server as ServerPort, Service, Situation, Value, Variant, World,
    policy,
};

const WRITER: &str = "orders.abc.eu-central-1.rds.amazonaws.com";
const REPLICA: &str = "reports.abc.eu-central-1.rds.amazonaws.com";
const SECOND: &str = "archive.abc.eu-central-1.rds.amazonaws.com";
const ELSEWHERE: &str = "far.abc.us-east-1.rds.amazonaws.com";
const CLUSTER: &str = "shop.cluster-abc.eu-central-1.rds.amazonaws.com";
const READERS: &str = "shop.cluster-ro-abc.eu-central-1.rds.amazonaws.com";
const CUSTOM: &str = "bi.cluster-custom-abc.eu-central-1.rds.amazonaws.com";
const MEMBER: &str = "shop-1.abc.eu-central-1.rds.amazonaws.com";
const OTHER_MEMBER: &str = "shop-2.abc.eu-central-1.rds.amazonaws.com";
const FOREIGN: &str = "stranger.abc.eu-central-1.rds.amazonaws.com";
const FAR_ARN: &str = "arn:aws:rds:us-east-1:123456789012:db:far";

/// How the master secret says where it belongs.
#[derive(Clone, Copy, Debug)]
enum Master<'a> {
    /// It names a host.
    At(&'a str),
    /// It names none, and has this tag.
    Tagged(&'a str, &'a str),
}

/// A secret of this host, and everything that the tables below speak of.
async fn prepare(host: &str, master: Master<'_>) -> Service {
    let service = Situation::Fresh.prepare(Plan::Alternating, Kind::Transactional, Variant::Sound).await;
    let world = &service.world;
    {
        let mut directory = world.directory.borrow_mut();
        directory.add("model", "db:orders", &[WRITER], None);
        directory.add("model", "db:reports", &[REPLICA], Some("db:orders"));
        directory.add("model", "db:archive", &[SECOND], Some("db:reports"));
        directory.add("model", FAR_ARN, &[ELSEWHERE], Some("db:orders"));
        directory.add("aurora-model", "cluster:shop", &[CLUSTER, READERS, CUSTOM], None);
        directory.add("aurora-model", "db:shop-1", &[MEMBER], Some("cluster:shop"));
        directory.add("aurora-model", "db:shop-2", &[OTHER_MEMBER], Some("cluster:shop"));
        directory.add("model", "db:stranger", &[FOREIGN], None);
        directory.add("model", "db:made", &[], None);
        directory.add("model", "db:lost", &["lost.example.com"], Some("db:gone"));
        directory.add("model", "db:one", &["one.example.com"], Some("db:two"));
        directory.add("model", "db:two", &["two.example.com"], Some("db:one"));
        directory.add("oracle", "db:other", &["other.example.com"], None);
    }
    let mut store = world.store.borrow_mut();
    let document = |store: &mut crate::world::SecretModel, edit: &dyn Fn(&str) -> String| {
        for version in store.versions.values_mut() {
            if let Some(Value::Text(text)) = &mut version.value {
                *text = edit(text);
            }
        }
    };
    document(store.secret_mut(), &|text| text.replace("db.example.com", host));
    let secret = store.secrets.get_mut(MASTER).unwrap();
    match master {
        Master::At(host) => document(secret, &|text| text.replace("db.example.com", host)),
        Master::Tagged(key, value) => {
            document(secret, &|_| r#"{"username":"master","password":"master-password"}"#.into());
            secret.tags = vec![("team".into(), "payments".into()), (key.into(), value.into())];
        }
    }
    drop(store);
    service
}

/// What a rotation came to: where the master changed the user, and the calls of the directory and of the tags.
type Found = Result<(String, u16, usize), &'static str>;

#[track_caller]
fn check(host: &str, master: Master<'_>, expected: Result<(&str, u16, usize), &'static str>) {
    let found: Found = World::run(async {
        let service = prepare(host, master).await;
        for step in Step::ALL {
            service.invoke(step).await.unwrap().map_err(|error| error.code().name())?;
        }
        let (server, gate) = (service.world.server.borrow(), service.world.gate.borrow());
        let hosts_of = |user: &str| -> Vec<String> {
            let attempts = server.attempts.iter().filter(|attempt| attempt.username == user);
            attempts.map(|attempt| attempt.host.clone()).collect()
        };
        assert_eq!(hosts_of("app"), [host], "the user proves itself at the host of the secret");
        let masters: Vec<_> = server.attempts.iter().filter(|one| one.username == "master").collect();
        let [master] = masters[..] else { panic!("the master logs in once") };
        // setSecret waits for a replica, and testSecret looks again; where the change is made at the secret's own
        // host, there is nothing to wait for.
        let own = master.host.trim_end_matches('.').eq_ignore_ascii_case(host);
        let looks = if own { 1 } else { 2 };
        assert_eq!(hosts_of("app_clone"), vec![host; looks]);
        let asked = gate.log.iter().filter(|(_, name)| name.starts_with("directory: ")).count();
        Ok((master.host.clone(), master.port, asked))
    });
    let found = found.as_ref().map(|(host, port, asked)| (host.as_str(), *port, *asked));
    assert_eq!(found, expected.as_ref().copied(), "{host}, {master:?}");
}

#[test]
fn a_master_of_the_same_host_asks_nobody() {
    check(WRITER, Master::At(WRITER), Ok((WRITER, 5432, 0)));
    check("db.example.com", Master::At("DB.example.com."), Ok(("DB.example.com.", 5432, 0)));
}

#[test]
fn a_managed_master_is_found_by_the_tags_of_its_service() {
    let instance = "arn:aws:rds:eu-central-1:123456789012:db:orders";
    let cluster = "arn:aws:rds:eu-central-1:123456789012:cluster:shop";
    check(WRITER, Master::Tagged("aws:rds:primarydbinstancearn", instance), Ok((WRITER, 6543, 1)));
    check(WRITER, Master::Tagged("aws:rds:primaryDBInstanceArn", instance), Ok((WRITER, 6543, 1)));
    check(CLUSTER, Master::Tagged("aws:rds:primarydbclusterarn", cluster), Ok((CLUSTER, 6543, 1)));
    check(READERS, Master::Tagged("aws:rds:primaryDBClusterArn", cluster), Ok((CLUSTER, 6543, 1)));
    check(MEMBER, Master::Tagged("aws:rds:primarydbclusterarn", cluster), Ok((CLUSTER, 6543, 2)));
    check(REPLICA, Master::Tagged("aws:rds:primarydbinstancearn", instance), Ok((WRITER, 6543, 2)));
    // What the adapters of Redshift answer differs in nothing that matters here.
    for key in ["aws:redshift:primaryclusterarn", "aws:redshift-serverless:namespacearn"] {
        check(CLUSTER, Master::Tagged(key, cluster), Ok((CLUSTER, 6543, 1)));
    }
}

#[test]
fn a_managed_master_whose_server_nobody_names_is_refused() {
    let arn = |resource: &str| format!("arn:aws:rds:eu-central-1:123456789012:{resource}");
    let key = "aws:rds:primarydbinstancearn";
    for (key, value) in [("owner", arn("db:orders")), (key, "orders".into()), (key, String::new())] {
        check(WRITER, Master::Tagged(key, &value), Err("MASTER_OWNER_UNKNOWN"));
    }
    check(WRITER, Master::Tagged(key, &arn("db:none")), Err("MASTER_OWNER_GONE"));
    check(WRITER, Master::Tagged(key, &arn("db:made")), Err("MASTER_OWNER_GONE"));
    check(WRITER, Master::Tagged(key, &arn("db:stranger")), Err("MASTER_HOST_DIFFERS"));
    check("db.example.com", Master::Tagged(key, &arn("db:orders")), Err("MASTER_HOST_DIFFERS"));
    check("other.example.com", Master::Tagged(key, &arn("db:other")), Err("MASTER_ENGINE_DIFFERS"));
}

#[test]
fn a_replica_and_its_source_belong_together() {
    check(REPLICA, Master::At(WRITER), Ok((WRITER, 5432, 2)));
    check(WRITER, Master::At(REPLICA), Ok((WRITER, 6543, 2)));
    check(SECOND, Master::At(WRITER), Ok((WRITER, 5432, 3)));
    check(WRITER, Master::At(SECOND), Ok((WRITER, 6543, 3)));
    check(ELSEWHERE, Master::At(WRITER), Ok((WRITER, 5432, 2)));
    check(WRITER, Master::At(ELSEWHERE), Ok((WRITER, 6543, 2)));
    check(SECOND, Master::At(REPLICA), Ok((WRITER, 6543, 3)));
    check(ELSEWHERE, Master::At(REPLICA), Ok((WRITER, 6543, 3)));
}

#[test]
fn endpoints_of_one_cluster_belong_together() {
    for (host, master, port, asked) in [
        (READERS, CLUSTER, 5432, 1),
        (CLUSTER, READERS, 6543, 1),
        (CUSTOM, CLUSTER, 5432, 1),
        (CUSTOM, READERS, 6543, 1),
        (MEMBER, CLUSTER, 5432, 2),
        (CLUSTER, MEMBER, 6543, 2),
        (MEMBER, OTHER_MEMBER, 6543, 3),
        (MEMBER, READERS, 6543, 2),
    ] {
        check(host, Master::At(master), Ok((CLUSTER, port, asked)));
    }
}

#[test]
fn hosts_that_nothing_joins_stay_refused() {
    for (host, master) in [
        (WRITER, FOREIGN),
        (FOREIGN, WRITER),
        (REPLICA, FOREIGN),
        (MEMBER, WRITER),
        (WRITER, "db.example.com"),
        ("db.example.com", WRITER),
        ("db.example.com", "db.example.org"),
        // Two that follow each other have no writer.
        ("one.example.com", "two.example.com"),
    ] {
        check(host, Master::At(master), Err("MASTER_HOST_DIFFERS"));
    }
    check("lost.example.com", Master::At(WRITER), Err("REPLICA_SOURCE_GONE"));
}

/// The error of setSecret, after a spoilt preparation.
fn refused(host: &str, master: Master<'_>, spoil: impl FnOnce(&World)) -> RotationError {
    World::run(async {
        let service = prepare(host, master).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        spoil(&service.world);
        let users = service.world.server.borrow().users.clone();
        let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
        let server = service.world.server.borrow();
        assert_eq!(server.users, users, "nobody is changed");
        assert!(server.attempts.iter().all(|attempt| attempt.username != "master"), "the master stays away");
        error
    })
}

#[test]
fn a_directory_that_does_not_answer_has_codes_of_its_own() {
    for (fault, code) in [
        (DirectoryFault::Unreachable, "DIRECTORY_UNREACHABLE"),
        (DirectoryFault::CertificateRefused, "DIRECTORY_CERTIFICATE"),
        (DirectoryFault::Throttled, "DIRECTORY_THROTTLED"),
        (DirectoryFault::Internal, "DIRECTORY_INTERNAL"),
        (DirectoryFault::AccessDenied, "DIRECTORY_DENIED"),
        (DirectoryFault::CredentialsRefused, "DIRECTORY_CREDENTIALS"),
        (DirectoryFault::Rejected, "DIRECTORY_REJECTED"),
    ] {
        let spoil = |world: &World| world.directory.borrow_mut().fault = Some(fault);
        assert_eq!(refused(REPLICA, Master::At(WRITER), spoil).code(), code);
    }
}

#[test]
fn a_denied_look_up_comes_with_the_statement_to_add() {
    let spoil = |world: &World| world.directory.borrow_mut().fault = Some(DirectoryFault::AccessDenied);
    let hint = refused(REPLICA, Master::At(WRITER), spoil).hint();
    let statement = r#"{"Effect": "Allow", "Action": ["rds:DescribeDBInstances", "rds:DescribeDBClusters"], "Resource": "*"}"#;
    assert!(hint.contains(statement), "{hint}");
}

/// A rotation of a replica's secret where the replica refuses the first so many logins after the change.
fn lagging(refusals: usize) -> Result<usize, (&'static str, usize)> {
    World::run(async {
        let service = prepare(REPLICA, Master::At(WRITER)).await;
        service.world.server.borrow_mut().replica = Some(Replica { host: REPLICA, refusals });
        for step in Step::ALL {
            let outcome = service.invoke(step).await.unwrap();
            let refused = service.world.server.borrow().attempts.iter().filter(|one| !one.accepted).count();
            outcome.map_err(|error| (error.code().name(), refused))?;
        }
        let server = service.world.server.borrow();
        Ok(server.attempts.iter().filter(|attempt| !attempt.accepted).count())
    })
}

#[test]
fn set_secret_waits_until_the_replica_lets_the_new_user_in() {
    assert_eq!(lagging(0), Ok(0));
    assert_eq!(lagging(4), Ok(4));
    // After 100, 200, 400 ... ms, then every two seconds, until the last second of the invocation's 25.
    assert_eq!(lagging(1000), Err(("REPLICA_LAGS", 16)));
}

#[test]
fn test_secret_waits_for_a_replica_and_for_nobody_else() {
    World::run(async {
        for (host, refusals, expected) in
            [(REPLICA, 3, Ok(())), (READERS, 3, Ok(())), (WRITER, 1, Err("DB_AUTH_REFUSED"))]
        {
            let master = if host == READERS { CLUSTER } else { WRITER };
            let service = prepare(host, Master::At(master)).await;
            service.invoke(Step::Create).await.unwrap().unwrap();
            service.invoke(Step::Set).await.unwrap().unwrap();
            service.world.server.borrow_mut().replica = Some(Replica { host, refusals });
            let outcome = service.invoke(Step::Test).await.unwrap();
            assert_eq!(outcome.map(drop).map_err(|error| error.code().name()), expected, "{host}");
        }
    });
}

#[test]
fn a_managed_master_that_was_rotated_meanwhile_is_read_again_and_its_server_is_not_looked_up_again() {
    World::run(async {
        let instance = "arn:aws:rds:eu-central-1:123456789012:db:orders";
        let service = prepare(REPLICA, Master::Tagged("aws:rds:primarydbinstancearn", instance)).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        let before = service.world.gate.borrow().calls;
        // Describe, three reads and current's login come first; then the master is rotated.
        service.world.gate.borrow_mut().meanwhile = Some((before + 5, Act::MasterRotated));
        service.invoke(Step::Set).await.unwrap().unwrap();
        let gate = service.world.gate.borrow();
        let asked = gate.log.iter().filter(|(_, name)| name.starts_with("directory: ")).count();
        assert_eq!(asked, 2);
        let server = service.world.server.borrow();
        let masters = server.attempts.iter().filter(|attempt| attempt.username == "master");
        assert_eq!(masters.map(|attempt| attempt.accepted).collect::<Vec<_>>(), [false, true]);
    });
}

#[test]
fn a_dry_run_finds_a_managed_master_as_well() {
    World::run(async {
        let instance = "arn:aws:rds:eu-central-1:123456789012:db:orders";
        let service = prepare(REPLICA, Master::Tagged("aws:rds:primarydbinstancearn", instance)).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        assert!(service.rehearse(Step::Set).await.unwrap().unwrap().statements() > 0);
    });
}

#[test]
fn a_replica_that_cannot_be_reached_is_not_waited_for() {
    for step in [Step::Set, Step::Test] {
        World::run(async {
            let service = prepare(REPLICA, Master::At(WRITER)).await;
            let before = Step::ALL.into_iter().take_while(|one| *one != step);
            for earlier in before {
                service.invoke(earlier).await.unwrap().unwrap();
            }
            let healthy = service.fork();
            healthy.invoke(step).await.unwrap().unwrap();
            let log = healthy.world.gate.borrow().log.clone();
            let last = log.iter().rposition(|(_, name)| *name == "server: connect").unwrap();
            let broken = service.fork();
            broken.world.gate.borrow_mut().faults = vec![(last, Fault::Before)];
            let error = broken.invoke(step).await.unwrap().unwrap_err();
            assert_eq!(error.code(), "NET_DB_UNREACHABLE", "{step}");
            let tried =
                broken.world.gate.borrow().log.iter().rposition(|(_, name)| *name == "server: connect");
            assert_eq!(tried, Some(last), "{step}");
        });
    }
}

#[test]
fn a_replica_that_lags_is_told_beside_what_logs_in() {
    World::run(async {
        let service = prepare(REPLICA, Master::At(WRITER)).await;
        service.world.server.borrow_mut().replica = Some(Replica { host: REPLICA, refusals: 1000 });
        service.invoke(Step::Create).await.unwrap().unwrap();
        let (outcome, journal) = service.journaled(Step::Set).await.unwrap();
        assert_eq!(outcome.unwrap_err().code(), "REPLICA_LAGS");
        assert_eq!(journal.state().unwrap().to_string(), "AWSCURRENT logs in; AWSPENDING does not");
    });
}

/// The last try comes while a second is left to say so.
#[test]
fn a_replica_is_tried_as_long_as_a_second_is_left_afterwards() {
    World::run(async {
        let service = prepare(REPLICA, Master::At(WRITER)).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        service.invoke(Step::Set).await.unwrap().unwrap();
        let text = {
            let store = service.world.store.borrow();
            let Some(Value::Text(text)) = store.secret().value(&StagingLabel::Pending) else {
                unreachable!()
            };
            SecretDocument::parse(text).unwrap()
        };
        for (milliseconds, tries) in [(1099, 2), (1100, 3), (1299, 3), (1300, 4)] {
            let world = Rc::clone(&service.fork().world);
            world.server.borrow_mut().replica = Some(Replica { host: REPLICA, refusals: 1000 });
            world.server.borrow_mut().attempts.clear();
            let (server, strategy) = (ServerPort(Rc::clone(&world)), Plan::Alternating.strategy(&world));
            let deadline = Deadline::after(Duration::from_millis(milliseconds));
            let database = Database::new(server, strategy, policy(), false, deadline);
            assert_eq!(database.verify(&text).await.unwrap_err().code(), "REPLICA_LAGS");
            assert_eq!(world.server.borrow().attempts.len(), tries, "{milliseconds} ms");
        }
    });
}

/// A chain of so many servers, each of which follows the next.
#[track_caller]
fn check_chain(length: usize, expected: Result<(&str, u16, usize), &'static str>) {
    let found: Found = World::run(async {
        let service = prepare("host-0.example.com", Master::At("db.example.com")).await;
        let names: Vec<_> = (0..length).map(|at| format!("db:host-{at}")).collect();
        for at in 0..length {
            let host = format!("host-{at}.example.com");
            let follows = names.get(at + 1).map(String::as_str);
            let hosts = if at + 1 == length { vec!["db.example.com"] } else { vec![host.as_str()] };
            service.world.directory.borrow_mut().add("model", &names[at], &hosts, follows);
        }
        service.invoke(Step::Create).await.unwrap().map_err(|error| error.code().name())?;
        service.invoke(Step::Set).await.unwrap().map_err(|error| error.code().name())?;
        let server = service.world.server.borrow();
        let master = server.attempts.iter().find(|one| one.username == "master").unwrap();
        Ok((master.host.clone(), master.port, length))
    });
    let found = found.as_ref().map(|(host, port, length)| (host.as_str(), *port, *length));
    assert_eq!(found, expected.as_ref().copied(), "{length}");
}

#[test]
fn a_chain_of_replicas_is_followed_for_eight_servers() {
    check_chain(8, Ok(("db.example.com", 5432, 8)));
    check_chain(9, Err("MASTER_HOST_DIFFERS"));
}

#[test]
fn the_arn_of_a_server_has_six_fields_and_is_taken_apart_by_them() {
    let text = "arn:aws:rds:eu-central-1:123456789012:cluster:shop";
    let arn = ServerArn::parse(text).unwrap();
    assert_eq!((arn.as_str(), arn.to_string().as_str()), (text, text));
    assert_eq!((arn.service(), arn.region(), arn.resource()), ("rds", "eu-central-1", "cluster:shop"));
    let sibling = arn.sibling("db:one").unwrap();
    assert_eq!(sibling.as_str(), "arn:aws:rds:eu-central-1:123456789012:db:one");
    assert_eq!(sibling.resource(), "db:one");
    assert_eq!(arn.sibling(""), None);
    assert_eq!(arn.sibling("db one"), None);
    let longest = format!("{text}{}", "x".repeat(2048 - text.len()));
    assert!(ServerArn::parse(&longest).is_some());
    for bad in [
        "",
        "arn:aws:rds:eu-central-1:123456789012",
        "urn:aws:rds:eu-central-1:123456789012:db:a",
        "arn:aws::eu-central-1:123456789012:db:a",
        "arn:aws:rds:eu-central-1:123456789012:d b",
        "arn:aws:rds:eu-central-1:123456789012:d\u{e9}",
        &format!("{longest}x"),
    ] {
        assert_eq!(ServerArn::parse(bad), None, "{bad}");
    }
}
