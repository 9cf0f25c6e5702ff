//! Provisioned clusters as moto describes them. moto leaves out `ClusterNamespaceArn`, which identifies a
//! cluster that was found by its host, so the double tests masters that name their own host.

use test_servers::Moto;

use super::redshift;
use crate::{
    recorder::{Master, changed_at},
    world::{place, script},
};

/// A managed master secret leads to the cluster that moto describes.
#[tokio::test]
async fn managed_master_leads_to_the_cluster() {
    let Some(moto) = Moto::start().await else { return };
    let Some(world) = script("world.py", &[&moto.endpoint(), "redshift"]).await else { return };
    let (host, port) = place(&world, "dw");
    let host = host.as_str();

    let tagged = |arn| Master::Tagged("aws:redshift:primaryclusterarn", arn);
    let own = "arn:aws:redshift:us-east-1:123456789012:cluster:dw";
    let found = changed_at(redshift(&moto.endpoint()), host, tagged(own)).await;
    assert_eq!(found, Ok(format!("{host}:{port}")));
    let found = changed_at(redshift(&moto.endpoint()), "db.example.com", tagged(own)).await;
    assert_eq!(found, Err("MASTER_HOST_DIFFERS"));
    let none = "arn:aws:redshift:us-east-1:123456789012:cluster:none";
    let found = changed_at(redshift(&moto.endpoint()), host, tagged(none)).await;
    assert_eq!(found, Err("MASTER_OWNER_NOT_FOUND"));
}
