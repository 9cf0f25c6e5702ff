//! Managed master secrets and topologies as moto's RDS describes them.

use aws_sdk_rds::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
};
use local_aws::{LocalSecretsManager, secrets_manager::Settings};
use test_servers::{Moto, TestAuthority};

use super::{access, rds};
use crate::recorder::{Master, changed_at};

const HERE: &str = "us-east-1";
const FAR: &str = "eu-west-1";
const INSTANCE: &str = "aws:rds:primarydbinstancearn";
const CLUSTER: &str = "aws:rds:primarydbclusterarn";

fn client(moto: &Moto, region: &str) -> Client {
    let access = access(&moto.endpoint());
    let config = access.lookup_config(region, access.lookup_urls().rds.as_ref());
    // moto loads a service at its first request, which on a busy machine takes longer than the time limit of
    // a call.
    Client::from_conf(Builder::from(&config).timeout_config(TimeoutConfig::disabled()).build())
}

async fn instance(rds: &Client, id: &str, engine: &str, cluster: Option<&str>) {
    let call = rds.create_db_instance().db_instance_identifier(id).engine(engine);
    let call = call.db_instance_class("db.t3.medium").set_db_cluster_identifier(cluster.map(str::to_owned));
    let call = match cluster {
        Some(_) => call,
        None => call.allocated_storage(10).master_username("master").master_user_password("password"),
    };
    call.send().await.unwrap();
}

async fn cluster(rds: &Client, id: &str, engine: &str) {
    let call = rds.create_db_cluster().db_cluster_identifier(id).engine(engine);
    call.master_username("master").master_user_password("password").send().await.unwrap();
}

async fn replica(rds: &Client, id: &str, source: &str) {
    let call = rds.create_db_instance_read_replica().db_instance_identifier(id);
    call.source_db_instance_identifier(source).send().await.unwrap();
}

/// Everything that the test tables refer to.
async fn prepare(moto: &Moto) {
    let rds = client(moto, HERE);
    instance(&rds, "orders", "postgres", None).await;
    instance(&rds, "stranger", "postgres", None).await;
    instance(&rds, "other", "mysql", None).await;
    replica(&rds, "reports", "orders").await;
    replica(&rds, "archive", "reports").await;
    replica(&client(moto, FAR), "far", &arn("db:orders")).await;
    cluster(&rds, "shop", "aurora-postgresql").await;
    instance(&rds, "shop-1", "aurora-postgresql", Some("shop")).await;
    instance(&rds, "shop-2", "aurora-postgresql", Some("shop")).await;
}

fn arn(resource: &str) -> String {
    format!("arn:aws:rds:{HERE}:123456789012:{resource}")
}

/// The host and the port of an instance.
async fn at(moto: &Moto, region: &str, id: &str) -> (String, i32) {
    let answer =
        client(moto, region).describe_db_instances().db_instance_identifier(id).send().await.unwrap();
    let endpoint = answer.db_instances()[0].endpoint().unwrap().clone();
    (endpoint.address.unwrap(), endpoint.port.unwrap())
}

/// Writer and readers of a cluster, and its port.
async fn endpoints(moto: &Moto, id: &str) -> (String, String, i32) {
    let answer = client(moto, HERE).describe_db_clusters().db_cluster_identifier(id).send().await.unwrap();
    let found = answer.db_clusters()[0].clone();
    (found.endpoint.unwrap(), found.reader_endpoint.unwrap(), found.port.unwrap())
}

async fn check(moto: &Moto, host: &str, master: Master<'_>, expected: Result<&str, &'static str>) {
    let found = changed_at(rds(&moto.endpoint()), host, master).await;
    assert_eq!(found.as_deref().map_err(|code| *code), expected, "{host}, {master:?}");
}

/// A managed master secret leads to the writer that moto describes.
#[tokio::test]
async fn managed_master_leads_to_the_writer() {
    let Some(moto) = Moto::start().await else { return };
    prepare(&moto).await;
    let (orders, port) = at(&moto, HERE, "orders").await;
    let writer = format!("{orders}:{port}");
    let (reports, _) = at(&moto, HERE, "reports").await;
    let (stranger, _) = at(&moto, HERE, "stranger").await;
    check(&moto, &orders, Master::Tagged(INSTANCE, &arn("db:orders")), Ok(&writer)).await;
    check(&moto, &reports, Master::Tagged("aws:rds:primaryDBInstanceArn", &arn("db:orders")), Ok(&writer))
        .await;
    check(&moto, &stranger, Master::Tagged(INSTANCE, &arn("db:orders")), Err("MASTER_HOST_DIFFERS")).await;
    check(&moto, &orders, Master::Tagged(INSTANCE, &arn("db:none")), Err("MASTER_OWNER_NOT_FOUND")).await;
    let foreign = "arn:aws:rds:us-east-1:210987654321:db:orders";
    check(&moto, &orders, Master::Tagged(INSTANCE, foreign), Err("MASTER_OWNER_NOT_FOUND")).await;
    let (other, _) = at(&moto, HERE, "other").await;
    check(&moto, &other, Master::Tagged(INSTANCE, &arn("db:other")), Err("MASTER_ENGINE_DIFFERS")).await;

    let (host, readers, port) = endpoints(&moto, "shop").await;
    let writer = format!("{host}:{port}");
    let owner = arn("cluster:shop");
    check(&moto, &host, Master::Tagged(CLUSTER, &owner), Ok(&writer)).await;
    check(&moto, &readers, Master::Tagged("aws:rds:primaryDBClusterArn", &owner), Ok(&writer)).await;
    let (member, _) = at(&moto, HERE, "shop-1").await;
    check(&moto, &member, Master::Tagged(CLUSTER, &owner), Ok(&writer)).await;
    check(&moto, &orders, Master::Tagged(CLUSTER, &owner), Err("MASTER_HOST_DIFFERS")).await;
}

/// Hosts that moto joins belong together, and no others do.
#[tokio::test]
async fn joined_hosts_and_no_others() {
    let Some(moto) = Moto::start().await else { return };
    prepare(&moto).await;
    let (orders, port) = at(&moto, HERE, "orders").await;
    let (reports, _) = at(&moto, HERE, "reports").await;
    let (archive, _) = at(&moto, HERE, "archive").await;
    let (far, _) = at(&moto, FAR, "far").await;
    let (stranger, _) = at(&moto, HERE, "stranger").await;
    // A master secret that names the writer but no port uses the engine's default port.
    let own = format!("{orders}:1");
    let described = format!("{orders}:{port}");
    for host in [&reports, &archive, &far] {
        check(&moto, host, Master::At(&orders), Ok(&own)).await;
        check(&moto, &orders, Master::At(host), Ok(&described)).await;
        check(&moto, host, Master::At(&stranger), Err("MASTER_HOST_DIFFERS")).await;
    }
    check(&moto, &archive, Master::At(&far), Ok(&described)).await;
    let (host, readers, port) = endpoints(&moto, "shop").await;
    let (own, described) = (format!("{host}:1"), format!("{host}:{port}"));
    check(&moto, &readers, Master::At(&host), Ok(&own)).await;
    check(&moto, &host, Master::At(&readers), Ok(&described)).await;
    for member in ["shop-1", "shop-2"] {
        let (member, _) = at(&moto, HERE, member).await;
        check(&moto, &member, Master::At(&host), Ok(&own)).await;
        check(&moto, &readers, Master::At(&member), Ok(&described)).await;
        check(&moto, &member, Master::At(&orders), Err("MASTER_HOST_DIFFERS")).await;
    }
    check(&moto, "db.example.com", Master::At(&orders), Err("MASTER_HOST_DIFFERS")).await;
}

/// A replica whose source is deleted is named as such.
#[tokio::test]
async fn replica_without_its_source() {
    let Some(moto) = Moto::start().await else { return };
    prepare(&moto).await;
    let (far, _) = at(&moto, FAR, "far").await;
    let (stranger, _) = at(&moto, HERE, "stranger").await;
    let call = client(&moto, HERE).delete_db_instance().db_instance_identifier("orders");
    call.skip_final_snapshot(true).send().await.unwrap();
    check(&moto, &far, Master::At(&stranger), Err("REPLICA_SOURCE_NOT_FOUND")).await;
}

/// A lookup whose endpoint nothing serves, or whose certificate is not trusted, has its own code.
#[tokio::test]
async fn unserved_or_untrusted_endpoint() {
    let (host, other) = ("a.abc.us-east-1.rds.amazonaws.com", "b.abc.us-east-1.rds.amazonaws.com");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = rds(&format!("http://{free}"));
    assert_eq!(changed_at(nobody, host, Master::At(other)).await, Err("DBLOOKUP_UNREACHABLE"));
    let tls = Some(TestAuthority::new().server().server_config());
    let service = LocalSecretsManager::start(Settings { tls, ..Settings::default() }).await.unwrap();
    let stranger = rds(&service.endpoint());
    assert_eq!(changed_at(stranger, host, Master::At(other)).await, Err("DBLOOKUP_CERTIFICATE"));
}
