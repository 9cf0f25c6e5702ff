//! Managed master secrets and topologies as moto's RDS describes them.

use local_aws::{LocalSecretsManager, secrets_manager::Settings};
use serde_json::Value;
use test_servers::{Moto, TestAuthority};

use super::rds;
use crate::{
    recorder::{Master, changed_at},
    world::{place, script},
};

const HERE: &str = "us-east-1";
const INSTANCE: &str = "aws:rds:primarydbinstancearn";
const CLUSTER: &str = "aws:rds:primarydbclusterarn";

/// moto with everything that the test tables refer to.
async fn prepared() -> Option<(Moto, Value)> {
    let moto = Moto::start().await?;
    let world = script("world.py", &[&moto.endpoint(), "rds"]).await?;
    Some((moto, world))
}

fn arn(resource: &str) -> String {
    format!("arn:aws:rds:{HERE}:123456789012:{resource}")
}

async fn check(moto: &Moto, host: &str, master: Master<'_>, expected: Result<&str, &'static str>) {
    let found = changed_at(rds(&moto.endpoint()), host, master).await;
    assert_eq!(found.as_deref().map_err(|code| *code), expected, "{host}, {master:?}");
}

/// A managed master secret leads to the writer that moto describes.
#[tokio::test]
async fn managed_master_leads_to_the_writer() {
    let Some((moto, world)) = prepared().await else { return };
    let (orders, port) = place(&world, "orders");
    let writer = format!("{orders}:{port}");
    let (reports, _) = place(&world, "reports");
    let (stranger, _) = place(&world, "stranger");
    check(&moto, &orders, Master::Tagged(INSTANCE, &arn("db:orders")), Ok(&writer)).await;
    check(&moto, &reports, Master::Tagged("aws:rds:primaryDBInstanceArn", &arn("db:orders")), Ok(&writer))
        .await;
    check(&moto, &stranger, Master::Tagged(INSTANCE, &arn("db:orders")), Err("MASTER_HOST_DIFFERS")).await;
    check(&moto, &orders, Master::Tagged(INSTANCE, &arn("db:none")), Err("MASTER_OWNER_NOT_FOUND")).await;
    let foreign = "arn:aws:rds:us-east-1:210987654321:db:orders";
    check(&moto, &orders, Master::Tagged(INSTANCE, foreign), Err("MASTER_OWNER_NOT_FOUND")).await;
    let (other, _) = place(&world, "other");
    check(&moto, &other, Master::Tagged(INSTANCE, &arn("db:other")), Err("MASTER_ENGINE_DIFFERS")).await;

    let ((host, port), (readers, _)) = (place(&world, "shop"), place(&world, "shop-readers"));
    let writer = format!("{host}:{port}");
    let owner = arn("cluster:shop");
    check(&moto, &host, Master::Tagged(CLUSTER, &owner), Ok(&writer)).await;
    check(&moto, &readers, Master::Tagged("aws:rds:primaryDBClusterArn", &owner), Ok(&writer)).await;
    let (member, _) = place(&world, "shop-1");
    check(&moto, &member, Master::Tagged(CLUSTER, &owner), Ok(&writer)).await;
    check(&moto, &orders, Master::Tagged(CLUSTER, &owner), Err("MASTER_HOST_DIFFERS")).await;
}

/// Hosts that moto joins belong together, and no others do.
#[tokio::test]
async fn joined_hosts_and_no_others() {
    let Some((moto, world)) = prepared().await else { return };
    let (orders, port) = place(&world, "orders");
    let (reports, _) = place(&world, "reports");
    let (archive, _) = place(&world, "archive");
    let (far, _) = place(&world, "far");
    let (stranger, _) = place(&world, "stranger");
    // A master secret that names the writer but no port uses the engine's default port.
    let own = format!("{orders}:1");
    let described = format!("{orders}:{port}");
    for host in [&reports, &archive, &far] {
        check(&moto, host, Master::At(&orders), Ok(&own)).await;
        check(&moto, &orders, Master::At(host), Ok(&described)).await;
        check(&moto, host, Master::At(&stranger), Err("MASTER_HOST_DIFFERS")).await;
    }
    check(&moto, &archive, Master::At(&far), Ok(&described)).await;
    let ((host, port), (readers, _)) = (place(&world, "shop"), place(&world, "shop-readers"));
    let (own, described) = (format!("{host}:1"), format!("{host}:{port}"));
    check(&moto, &readers, Master::At(&host), Ok(&own)).await;
    check(&moto, &host, Master::At(&readers), Ok(&described)).await;
    for member in ["shop-1", "shop-2"] {
        let (member, _) = place(&world, member);
        check(&moto, &member, Master::At(&host), Ok(&own)).await;
        check(&moto, &readers, Master::At(&member), Ok(&described)).await;
        check(&moto, &member, Master::At(&orders), Err("MASTER_HOST_DIFFERS")).await;
    }
    check(&moto, "db.example.com", Master::At(&orders), Err("MASTER_HOST_DIFFERS")).await;
}

/// A replica whose source is deleted is named as such.
#[tokio::test]
async fn replica_without_its_source() {
    let Some((moto, world)) = prepared().await else { return };
    let (far, _) = place(&world, "far");
    let (stranger, _) = place(&world, "stranger");
    script("world.py", &[&moto.endpoint(), "delete", "orders"]).await.unwrap();
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
