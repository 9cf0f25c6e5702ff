//! Answers that botocore's descriptions of the services define: what it reads from them is what we read.

use std::sync::Arc;

use aws_databases::{Database, Followed};
use rotation_aws::Access;
use rotation_config::{AccessKey, DatabaseLookupUrls, Endpoint, EndpointUrl};
use rotation_database::Host;
use serde_json::Value;
use test_servers::{ApiAnswer, ApiDouble, ApiRequest};

use crate::world::script;

const HERE: &str = "us-east-1";

/// A service that gives the full answer to every call, or this one instead.
struct Described {
    answers: Arc<Value>,
    double: ApiDouble,
}

impl Described {
    async fn start(
        instead: impl Fn(&Value, &ApiRequest) -> Option<ApiAnswer> + Send + Sync + 'static,
    ) -> Option<Self> {
        let answers = Arc::new(script("answers.py", &[]).await?);
        let known = Arc::clone(&answers);
        let double = ApiDouble::start(move |request| {
            let operation = &known[&request.operation];
            let full = || ApiAnswer { status: 200, body: operation["xml"].as_str().unwrap().to_owned() };
            instead(operation, request).unwrap_or_else(full)
        });
        Some(Self { answers, double: double.unwrap() })
    }

    fn access(&self) -> Access {
        let lookups = DatabaseLookupUrls::all_at(&EndpointUrl::parse(&self.double.endpoint()).unwrap());
        let endpoint = Endpoint { region: Some(HERE.into()), lookups, ..Endpoint::default() };
        let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
        Access::in_lambda(&endpoint, Some(&key))
    }

    /// What botocore reads at this place.
    fn read(&self, pointer: &str) -> &Value {
        self.answers.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"))
    }

    fn text(&self, pointer: &str) -> &str {
        self.read(pointer).as_str().unwrap()
    }

    /// The same member of everything in a list.
    fn each(&self, list: &str, member: &str) -> Vec<String> {
        let list = self.read(list).as_array().unwrap().iter();
        list.map(|one| one[member].as_str().unwrap().to_owned()).collect()
    }

    /// The calls so far named the described version and parameters, and these operations.
    fn asked(&self, operations: &[&str]) {
        let calls = self.double.calls();
        let asked: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
        assert_eq!(asked, operations);
        for ApiRequest { operation, body } in &calls {
            let described = &self.answers[operation];
            for pair in body.split('&') {
                let (name, value) = pair.split_once('=').unwrap();
                match name {
                    "Action" => {}
                    "Version" => assert_eq!(described["version"], value, "{operation}"),
                    _ => assert!(
                        described["parameters"].as_array().unwrap().contains(&name.into()),
                        "{operation} has no {name}"
                    ),
                }
            }
        }
    }
}

/// The one endpoint, as host and port.
fn place(database: &Database) -> (String, Value) {
    let [endpoint] = &database.endpoints[..] else { panic!("{database:?}") };
    (endpoint.host.as_str().to_owned(), endpoint.port.into())
}

fn hosts(hosts: &[Host]) -> Vec<&str> {
    hosts.iter().map(Host::as_str).collect()
}

/// An instance without some of its elements.
#[cfg(feature = "rds")]
fn without(names: &'static [&'static str]) -> impl Fn(&Value, &ApiRequest) -> Option<ApiAnswer> {
    move |operation, _| {
        let mut body = operation["xml"].as_str().unwrap().to_owned();
        let [first, second] = operation["value"]["DBInstances"].as_array()?.as_slice() else { return None };
        for (name, found) in names.iter().flat_map(|name| [(name, first), (name, second)]) {
            body = body.replace(&format!("<{name}>{}</{name}>", found[name].as_str()?), "");
        }
        Some(ApiAnswer { status: 200, body })
    }
}

/// Every element of an instance that is read has the name that RDS's description gives it.
#[cfg(feature = "rds")]
#[tokio::test]
async fn instance_as_described() {
    const FIRST: &str = "/DescribeDBInstances/value/DBInstances/0";
    const SOURCE: &str = "ReadReplicaSourceDBInstanceIdentifier";
    const SOURCE_CLUSTER: &str = "ReadReplicaSourceDBClusterIdentifier";
    for (left_out, kind, source) in [
        (&[][..], "cluster", "DBClusterIdentifier"),
        (&["DBClusterIdentifier"], "db", SOURCE),
        (&["DBClusterIdentifier", SOURCE], "cluster", SOURCE_CLUSTER),
    ] {
        let Some(world) = Described::start(without(left_out)).await else { return };
        let rds = aws_databases::Rds::new(world.access());
        let found = rds.instance(HERE, "shop").await.unwrap().unwrap();
        world.asked(&["DescribeDBInstances"]);
        let first = |name: &str| world.text(&format!("{FIRST}/{name}"));
        assert_eq!(found.arn, first("DBInstanceArn"));
        assert_eq!(found.engine, first("Engine"));
        let port = world.read(&format!("{FIRST}/Endpoint/Port")).clone();
        assert_eq!(place(&found), (first("Endpoint/Address").to_owned(), port));
        assert_eq!(found.follows, Some(Followed { kind, id: first(source).to_owned() }));
        let network = found.surroundings;
        assert_eq!(network.publicly_accessible, Some(true));
        assert_eq!(network.vpc.unwrap(), first("DBSubnetGroup/VpcId"));
        let subnets = world.each(&format!("{FIRST}/DBSubnetGroup/Subnets"), "SubnetIdentifier");
        assert_eq!(network.subnets, subnets);
        let groups = world.each(&format!("{FIRST}/VpcSecurityGroups"), "VpcSecurityGroupId");
        assert_eq!(network.security_groups, groups);
    }
}

/// The same for a cluster, its writer and its subnet group.
#[cfg(feature = "rds")]
#[tokio::test]
async fn cluster_as_described() {
    const FIRST: &str = "/DescribeDBClusters/value/DBClusters/0";
    const GROUP: &str = "/DescribeDBSubnetGroups/value/DBSubnetGroups/0";
    // The first writer is there, then it is not.
    for written in [true, false] {
        let world = Described::start(move |operation, request| {
            let missing = request.operation == "DescribeDBInstances" && !written;
            missing.then(|| refused(operation["codes"][0].as_str().unwrap()))
        });
        let Some(world) = world.await else { return };
        let first = |name: &str| world.text(&format!("{FIRST}/{name}"));
        let rds = aws_databases::Rds::new(world.access());
        let found = rds.cluster(HERE, "shop").await.unwrap().unwrap();
        assert_eq!(found.arn, first("DBClusterArn"));
        assert_eq!(found.engine, first("Engine"));
        let port = world.read(&format!("{FIRST}/Port")).clone();
        assert_eq!(place(&found), (first("Endpoint").to_owned(), port));
        assert_eq!(hosts(&found.readers), [first("ReaderEndpoint")]);
        assert_eq!(hosts(&found.aliases), [first("CustomEndpoints/0"), first("CustomEndpoints/1")]);
        let source = first("ReplicationSourceIdentifier").to_owned();
        assert_eq!(found.follows, Some(Followed { kind: "cluster", id: source }));
        let groups = world.each(&format!("{FIRST}/VpcSecurityGroups"), "VpcSecurityGroupId");
        assert_eq!(found.surroundings.security_groups, groups);
        assert_eq!(found.surroundings.publicly_accessible, Some(true));

        let network = rds.surroundings(HERE, &found).await.unwrap();
        let group = if written {
            world.asked(&["DescribeDBClusters", "DescribeDBInstances"]);
            "/DescribeDBInstances/value/DBInstances/0/DBSubnetGroup"
        } else {
            world.asked(&["DescribeDBClusters", "DescribeDBInstances", "DescribeDBSubnetGroups"]);
            assert!(world.double.calls()[2].has("DBSubnetGroupName", first("DBSubnetGroup")));
            GROUP
        };
        assert!(
            world.double.calls()[1]
                .has("DBInstanceIdentifier", first("DBClusterMembers/0/DBInstanceIdentifier"))
        );
        assert_eq!(network.vpc.unwrap(), world.text(&format!("{group}/VpcId")));
        assert_eq!(network.subnets, world.each(&format!("{group}/Subnets"), "SubnetIdentifier"));
    }
}

/// The same for a custom endpoint, and for what does not exist.
#[cfg(feature = "rds")]
#[tokio::test]
async fn custom_endpoint_as_described() {
    const FIRST: &str = "/DescribeDBClusterEndpoints/value/DBClusterEndpoints/0";
    let Some(world) = Described::start(|_, _| None).await else { return };
    let rds = aws_databases::Rds::new(world.access());
    let host = Host::parse(world.text(&format!("{FIRST}/Endpoint"))).unwrap();
    assert!(rds.cluster_behind(HERE, "bi", &host).await.unwrap().is_some());
    world.asked(&["DescribeDBClusterEndpoints", "DescribeDBClusters"]);
    let cluster = world.text(&format!("{FIRST}/DBClusterIdentifier"));
    assert!(world.double.calls()[1].has("DBClusterIdentifier", cluster));

    let missing = |operation: &Value, _: &ApiRequest| Some(refused(operation["codes"][0].as_str().unwrap()));
    let Some(world) = Described::start(missing).await else { return };
    let rds = aws_databases::Rds::new(world.access());
    assert_eq!(rds.instance(HERE, "none").await.unwrap(), None);
    assert_eq!(rds.cluster(HERE, "none").await.unwrap(), None);
    assert_eq!(rds.cluster_behind(HERE, "none", &host).await.unwrap(), None);
}

/// Every element of a provisioned cluster that is read has the name that Redshift's description gives it.
#[cfg(feature = "redshift")]
#[tokio::test]
async fn redshift_cluster_as_described() {
    const FIRST: &str = "/DescribeClusters/value/Clusters/0";
    const GROUP: &str = "/DescribeClusterSubnetGroups/value/ClusterSubnetGroups/0";
    let Some(world) = Described::start(|_, _| None).await else { return };
    let first = |name: &str| world.text(&format!("{FIRST}/{name}"));
    let redshift = aws_databases::Redshift::new(world.access());
    let found = redshift.cluster(HERE, "dw").await.unwrap().unwrap();
    let (home, _) = first("ClusterNamespaceArn").rsplit_once(":kind:").unwrap();
    assert_eq!(found.arn, format!("{home}:cluster:{}", first("ClusterIdentifier")));
    let port = world.read(&format!("{FIRST}/Endpoint/Port")).clone();
    assert_eq!(place(&found), (first("Endpoint/Address").to_owned(), port));
    assert_eq!(hosts(&found.aliases), [first("CustomDomainName")]);
    let groups = world.each(&format!("{FIRST}/VpcSecurityGroups"), "VpcSecurityGroupId");
    assert_eq!(found.surroundings.security_groups, groups);
    assert_eq!(found.surroundings.publicly_accessible, Some(true));
    assert_eq!(found.surroundings.vpc.as_deref(), Some(first("VpcId")));

    let network = redshift.surroundings(HERE, &found).await.unwrap();
    world.asked(&["DescribeClusters", "DescribeClusterSubnetGroups"]);
    assert!(world.double.calls()[1].has("ClusterSubnetGroupName", first("ClusterSubnetGroupName")));
    assert_eq!(network.subnets, world.each(&format!("{GROUP}/Subnets"), "SubnetIdentifier"));
    assert_eq!(network.vpc.as_deref(), Some(first("VpcId")));

    let missing = |operation: &Value, _: &ApiRequest| Some(refused(operation["codes"][0].as_str().unwrap()));
    let Some(world) = Described::start(missing).await else { return };
    let redshift = aws_databases::Redshift::new(world.access());
    assert_eq!(redshift.cluster(HERE, "none").await.unwrap(), None);
}

fn refused(code: &str) -> ApiAnswer {
    let body = format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>as played</Message></Error></ErrorResponse>"
    );
    ApiAnswer { status: 404, body }
}
