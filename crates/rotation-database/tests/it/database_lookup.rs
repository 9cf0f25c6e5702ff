//! Where a master's server is: every form of a managed master secret and every topology, with a lookup in
//! memory.

mod arns;
mod replicas;

use rotation_core::{Reader, RotationError, ServiceFault, Step};

use crate::world::{Act, Kind, MASTER, Plan, Service, Situation, Value, Variant, World};

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
const FRONT: &str = "front.example.com";
const BACK: &str = "back.example.com";
const DOORS: &str = "arn:aws:rds:eu-central-1:123456789012:db:doors";
const FAR_ARN: &str = "arn:aws:rds:us-east-1:123456789012:db:far";

/// How the master secret names its server.
#[derive(Clone, Copy, Debug)]
enum Master<'a> {
    /// It names a host.
    At(&'a str),
    /// It names no host, but has this tag.
    Tagged(&'a str, &'a str),
}

/// A secret of this host, and everything that the tables below refer to.
async fn prepare(host: &str, master: Master<'_>) -> Service {
    let service = Situation::Fresh.prepare(Plan::Alternating, Kind::Transactional, Variant::Sound).await;
    let world = &service.world;
    {
        let mut lookup = world.lookup.borrow_mut();
        lookup.add("model", "db:orders", &[WRITER], None);
        lookup.add("model", "db:reports", &[REPLICA], Some("db:orders"));
        lookup.add("model", "db:archive", &[SECOND], Some("db:reports"));
        lookup.add("model", FAR_ARN, &[ELSEWHERE], Some("db:orders"));
        lookup.add("aurora-model", "cluster:shop", &[CLUSTER, READERS, CUSTOM], None);
        lookup.add("aurora-model", "db:shop-1", &[MEMBER], Some("cluster:shop"));
        lookup.add("aurora-model", "db:shop-2", &[OTHER_MEMBER], Some("cluster:shop"));
        lookup.add("model", "db:stranger", &[FOREIGN], None);
        lookup.add("model", "db:made", &[], None);
        lookup.add_with_writers("model", "db:doors", &[FRONT, BACK, "side.example.com"], 2, None);
        lookup.add("model", "db:lost", &["lost.example.com"], Some("db:gone"));
        lookup.add("model", "db:one", &["one.example.com"], Some("db:two"));
        lookup.add("model", "db:two", &["two.example.com"], Some("db:one"));
        lookup.add("oracle", "db:other", &["other.example.com"], None);
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

/// The result of a rotation: where the master changed the user, and the number of calls for the lookup and
/// the tags.
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
        let masters: Vec<_> = server.attempts.iter().filter(|one| one.username == "master").collect();
        let [master] = masters[..] else { panic!("the master logs in once") };
        // setSecret waits for a replica, and testSecret checks again; where the change is made at the
        // secret's own host, there is nothing to wait for.
        let own = master.host.trim_end_matches('.').eq_ignore_ascii_case(host);
        let looks = if own { 1 } else { 2 };
        let proofs = if own && master.port == 5432 { vec![host] } else { vec![host, &master.host] };
        assert_eq!(hosts_of("app"), proofs, "at the host of the secret and where the master writes");
        assert_eq!(hosts_of("app_clone"), vec![host; looks]);
        let asked = gate.log.iter().filter(|(_, name)| name.starts_with("lookup: ")).count();
        Ok((master.host.clone(), master.port, asked))
    });
    let found = found.as_ref().map(|(host, port, asked)| (host.as_str(), *port, *asked));
    assert_eq!(found, expected.as_ref().copied(), "{host}, {master:?}");
}

/// A master of the same host needs no lookup.
#[test]
fn same_host_needs_no_lookup() {
    check(WRITER, Master::At(WRITER), Ok((WRITER, 5432, 0)));
    check("db.example.com", Master::At("DB.example.com."), Ok(("DB.example.com.", 5432, 0)));
}

/// A managed master is found by the tags of its service.
#[test]
fn managed_master_by_service_tags() {
    let instance = "arn:aws:rds:eu-central-1:123456789012:db:orders";
    let cluster = "arn:aws:rds:eu-central-1:123456789012:cluster:shop";
    check(WRITER, Master::Tagged("aws:rds:primarydbinstancearn", instance), Ok((WRITER, 6543, 1)));
    check(WRITER, Master::Tagged("aws:rds:primaryDBInstanceArn", instance), Ok((WRITER, 6543, 1)));
    check(CLUSTER, Master::Tagged("aws:rds:primarydbclusterarn", cluster), Ok((CLUSTER, 6543, 1)));
    check(READERS, Master::Tagged("aws:rds:primaryDBClusterArn", cluster), Ok((CLUSTER, 6543, 1)));
    check(MEMBER, Master::Tagged("aws:rds:primarydbclusterarn", cluster), Ok((CLUSTER, 6543, 2)));
    check(REPLICA, Master::Tagged("aws:rds:primarydbinstancearn", instance), Ok((WRITER, 6543, 2)));
    // The answers of the Redshift adapters do not differ in anything that matters here.
    for key in ["aws:redshift:primaryclusterarn", "aws:redshift-serverless:namespacearn"] {
        check(CLUSTER, Master::Tagged(key, cluster), Ok((CLUSTER, 6543, 1)));
    }
}

/// Of several endpoints for writing, the one that the secret names is used.
#[test]
fn endpoint_named_by_the_secret() {
    let owner = Master::Tagged("aws:redshift-serverless:namespacearn", DOORS);
    check(FRONT, owner, Ok((FRONT, 6543, 1)));
    check(BACK, owner, Ok((BACK, 6543, 1)));
    check(BACK, Master::At(FRONT), Ok((BACK, 6543, 1)));
    // A secret that names none of them gets the first.
    check("side.example.com", owner, Ok((FRONT, 6543, 1)));
}

/// A managed master whose server nothing names is refused.
#[test]
fn managed_master_without_a_server() {
    let arn = |resource: &str| format!("arn:aws:rds:eu-central-1:123456789012:{resource}");
    let key = "aws:rds:primarydbinstancearn";
    for (key, value) in [("owner", arn("db:orders")), (key, "orders".into()), (key, String::new())] {
        check(WRITER, Master::Tagged(key, &value), Err("MASTER_OWNER_UNKNOWN"));
    }
    check(WRITER, Master::Tagged(key, &arn("db:none")), Err("MASTER_OWNER_NOT_FOUND"));
    check(WRITER, Master::Tagged(key, &arn("db:made")), Err("MASTER_OWNER_NOT_FOUND"));
    check(WRITER, Master::Tagged(key, &arn("db:stranger")), Err("MASTER_HOST_DIFFERS"));
    check("db.example.com", Master::Tagged(key, &arn("db:orders")), Err("MASTER_HOST_DIFFERS"));
    check("other.example.com", Master::Tagged(key, &arn("db:other")), Err("MASTER_ENGINE_DIFFERS"));
}

/// A replica and its source belong together.
#[test]
fn replica_and_its_source() {
    check(REPLICA, Master::At(WRITER), Ok((WRITER, 5432, 2)));
    check(WRITER, Master::At(REPLICA), Ok((WRITER, 6543, 2)));
    check(SECOND, Master::At(WRITER), Ok((WRITER, 5432, 3)));
    check(WRITER, Master::At(SECOND), Ok((WRITER, 6543, 3)));
    check(ELSEWHERE, Master::At(WRITER), Ok((WRITER, 5432, 2)));
    check(WRITER, Master::At(ELSEWHERE), Ok((WRITER, 6543, 2)));
    check(SECOND, Master::At(REPLICA), Ok((WRITER, 6543, 3)));
    check(ELSEWHERE, Master::At(REPLICA), Ok((WRITER, 6543, 3)));
}

/// Endpoints of one cluster belong together.
#[test]
fn endpoints_of_one_cluster() {
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

/// Hosts that nothing joins stay refused.
#[test]
fn unrelated_hosts_stay_refused() {
    for (host, master) in [
        (WRITER, FOREIGN),
        (FOREIGN, WRITER),
        (REPLICA, FOREIGN),
        (MEMBER, WRITER),
        (WRITER, "db.example.com"),
        ("db.example.com", WRITER),
        ("db.example.com", "db.example.org"),
        // Two servers that follow each other have no writer.
        ("one.example.com", "two.example.com"),
    ] {
        check(host, Master::At(master), Err("MASTER_HOST_DIFFERS"));
    }
    check("lost.example.com", Master::At(WRITER), Err("REPLICA_SOURCE_NOT_FOUND"));
}

/// The error of setSecret, after `spoil`.
fn refused(host: &str, master: Master<'_>, spoil: impl FnOnce(&World)) -> RotationError {
    World::run(async {
        let service = prepare(host, master).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        spoil(&service.world);
        let users = service.world.server.borrow().users.clone();
        let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
        let server = service.world.server.borrow();
        assert_eq!(server.users, users, "no user is changed");
        let mut names = server.attempts.iter().map(|attempt| attempt.username.as_str());
        assert!(names.all(|name| name != "master"), "the master does not log in");
        error
    })
}

/// A lookup that does not answer has codes of its own, one for each fault.
#[test]
fn failed_lookup_has_its_codes() {
    for (fault, code) in [
        (ServiceFault::Unreachable, "DBLOOKUP_UNREACHABLE"),
        (ServiceFault::CertificateRefused, "DBLOOKUP_CERTIFICATE"),
        (ServiceFault::Throttled, "DBLOOKUP_THROTTLED"),
        (ServiceFault::Internal, "DBLOOKUP_INTERNAL"),
        (ServiceFault::AccessDenied, "DBLOOKUP_DENIED"),
        (ServiceFault::CredentialsRefused, "DBLOOKUP_CREDENTIALS"),
        (ServiceFault::Rejected, "DBLOOKUP_REJECTED"),
    ] {
        let spoil = |world: &World| world.lookup.borrow_mut().fault = Some(fault);
        assert_eq!(refused(REPLICA, Master::At(WRITER), spoil).code(), code);
    }
}

/// A denied lookup is reported with the policy statement to add.
#[test]
fn denied_lookup_names_the_statement() {
    let spoil = |world: &World| world.lookup.borrow_mut().fault = Some(ServiceFault::AccessDenied);
    let hint = refused(REPLICA, Master::At(WRITER), spoil).remediation(Reader::Operator);
    let statement = concat!(
        r#"{"Effect": "Allow", "Action": ["rds:DescribeDBInstances", "rds:DescribeDBClusters"], "#,
        r#""Resource": "*"}"#
    );
    assert!(hint.contains(statement), "{hint}");
}

/// A managed master that was rotated meanwhile is read again, and its server is not looked up
/// again.
#[test]
fn rotated_master_is_read_again_once() {
    World::run(async {
        let instance = "arn:aws:rds:eu-central-1:123456789012:db:orders";
        let service = prepare(REPLICA, Master::Tagged("aws:rds:primarydbinstancearn", instance)).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        let before = service.world.gate.borrow().calls;
        // Describe, three reads and current's login come first; then the master is rotated.
        service.world.gate.borrow_mut().meanwhile = Some((before + 5, Act::MasterRotated));
        service.invoke(Step::Set).await.unwrap().unwrap();
        let gate = service.world.gate.borrow();
        let asked = gate.log.iter().filter(|(_, name)| name.starts_with("lookup: ")).count();
        assert_eq!(asked, 2);
        let server = service.world.server.borrow();
        let masters = server.attempts.iter().filter(|attempt| attempt.username == "master");
        assert_eq!(masters.map(|attempt| attempt.accepted).collect::<Vec<_>>(), [false, true]);
    });
}

/// A dry run finds a managed master as well.
#[test]
fn dry_run_finds_a_managed_master() {
    World::run(async {
        let instance = "arn:aws:rds:eu-central-1:123456789012:db:orders";
        let service = prepare(REPLICA, Master::Tagged("aws:rds:primarydbinstancearn", instance)).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        assert!(service.dry_run(Step::Set).await.unwrap().unwrap().statements() > 0);
    });
}
