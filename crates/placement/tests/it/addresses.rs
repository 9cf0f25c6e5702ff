//! Which resource a host name or a tag stands for.

use placement::{Address, Resource};
use rotation_database::Host;

#[track_caller]
fn check(host: &str, resource: &Resource, region: Option<&str>) {
    let address = Address::of_host(&Host::parse(host).unwrap());
    assert_eq!(&address.resource, resource, "{host}");
    assert_eq!(address.region.as_deref(), region, "{host}");
}

#[test]
fn the_hosts_of_aws_name_their_resource_and_region() {
    let instance = Resource::Instance("shop".into());
    let cluster = Resource::Cluster("shop".into());
    for (host, resource, region) in [
        ("shop.c0ffee.eu-central-1.rds.amazonaws.com", &instance, "eu-central-1"),
        ("SHOP.C0FFEE.EU-CENTRAL-1.rds.amazonaws.com.", &instance, "eu-central-1"),
        ("shop.c0ffee.us-gov-west-1.rds.amazonaws.com", &instance, "us-gov-west-1"),
        ("shop.c0ffee.rds.cn-north-1.amazonaws.com.cn", &instance, "cn-north-1"),
        ("shop.cluster-c0ffee.us-east-1.rds.amazonaws.com", &cluster, "us-east-1"),
        ("shop.cluster-ro-c0ffee.us-east-1.rds.amazonaws.com", &cluster, "us-east-1"),
        ("shop.cluster-c0ffee.us-east-1.docdb.amazonaws.com", &cluster, "us-east-1"),
        ("shop.c0ffee.us-east-1.docdb.amazonaws.com", &instance, "us-east-1"),
        ("shop.proxy-c0ffee.us-east-1.rds.amazonaws.com", &Resource::Proxy, "us-east-1"),
        ("read.endpoint.proxy-c0ffee.us-east-1.rds.amazonaws.com", &Resource::Proxy, "us-east-1"),
        ("read.endpoint.proxy-c0ffee.rds.cn-north-1.amazonaws.com.cn", &Resource::Proxy, "cn-north-1"),
        (
            "shop.c0ffee.us-east-1.redshift.amazonaws.com",
            &Resource::RedshiftCluster("shop".into()),
            "us-east-1",
        ),
        (
            "shop.123456789012.us-east-1.redshift-serverless.amazonaws.com",
            &Resource::Workgroup("shop".into()),
            "us-east-1",
        ),
    ] {
        check(host, resource, Some(region));
    }
}

#[test]
fn other_hosts_stand_for_nothing() {
    for host in [
        "db.example.com",
        "10.0.0.7",
        "shop.c0ffee.us-east-1.elb.amazonaws.com",
        "reports.cluster-custom-c0ffee.us-east-1.rds.amazonaws.com",
        "shop.global-c0ffee.global.rds.amazonaws.com",
        "shop.us-east-1.rds.amazonaws.com",
    ] {
        check(host, &Resource::Elsewhere, None);
    }
}

#[track_caller]
fn check_tag(key: &str, arn: &str, expected: Option<&Resource>) {
    let address = Address::of_tags([("Name", "arn:aws:rds:us-east-1:1:db:other"), (key, arn)]);
    assert_eq!(address.as_ref().map(|address| &address.resource), expected, "{key} {arn}");
}

#[test]
fn the_tags_of_managed_secrets_name_their_database() {
    let home = "us-east-1:123456789012";
    check_tag(
        "aws:rds:primaryDBInstanceArn",
        &format!("arn:aws:rds:{home}:db:shop"),
        Some(&Resource::Instance("shop".into())),
    );
    check_tag(
        "aws:rds:primaryDBClusterArn",
        &format!("arn:aws:rds:{home}:cluster:shop"),
        Some(&Resource::Cluster("shop".into())),
    );
    check_tag(
        "aws:redshift:primaryClusterArn",
        &format!("arn:aws:redshift:{home}:cluster:shop"),
        Some(&Resource::RedshiftCluster("shop".into())),
    );
    let namespace =
        format!("arn:aws:redshift-serverless:{home}:namespace/11111111-2222-3333-4444-555555555555");
    check_tag(
        "aws:redshift-serverless:namespaceArn",
        &namespace,
        Some(&Resource::Namespace(namespace.clone())),
    );
    check_tag("owner", &format!("arn:aws:rds:{home}:db:shop"), None);
    check_tag("aws:rds:primaryDBInstanceArn", "shop", None);
}
