//! EC2's answers, read as XML. Unknown elements are ignored.

use std::collections::BTreeMap;

use rotation_aws::Element;

use crate::{
    error::DiscoveryError,
    identity::{EndpointId, SecurityGroupId, SubnetId},
    network::{Egress, Ground, Network, SecretsEndpoint, Subnet},
};

pub(super) const SUBNETS: &str = "DescribeSubnets";
pub(super) const ROUTES: &str = "DescribeRouteTables";
pub(super) const ENDPOINTS: &str = "DescribeVpcEndpoints";

/// Where a route table leads.
pub(super) struct Routes {
    /// A subnet that names the table; `None` for the main table, which all other subnets use.
    subnet: Option<SubnetId>,
    egress: Egress,
}

/// The subnets of a page, without their egress.
pub(super) fn subnets(region: &str, page: Element<'_, '_>) -> Result<Vec<Subnet>, DiscoveryError> {
    let subnet = |item: Element<'_, '_>| {
        let zone = item.text("availabilityZone").unwrap_or_default();
        let outside = item.text("outpostArn").is_some()
            || item.text("ipv6Native") == Some("true")
            || !is_zone_of(region, zone);
        let free = item.text("availableIpAddressCount").and_then(|count| count.parse().ok());
        Ok(Subnet {
            id: id(item, "subnetId", SubnetId::parse, SUBNETS)?,
            zone: zone.to_owned(),
            free_addresses: free.unwrap_or_default(),
            ground: if outside { Ground::Outside } else { Ground::Zone },
            egress: Egress::Nowhere,
        })
    };
    page.list("subnetSet", "item").map(subnet).collect()
}

/// The associations of the route tables of a page.
pub(super) fn routes(page: Element<'_, '_>) -> Result<Vec<Routes>, DiscoveryError> {
    let mut found = Vec::new();
    for table in page.list("routeTableSet", "item") {
        let egress = table.list("routeSet", "item").find_map(default_egress).unwrap_or(Egress::Nowhere);
        for association in table.list("associationSet", "item") {
            if association.text("main") == Some("true") {
                found.push(Routes { subnet: None, egress });
            } else if association.text("subnetId").is_some() {
                let subnet = Some(id(association, "subnetId", SubnetId::parse, ROUTES)?);
                found.push(Routes { subnet, egress });
            }
        }
    }
    Ok(found)
}

/// The usable endpoints of a page.
pub(super) fn endpoints(page: Element<'_, '_>) -> Result<Vec<SecretsEndpoint>, DiscoveryError> {
    let mut found = Vec::new();
    for item in page.list("vpcEndpointSet", "item") {
        let state = item.text("state").unwrap_or_default().to_ascii_lowercase();
        if !["available", "pending"].contains(&state.as_str()) {
            continue;
        }
        let groups = item.list("groupSet", "item");
        let groups: Result<Vec<_>, _> =
            groups.map(|group| id(group, "groupId", SecurityGroupId::parse, ENDPOINTS)).collect();
        found.push(SecretsEndpoint {
            id: id(item, "vpcEndpointId", EndpointId::parse, ENDPOINTS)?,
            private_dns: item.text("privateDnsEnabled") == Some("true"),
            security_groups: groups?,
        });
    }
    Ok(found)
}

/// Every subnet with the egress of its table; the main table's, where it names none.
pub(super) fn network(
    mut subnets: Vec<Subnet>,
    routes: Vec<Routes>,
    mut endpoints: Vec<SecretsEndpoint>,
) -> Network {
    let routes: BTreeMap<_, _> =
        routes.into_iter().map(|Routes { subnet, egress }| (subnet, egress)).collect();
    for subnet in &mut subnets {
        let own = routes.get(&Some(subnet.id.clone())).or_else(|| routes.get(&None));
        subnet.egress = own.copied().unwrap_or(Egress::Nowhere);
    }
    endpoints.sort_by(|one, other| one.id.cmp(&other.id));
    Network { subnets, endpoints }
}

/// Where a route leads, if it is the IPv4 default route and works.
fn default_egress(route: Element<'_, '_>) -> Option<Egress> {
    let applies = route.text("destinationCidrBlock") == Some("0.0.0.0/0")
        && !route.text("state").is_some_and(|state| state.eq_ignore_ascii_case("blackhole"));
    if !applies {
        return None;
    }
    let gateway = route.text("gatewayId").unwrap_or_default();
    Some(if gateway.starts_with("igw-") {
        Egress::InternetGateway
    } else if ["natGatewayId", "instanceId", "networkInterfaceId"]
        .iter()
        .any(|name| route.text(name).is_some())
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

fn id<T>(
    element: Element<'_, '_>,
    name: &str,
    parse: fn(&str) -> Option<T>,
    operation: &'static str,
) -> Result<T, DiscoveryError> {
    let id = element.text(name).and_then(parse);
    id.ok_or(DiscoveryError::Incomplete { operation, what: "a usable id" })
}
