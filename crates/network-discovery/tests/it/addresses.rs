//! The database that a host name or a tag of a secret leads to. The names themselves are tested where they
//! are parsed.

use aws_databases::{DatabaseName, Resource};
use network_discovery::Address;
use rotation_database::Host;

#[track_caller]
fn check(host: &str, expected: Option<(Resource, &str)>) {
    let address = Address::from_host(&Host::parse(host).unwrap());
    let expected = expected.map(|(resource, region)| DatabaseName { resource, region: region.to_owned() });
    assert_eq!(address.name, expected, "{host}");
}

/// The hosts of AWS name their resource and Region.
#[test]
fn aws_hosts_name_resource_and_region() {
    let shop = || "shop".to_owned();
    for (host, resource) in [
        ("shop.c0ffee.us-east-1.rds.amazonaws.com", Resource::Instance(shop())),
        ("shop.cluster-ro-c0ffee.us-east-1.rds.amazonaws.com", Resource::Cluster(shop())),
        ("shop.proxy-c0ffee.us-east-1.rds.amazonaws.com", Resource::Proxy),
        ("shop.c0ffee.us-east-1.redshift.amazonaws.com", Resource::RedshiftCluster(shop())),
        ("shop.123456789012.us-east-1.redshift-serverless.amazonaws.com", Resource::Workgroup(shop())),
    ] {
        check(host, Some((resource, "us-east-1")));
    }
}

/// Other hosts stand for no resource.
#[test]
fn other_hosts_match_nothing() {
    check("db.example.com", None);
    // It has a resource of its own, but is not followed.
    check("reports.cluster-custom-c0ffee.us-east-1.rds.amazonaws.com", None);
}

/// The tags of a managed secret name its database.
#[test]
fn managed_secret_tags() {
    let arn = "arn:aws:rds:us-east-1:123456789012:db:shop";
    let address = Address::from_tags([("Name", "x"), ("aws:rds:primaryDBInstanceArn", arn)]).unwrap();
    assert_eq!((address.name.unwrap().resource, address.host), (Resource::Instance("shop".into()), None));
    assert_eq!(Address::from_tags([("owner", arn)]), None);
}
