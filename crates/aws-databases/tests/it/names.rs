//! Which resource a host name or an ARN stands for.

use aws_databases::{DatabaseName, Resource};
use rotation_database::owner;
use rotation_database::{Host, ServerArn};

#[track_caller]
fn check(host: &str, expected: Option<(Resource, &str)>) {
    let expected = expected.map(|(resource, region)| DatabaseName { resource, region: region.to_owned() });
    assert_eq!(DatabaseName::from_host(&Host::parse(host).unwrap()), expected, "{host}");
}

/// An endpoint's name tells which database or cluster it belongs to.
#[test]
fn endpoints_name_their_database() {
    let instance = || Resource::Instance("shop".into());
    let cluster = || Resource::Cluster("shop".into());
    for (host, resource, region) in [
        ("shop.c0ffee.eu-central-1.rds.amazonaws.com", instance(), "eu-central-1"),
        ("SHOP.C0FFEE.EU-CENTRAL-1.RDS.amazonaws.com.", instance(), "eu-central-1"),
        ("shop.c0ffee.us-gov-west-1.rds.amazonaws.com", instance(), "us-gov-west-1"),
        ("shop.c0ffee.rds.cn-north-1.amazonaws.com.cn", instance(), "cn-north-1"),
        ("shop.c0ffee.us-east-1.docdb.amazonaws.com", instance(), "us-east-1"),
        ("shop.cluster-c0ffee.us-east-1.rds.amazonaws.com", cluster(), "us-east-1"),
        ("shop.cluster-c0ffee.rds.cn-north-1.amazonaws.com.cn", cluster(), "cn-north-1"),
        ("shop.cluster-ro-c0ffee.us-east-1.rds.amazonaws.com", cluster(), "us-east-1"),
        ("shop.cluster-c0ffee.us-east-1.docdb.amazonaws.com", cluster(), "us-east-1"),
        (
            "bi.cluster-custom-c0ffee.us-east-1.rds.amazonaws.com",
            Resource::CustomEndpoint("bi".into()),
            "us-east-1",
        ),
        ("shop.proxy-c0ffee.us-east-1.rds.amazonaws.com", Resource::Proxy, "us-east-1"),
        ("read.endpoint.proxy-c0ffee.us-east-1.rds.amazonaws.com", Resource::Proxy, "us-east-1"),
        ("read.endpoint.proxy-c0ffee.rds.cn-north-1.amazonaws.com.cn", Resource::Proxy, "cn-north-1"),
        ("dw.c1x2.eu-west-1.redshift.amazonaws.com", Resource::RedshiftCluster("dw".into()), "eu-west-1"),
        (
            "DW.c1x2.cn-north-1.redshift.amazonaws.com.cn.",
            Resource::RedshiftCluster("dw".into()),
            "cn-north-1",
        ),
        (
            "wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com",
            Resource::Workgroup("wg".into()),
            "eu-west-1",
        ),
    ] {
        check(host, Some((resource, region)));
    }
}

/// A name that is no endpoint of a known service stands for no database.
#[test]
fn others_match_nothing() {
    for host in [
        "10.0.0.7",
        "127.0.0.1",
        "localhost",
        "db.example.com",
        "shop.c0ffee.us-east-1.elb.amazonaws.com",
        "shop.us-east-1.rds.amazonaws.com",
        "dw.eu-west-1.redshift.amazonaws.com",
        "shop.global-c0ffee.global.rds.amazonaws.com",
        "sh_op.c0ffee.us-east-1.rds.amazonaws.com",
        "d_w.c1x2.eu-west-1.redshift.amazonaws.com",
        "shop.c0ffee.1.rds.amazonaws.com",
        "shop.proxied-c0ffee.us-east-1.rds.amazonaws.com",
    ] {
        check(host, None);
    }
}

#[track_caller]
fn check_tag(key: &str, arn: &str, expected: Option<&Resource>) {
    let tags = [("Name", "arn:aws:rds:us-east-1:1:db:other"), (key, arn)];
    let name = owner(tags).and_then(|arn| DatabaseName::from_arn(&arn));
    assert_eq!(name.as_ref().map(|name| &name.resource), expected, "{key} {arn}");
}

/// The tags of a managed secret name its database.
#[test]
fn managed_secret_tags() {
    let home = "us-east-1:123456789012";
    let instance = format!("arn:aws:rds:{home}:db:shop");
    check_tag("aws:rds:primaryDBInstanceArn", &instance, Some(&Resource::Instance("shop".into())));
    let cluster = format!("arn:aws:rds:{home}:cluster:shop");
    check_tag("aws:rds:primaryDBClusterArn", &cluster, Some(&Resource::Cluster("shop".into())));
    let warehouse = format!("arn:aws:redshift:{home}:cluster:shop");
    check_tag("aws:redshift:primaryClusterArn", &warehouse, Some(&Resource::RedshiftCluster("shop".into())));
    let namespace =
        format!("arn:aws:redshift-serverless:{home}:namespace/11111111-2222-3333-4444-555555555555");
    let serverless = ServerArn::parse(&namespace).map(Resource::Namespace);
    check_tag("aws:redshift-serverless:namespaceArn", &namespace, serverless.as_ref());
    check_tag("owner", &instance, None);
    check_tag("aws:rds:primaryDBInstanceArn", "shop", None);
}
