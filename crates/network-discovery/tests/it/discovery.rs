//! Which port is asked for what, with fakes of all three ports.

use std::cell::RefCell;

use network_discovery::{
    Address, Database, Databases, Discovery, DiscoveryError, Egress, Engine, Exposure, FunctionNetwork,
    Ground, Network, NetworkMode, Networks, Secrets, Subnet, SubnetId, VpcId, Wish,
};
use rotation_core::{RotationError, SecretDocument, SecretId};
use rotation_database::Host;

use crate::decisions::database;

const HOST: &str = "shop.c0ffee.us-east-1.rds.amazonaws.com";

/// All three ports, and a list of the requests.
struct World {
    document: String,
    tags: Vec<(String, String)>,
    database: Option<Database>,
    asked: RefCell<Vec<String>>,
}

impl World {
    fn new(document: &str, exposure: Option<Exposure>) -> Self {
        Self {
            document: document.to_owned(),
            tags: Vec::new(),
            database: exposure.map(|exposure| database(exposure, &[])),
            asked: RefCell::default(),
        }
    }

    async fn discover(
        &self,
        mode: NetworkMode,
        host: Option<&str>,
    ) -> Result<FunctionNetwork, DiscoveryError> {
        self.discover_as(mode, host, None).await
    }

    async fn discover_as(
        &self,
        mode: NetworkMode,
        host: Option<&str>,
        engine: Option<Engine>,
    ) -> Result<FunctionNetwork, DiscoveryError> {
        let host = host.map(|host| Host::parse(host).unwrap());
        let wish = Wish { secret: SecretId::new("app").unwrap(), engine, mode, host };
        let discovery =
            Discovery { secrets: self, databases: self, networks: self, region: Some("us-east-1".into()) };
        discovery.discover(&wish).await
    }

    fn ask(&self, what: &str) {
        self.asked.borrow_mut().push(what.to_owned());
    }

    #[track_caller]
    fn expect_asked(&self, expected: &[&str]) {
        assert_eq!(*self.asked.borrow(), expected);
    }
}

impl Secrets for &World {
    async fn document(&self, _: &SecretId) -> Result<SecretDocument, RotationError> {
        self.ask("value");
        Ok(SecretDocument::parse(&self.document).unwrap())
    }

    async fn tags(&self, _: &SecretId) -> Result<Vec<(String, String)>, RotationError> {
        self.ask("tags");
        Ok(self.tags.clone())
    }
}

impl Databases for &World {
    async fn find(&self, _: &Address) -> Result<Option<Database>, DiscoveryError> {
        self.ask("database");
        Ok(self.database.clone())
    }
}

impl Networks for &World {
    async fn survey(&self, _: &VpcId) -> Result<Network, DiscoveryError> {
        self.ask("network");
        let subnet = |id: &str| Subnet {
            id: SubnetId::parse(id).unwrap(),
            zone: id.to_owned(),
            free_addresses: 99,
            ground: Ground::Zone,
            egress: Egress::Nat,
        };
        Ok(Network { subnets: vec![subnet("subnet-a"), subnet("subnet-b")], endpoints: Vec::new() })
    }
}

fn secret(more: &str) -> String {
    format!(r#"{{"host": "{HOST}", "username": "u", "password": "canary"{more}}}"#)
}

/// The network of a private database is surveyed, and that of a public one is not.
#[tokio::test]
async fn only_private_networks_are_surveyed() {
    let world = World::new(&secret(""), Some(Exposure::Private));
    assert_eq!(world.discover(NetworkMode::Auto, None).await.unwrap().data()["NetworkMode"], "vpc");
    world.expect_asked(&["value", "database", "network"]);
    let world = World::new(&secret(""), Some(Exposure::Public));
    assert_eq!(world.discover(NetworkMode::Auto, None).await.unwrap().data()["NetworkMode"], "public");
    world.expect_asked(&["value", "database"]);
}

/// Where a host is given, the secret is not read at all.
#[tokio::test]
async fn host_given_secret_not_read() {
    let world = World::new("{}", Some(Exposure::Private));
    world.discover(NetworkMode::Auto, Some(HOST)).await.unwrap();
    world.expect_asked(&["database", "network"]);
}

/// The tags are read only where the value has no host.
#[tokio::test]
async fn tags_only_without_a_host() {
    let mut world = World::new(r#"{"username": "u", "password": "canary"}"#, Some(Exposure::Private));
    let error = world.discover(NetworkMode::Auto, None).await.unwrap_err();
    assert_eq!(error.code(), "SECRET_HOST_MISSING");
    world.expect_asked(&["value", "tags"]);
    let arn = "arn:aws:rds:us-east-1:123456789012:db:shop";
    world.tags.push(("aws:rds:primaryDBInstanceArn".into(), arn.into()));
    world.asked.borrow_mut().clear();
    world.discover(NetworkMode::Auto, None).await.unwrap();
    world.expect_asked(&["value", "tags", "database", "network"]);
}

#[track_caller]
fn check(outcome: Result<FunctionNetwork, DiscoveryError>, code: &str) {
    let error = outcome.expect_err(code);
    assert_eq!(error.code(), code, "{error}");
    for reader in [rotation_core::Reader::Operator, rotation_core::Reader::Person] {
        assert!(error.remediation(reader).ends_with('.'), "{code}: {}", error.remediation(reader));
    }
    assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
}

/// A database that cannot be placed is named before AWS is asked for more.
#[tokio::test]
async fn unplaceable_ends_early() {
    for (document, code, asked) in [
        (secret(r#", "engine": "oracle""#), "ENGINE_MISMATCH", &["value", "database"][..]),
        (secret(r#", "port": "70000""#), "SECRET_FIELD_INVALID", &["value"]),
        (r#"{"host": "a,b"}"#.into(), "SECRET_FIELD_INVALID", &["value"]),
        (r#"{"host": "db.example.com"}"#.into(), "DATABASE_NOT_FOUND", &["value"]),
        (r#"{"host": "shop.proxy-1.us-east-1.rds.amazonaws.com"}"#.into(), "DATABASE_PROXY", &["value"]),
        (
            r#"{"host": "shop.c0ffee.eu-west-1.rds.amazonaws.com"}"#.into(),
            "DATABASE_OTHER_REGION",
            &["value"],
        ),
    ] {
        let world = World::new(&document, Some(Exposure::Private));
        check(world.discover(NetworkMode::Auto, None).await, code);
        world.expect_asked(asked);
    }
    let world = World::new(&secret(""), None);
    check(world.discover(NetworkMode::Public, None).await, "DATABASE_NOT_FOUND");
    let world = World::new(&secret(""), Some(Exposure::Private));
    check(world.discover(NetworkMode::Public, None).await, "DATABASE_NOT_PUBLIC");
    world.expect_asked(&["value", "database"]);
    check(world.discover_as(NetworkMode::Auto, None, Some(Engine::Mysql)).await, "ENGINE_MISMATCH");
}

/// A self-managed database is placed outside a VPC only on request.
#[tokio::test]
async fn self_managed_outside_on_request() {
    let document = r#"{"host": "db.example.com", "engine": "mysql"}"#;
    let world = World::new(document, Some(Exposure::Private));
    let data = world.discover(NetworkMode::Public, None).await.unwrap().data();
    assert_eq!(
        (&data["NetworkMode"], &data["Port"], &data["Engine"]),
        (&"public".into(), &"3306".into(), &"mysql".into())
    );
    assert!(data["Warning"].as_str().unwrap().contains("it was not checked"), "{data}");
    world.expect_asked(&["value"]);
}

/// The secret's own port is the one that counts.
#[tokio::test]
async fn port_of_the_secret_counts() {
    let world = World::new(&secret(r#", "port": 6432"#), Some(Exposure::Private));
    let data = world.discover(NetworkMode::Auto, None).await.unwrap().data();
    assert_eq!(data["Port"], "6432");
    assert_eq!(data["Warning"], "The secret names port 6432, but the database listens at 5432.");
}

/// Of the members of a replica set, one that AWS knows decides where the function is placed; another engine
/// has no members.
#[tokio::test]
async fn aws_member_of_a_replica_set() {
    let list = format!("a.example.com:1,{HOST}:6432");
    let document = |engine: &str| format!(r#"{{"host": "{list}", "engine": "{engine}"}}"#);
    let mut world = World::new(&document("docdb"), Some(Exposure::Private));
    world.database.as_mut().unwrap().engine = Engine::Docdb;
    let data = world.discover(NetworkMode::Auto, None).await.unwrap().data();
    assert_eq!((&data["Port"], &data["Engine"]), (&"6432".into(), &"docdb".into()));
    let world = World::new(r#"{"host": "a.example.com:1,b.example.com", "engine": "mongo"}"#, None);
    let data = world.discover(NetworkMode::Public, None).await.unwrap().data();
    assert_eq!(data["Port"], "1");
    let world = World::new(&document("postgres"), Some(Exposure::Private));
    check(world.discover(NetworkMode::Auto, None).await, "SECRET_FIELD_INVALID");
    world.expect_asked(&["value"]);
}
