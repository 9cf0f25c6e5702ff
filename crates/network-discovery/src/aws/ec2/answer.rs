//! EC2's answers, read as XML. Unknown elements are ignored.

use std::collections::BTreeMap;

use rotation_aws::{AwsError, Refusal, Service};
use roxmltree::{Document, Node, ParsingOptions};

use crate::{
    error::DiscoveryError,
    identity::{EndpointId, SecurityGroupId, SubnetId},
    network::{Egress, Ground, Network, SecretsEndpoint, Subnet},
};

pub(super) const SUBNETS: &str = "DescribeSubnets";
pub(super) const ROUTES: &str = "DescribeRouteTables";
pub(super) const ENDPOINTS: &str = "DescribeVpcEndpoints";

/// More elements than any page has.
const MOST_NODES: u32 = 1_000_000;

/// What has been read of a VPC so far.
pub(super) struct Survey<'a> {
    region: &'a str,
    subnets: Vec<Subnet>,
    /// Where the table that a subnet names leads.
    routes: BTreeMap<SubnetId, Egress>,
    /// Where the main table leads, for all other subnets.
    main: Option<Egress>,
    endpoints: Vec<SecretsEndpoint>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(region: &'a str) -> Self {
        Self { region, subnets: Vec::new(), routes: BTreeMap::new(), main: None, endpoints: Vec::new() }
    }

    pub(super) fn read_subnets(&mut self, page: &str) -> Result<(), DiscoveryError> {
        for item in items(parsed(SUBNETS, page)?.root_element(), "subnetSet") {
            let zone = text(item, "availabilityZone").unwrap_or_default();
            let outside = text(item, "outpostArn").is_some()
                || text(item, "ipv6Native") == Some("true")
                || !is_zone_of(self.region, zone);
            let free = text(item, "availableIpAddressCount").and_then(|count| count.parse().ok());
            self.subnets.push(Subnet {
                id: id(item, "subnetId", SubnetId::parse, SUBNETS)?,
                zone: zone.to_owned(),
                free_addresses: free.unwrap_or_default(),
                ground: if outside { Ground::Outside } else { Ground::Zone },
                egress: Egress::Nowhere,
            });
        }
        Ok(())
    }

    pub(super) fn read_routes(&mut self, page: &str) -> Result<(), DiscoveryError> {
        for table in items(parsed(ROUTES, page)?.root_element(), "routeTableSet") {
            let egress = items(table, "routeSet").find_map(default_egress).unwrap_or(Egress::Nowhere);
            for association in items(table, "associationSet") {
                if text(association, "main") == Some("true") {
                    self.main = Some(egress);
                } else if text(association, "subnetId").is_some() {
                    self.routes.insert(id(association, "subnetId", SubnetId::parse, ROUTES)?, egress);
                }
            }
        }
        Ok(())
    }

    pub(super) fn read_endpoints(&mut self, page: &str) -> Result<(), DiscoveryError> {
        for item in items(parsed(ENDPOINTS, page)?.root_element(), "vpcEndpointSet") {
            let state = text(item, "state").unwrap_or_default().to_ascii_lowercase();
            if !["available", "pending"].contains(&state.as_str()) {
                continue;
            }
            let groups = items(item, "groupSet");
            let groups: Result<Vec<_>, _> =
                groups.map(|group| id(group, "groupId", SecurityGroupId::parse, ENDPOINTS)).collect();
            self.endpoints.push(SecretsEndpoint {
                id: id(item, "vpcEndpointId", EndpointId::parse, ENDPOINTS)?,
                private_dns: text(item, "privateDnsEnabled") == Some("true"),
                security_groups: groups?,
            });
        }
        Ok(())
    }

    /// Every subnet with the egress of its table; the main table's, where it names none.
    pub(super) fn network(self) -> Network {
        let Self { mut subnets, routes, main, mut endpoints, .. } = self;
        for subnet in &mut subnets {
            subnet.egress = routes.get(&subnet.id).copied().or(main).unwrap_or(Egress::Nowhere);
        }
        endpoints.sort_by(|one, other| one.id.cmp(&other.id));
        Network { subnets, endpoints }
    }
}

/// Where a route leads, if it is the IPv4 default route and works.
fn default_egress(route: Node<'_, '_>) -> Option<Egress> {
    let applies = text(route, "destinationCidrBlock") == Some("0.0.0.0/0")
        && !text(route, "state").is_some_and(|state| state.eq_ignore_ascii_case("blackhole"));
    if !applies {
        return None;
    }
    let gateway = text(route, "gatewayId").unwrap_or_default();
    Some(if gateway.starts_with("igw-") {
        Egress::InternetGateway
    } else if ["natGatewayId", "instanceId", "networkInterfaceId"]
        .iter()
        .any(|name| text(route, name).is_some())
    {
        Egress::Nat
    } else {
        Egress::Elsewhere
    })
}

/// `eu-central-1a` is a zone of `eu-central-1`; `us-west-2-lax-1a` is one in which Lambda is not available.
fn is_zone_of(region: &str, zone: &str) -> bool {
    let letter = zone.strip_prefix(region).unwrap_or_default();
    letter.len() == 1 && letter.bytes().all(|b| b.is_ascii_lowercase())
}

/// Where the next page begins, if there is one.
pub(super) fn next_token(operation: &'static str, page: &str) -> Result<Option<String>, DiscoveryError> {
    let document = parsed(operation, page)?;
    Ok(text(document.root_element(), "nextToken").map(str::to_owned))
}

/// A refusal with its code and message; EC2's messages contain no values except names.
pub(super) fn refusal(operation: &'static str, status: u16, body: &str) -> AwsError {
    let document = Document::parse(body).ok();
    let find = |name: &str| {
        let mut nodes = document.iter().flat_map(|document| document.descendants());
        nodes.find(|node| node.has_tag_name(name)).and_then(|node| node.text()).unwrap_or_default()
    };
    let (code, message) = (find("Code"), find("Message"));
    let message = Some(message).filter(|message| !message.is_empty());
    AwsError::refused(Service::Ec2, operation, Refusal { code, message, status })
}

fn parsed<'a>(operation: &'static str, page: &'a str) -> Result<Document<'a>, DiscoveryError> {
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(page, options)
        .map_err(|_| DiscoveryError::Incomplete { operation, what: "readable XML" })
}

/// The `item`s of a set.
fn items<'a, 'input: 'a>(node: Node<'a, 'input>, set: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    let set = child(node, set);
    set.into_iter().flat_map(|set| set.children()).filter(|node| node.tag_name().name() == "item")
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// The text of a child, where there is one that is not empty.
fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

fn id<T>(
    node: Node<'_, '_>,
    name: &str,
    parse: fn(&str) -> Option<T>,
    operation: &'static str,
) -> Result<T, DiscoveryError> {
    let id = text(node, name).and_then(parse);
    id.ok_or(DiscoveryError::Incomplete { operation, what: "a usable id" })
}
