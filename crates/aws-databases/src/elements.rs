//! What RDS and Redshift describe in the same elements, of which only the names of a list's members differ.

use rotation_aws::{Element, Unreadable};
use rotation_database::Endpoint;

use crate::database::{Surroundings, endpoint};

/// `Endpoint`: an address and a port. `None` while there is none.
pub(crate) fn nested_endpoint(of: Element<'_, '_>) -> Result<Option<Endpoint>, Unreadable> {
    let Some(at) = of.child("Endpoint") else { return Ok(None) };
    Ok(endpoint(at.text("Address"), at.parsed("Port")?))
}

/// `VpcSecurityGroups`, without those that are being removed.
pub(crate) fn security_groups(of: Element<'_, '_>, member: &str) -> Vec<String> {
    let staying =
        of.list("VpcSecurityGroups", member).filter(|group| group.text("Status") != Some("removing"));
    staying.filter_map(|group| group.text("VpcSecurityGroupId")).map(str::to_owned).collect()
}

/// What a subnet group contains.
#[derive(Clone, Debug)]
pub(crate) struct SubnetGroup {
    pub(crate) vpc: Option<String>,
    subnets: Vec<String>,
}

impl SubnetGroup {
    pub(crate) fn of(group: Element<'_, '_>) -> Self {
        let subnets = group.list("Subnets", "Subnet").filter_map(|subnet| subnet.text("SubnetIdentifier"));
        Self { vpc: group.text("VpcId").map(str::to_owned), subnets: subnets.map(str::to_owned).collect() }
    }

    pub(crate) fn add_to(self, surroundings: &mut Surroundings) {
        surroundings.vpc = self.vpc;
        surroundings.subnets = self.subnets;
    }
}
