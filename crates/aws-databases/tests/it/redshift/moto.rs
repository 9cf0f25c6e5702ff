//! Provisioned clusters as moto describes them. moto leaves out `ClusterNamespaceArn`, which identifies a
//! cluster that was found by its host, so the double tests masters that name their own host.

use aws_sdk_redshift::{
    Client,
    config::{Builder, timeout::TimeoutConfig},
};
use test_servers::Moto;

use super::{access, redshift};
use crate::recorder::{Master, changed_at};

/// A managed master secret leads to the cluster that moto describes.
#[tokio::test]
async fn managed_master_leads_to_the_cluster() {
    let Some(moto) = Moto::start().await else { return };
    let access = access(&moto.endpoint());
    let config = access.lookup_config("us-east-1", access.lookup_urls().redshift.as_ref());
    // moto loads a service at its first request, which on a busy machine takes longer than the time limit of
    // a call.
    let config = Builder::from(&config).timeout_config(TimeoutConfig::disabled());
    let client = Client::from_conf(config.build());
    let call = client.create_cluster().cluster_identifier("dw").node_type("ra3.large");
    call.master_username("master").master_user_password("Password1").send().await.unwrap();
    let answer = client.describe_clusters().cluster_identifier("dw").send().await.unwrap();
    let endpoint = answer.clusters()[0].endpoint().unwrap();
    let (host, port) = (endpoint.address().unwrap(), endpoint.port().unwrap());

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
