//! The pure decisions, as tables.

use network_discovery::{
    Database, DiscoveryError, Egress, EndpointId, Engine, Exposure, FunctionNetwork, Ground, Network,
    NetworkMode, SecretsEndpoint, SecurityGroupId, Site, Subnet, SubnetId, VpcId, vpc_for,
};

pub(crate) fn database(exposure: Exposure, group: &[&str]) -> Database {
    Database {
        arn: "arn:aws:rds:us-east-1:123456789012:db:shop".into(),
        engine: Engine::Postgres,
        port: 5432,
        exposure,
        vpc: VpcId::parse("vpc-1").unwrap(),
        subnets: group.iter().map(|id| SubnetId::parse(id).unwrap()).collect(),
        security_groups: vec![SecurityGroupId::parse("sg-db").unwrap()],
        through_readers: false,
    }
}

/// `subnet-a1 a nat 100`: id, zone, egress, free addresses.
fn subnet(row: &str) -> Subnet {
    let [id, zone, egress, free] = row.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
    Subnet {
        id: SubnetId::parse(&format!("subnet-{id}")).unwrap(),
        zone: format!("us-east-1{zone}"),
        free_addresses: free.parse().unwrap(),
        ground: if zone == "lax" { Ground::Outside } else { Ground::Zone },
        egress: match egress {
            "none" => Egress::Nowhere,
            "nat" => Egress::Nat,
            "igw" => Egress::InternetGateway,
            "tgw" => Egress::Elsewhere,
            other => panic!("{other}"),
        },
    }
}

fn endpoint(id: &str, private_dns: bool) -> SecretsEndpoint {
    SecretsEndpoint {
        id: EndpointId::parse(id).unwrap(),
        private_dns,
        security_groups: vec![SecurityGroupId::parse("sg-endpoint").unwrap()],
    }
}

/// A private database places the function in its VPC, and a public one does not.
#[test]
fn private_database_needs_the_vpc() {
    for (mode, exposure, expected) in [
        (NetworkMode::Auto, Exposure::Private, "vpc"),
        (NetworkMode::Auto, Exposure::Public, "public"),
        (NetworkMode::Vpc, Exposure::Private, "vpc"),
        (NetworkMode::Vpc, Exposure::Public, "vpc"),
        (NetworkMode::Public, Exposure::Private, "DATABASE_NOT_PUBLIC"),
        (NetworkMode::Public, Exposure::Public, "public"),
    ] {
        let database = database(exposure, &[]);
        let decided = match vpc_for(mode, &database) {
            Ok(Some(vpc)) => {
                assert_eq!(vpc, &database.vpc);
                "vpc"
            }
            Ok(None) => "public",
            Err(error) => error.code(),
        };
        assert_eq!(decided, expected, "{mode:?} {exposure:?}");
    }
}

#[track_caller]
fn check(group: &[&str], rows: &[&str], expected: &str, has_nat: bool) {
    let group: Vec<String> = group.iter().map(|id| format!("subnet-{id}")).collect();
    let group: Vec<&str> = group.iter().map(String::as_str).collect();
    let database = database(Exposure::Private, &group);
    let mut subnets: Vec<Subnet> = rows.iter().map(|row| subnet(row)).collect();
    let network = Network { subnets: subnets.clone(), endpoints: Vec::new() };
    let network = FunctionNetwork::inside(&database, &network).unwrap();
    let data = network.data();
    let chosen = data["SubnetIds"].as_str().unwrap().replace("subnet-", "");
    assert_eq!(chosen, expected, "{rows:#?}");
    assert_eq!(data["HasNatRoute"], if has_nat { "true" } else { "false" }, "{rows:#?}");
    // The order in which the service lists them does not matter.
    subnets.reverse();
    assert_eq!(
        FunctionNetwork::inside(&database, &Network { subnets, endpoints: Vec::new() }).unwrap(),
        network
    );
}

/// The private subnets of the database's group come first, one for each zone.
#[test]
fn private_group_subnets_come_first() {
    check(&["a1", "b1"], &["a1 a none 99", "b1 b none 99", "a2 a nat 99", "b2 b nat 99"], "a1,b1", false);
    check(&["a1", "a2", "b1"], &["a1 a none 99", "a2 a none 99", "b1 b none 99"], "a1,b1", false);
    check(
        &["a1", "b1", "c1", "d1"],
        &["a1 a nat 9", "b1 b nat 9", "c1 c nat 9", "d1 d nat 9"],
        "a1,b1,c1",
        true,
    );
}

/// A group with one zone is filled up to two.
#[test]
fn one_zone_is_filled_up_to_two() {
    check(&["a1"], &["a1 a none 99", "b2 b none 99", "c2 c none 99"], "a1,b2", false);
    check(&["a1", "b1"], &["a1 a nat 99", "b1 b igw 99", "b2 b nat 99"], "a1,b2", true);
}

/// A public subnet is chosen only where nothing else makes two zones.
#[test]
fn public_subnet_as_a_last_resort() {
    check(&["a1", "b1"], &["a1 a igw 99", "b1 b igw 99", "a2 a none 99", "b2 b none 99"], "a2,b2", false);
    check(&["a1", "b1"], &["a1 a igw 99", "b1 b igw 99"], "a1,b1", false);
    check(&["a1"], &["a1 a igw 99", "b2 b igw 99"], "a1,b2", false);
}

/// Within a zone, free addresses decide first, and then a NAT.
#[test]
fn room_then_nat_within_a_zone() {
    check(&["a1", "a2", "b1"], &["a1 a nat 3", "a2 a none 99", "b1 b nat 99"], "a2,b1", false);
    check(&["a1", "a2", "b1"], &["a1 a none 99", "a2 a nat 99", "b1 b nat 99"], "a2,b1", true);
    check(&["a1", "b1"], &["a1 a nat 3", "b1 b nat 99"], "a1,b1", true);
}

/// Subnets that cannot hold a function are left out.
#[test]
fn unusable_subnets_are_left_out() {
    check(&["l1", "a1", "b1"], &["l1 lax nat 99", "a1 a nat 99", "b1 b nat 99"], "a1,b1", true);
    check(&["a1", "b1"], &["a1 a nat 0", "b1 b nat 99", "c2 c nat 99"], "b1,c2", true);
}

/// A NAT counts only where every chosen subnet has one.
#[test]
fn nat_must_serve_every_subnet() {
    check(&["a1", "b1"], &["a1 a nat 99", "b1 b none 99"], "a1,b1", false);
    check(&["a1", "b1"], &["a1 a nat 99", "b1 b tgw 99"], "a1,b1", false);
}

/// A VPC without a usable subnet is named.
#[test]
fn vpc_without_usable_subnets() {
    for rows in [&[][..], &["a1 a nat 0"], &["l1 lax nat 99"]] {
        let network =
            Network { subnets: rows.iter().map(|row| subnet(row)).collect(), endpoints: Vec::new() };
        let error = FunctionNetwork::inside(&database(Exposure::Private, &[]), &network).unwrap_err();
        assert!(matches!(&error, DiscoveryError::NoSubnet { vpc } if vpc.to_string() == "vpc-1"), "{error}");
        assert_eq!(error.code(), "DISCOVERY_NO_SUBNET");
    }
}

/// The one warning, or nothing.
fn warning(rows: &[&str], endpoints: Vec<SecretsEndpoint>) -> String {
    let network = Network { subnets: rows.iter().map(|row| subnet(row)).collect(), endpoints };
    let network = FunctionNetwork::inside(&database(Exposure::Private, &[]), &network).unwrap();
    network.data()["Warning"].as_str().unwrap().to_owned()
}

/// An endpoint counts only with private DNS.
#[test]
fn endpoint_needs_private_dns() {
    let two = ["a1 a none 99", "b1 b none 99"];
    let network = Network {
        subnets: two.iter().map(|row| subnet(row)).collect(),
        endpoints: vec![endpoint("vpce-1", false), endpoint("vpce-2", true)],
    };
    let data = FunctionNetwork::inside(&database(Exposure::Private, &[]), &network).unwrap().data();
    assert_eq!(data["SecretsManagerEndpointId"], "vpce-2");
    assert_eq!(data["SecretsManagerEndpointSecurityGroupIds"], "sg-endpoint");
    assert_eq!(data["Warning"], "");
    let text = warning(&two, vec![endpoint("vpce-1", false)]);
    assert!(text.starts_with("The endpoint vpce-1 of Secrets Manager has no private DNS"), "{text}");
}

/// An operator is informed of what is doubtful.
#[test]
fn doubts_are_reported() {
    let text = warning(&["a1 a nat 99"], Vec::new());
    assert!(text.starts_with("Only subnet-a1 can hold a function"), "{text}");
    let text = warning(&["a1 a tgw 99", "b1 b tgw 99"], Vec::new());
    assert!(text.starts_with("The default route of subnet-a1, subnet-b1 leads to neither"), "{text}");
    assert_eq!(warning(&["a1 a tgw 99", "b1 b tgw 99"], vec![endpoint("vpce-2", true)]), "");
    assert_eq!(warning(&["a1 a nat 99", "b1 b nat 99"], Vec::new()), "");
}

/// Outside a VPC there is a warning about the open port.
#[test]
fn open_port_outside_a_vpc() {
    let network = FunctionNetwork::public(&database(Exposure::Public, &["subnet-a1"]));
    assert_eq!(network.site, Site::Public);
    let data = network.data();
    let warning = data["Warning"].as_str().unwrap();
    assert!(warning.contains("sg-db must admit port 5432 from anywhere"), "{warning}");
    for (field, expected) in [
        ("NetworkMode", "public"),
        ("VpcId", ""),
        ("SubnetIds", ""),
        ("DatabaseSecurityGroupIds", "sg-db"),
        ("Port", "5432"),
        ("SecretsManagerEndpointId", ""),
        ("SecretsManagerEndpointSecurityGroupIds", ""),
        ("HasNatRoute", "false"),
        ("DatabaseArn", "arn:aws:rds:us-east-1:123456789012:db:shop"),
        ("Engine", "postgres"),
    ] {
        assert_eq!(data[field], expected, "{field}");
    }
    assert_eq!(data.as_object().unwrap().len(), 11);
}
