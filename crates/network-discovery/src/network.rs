//! What there is to know about a VPC, and the port by which it is looked up.

use crate::{
    error::DiscoveryError,
    identity::{EndpointId, SecurityGroupId, SubnetId, VpcId},
};

/// A VPC as a function would find it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Every subnet that is available.
    pub subnets: Vec<Subnet>,
    /// The interface endpoints of Secrets Manager.
    pub endpoints: Vec<SecretsEndpoint>,
}

/// One subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// The name of its zone: `eu-central-1a`.
    pub zone: String,
    /// Addresses that nobody has.
    pub free_addresses: u32,
    /// Whether Lambda can run there at all.
    pub ground: Ground,
    /// Where its default route leads.
    pub egress: Egress,
}

/// On what kind of ground a subnet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// An availability zone of the region, with IPv4.
    Zone,
    /// An outpost, a local zone, a wavelength zone, or IPv6 alone: Lambda puts no network interface there.
    Outside,
}

/// Where a subnet's IPv4 default route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Egress {
    /// There is none that works.
    Nowhere,
    /// To a NAT gateway, or to an instance that does as one.
    Nat,
    /// To an internet gateway: a public subnet. A function has no public address and gets nowhere by it.
    InternetGateway,
    /// To a transit gateway, a firewall, a private network: it may lead to the internet or not.
    Elsewhere,
}

/// An interface endpoint of Secrets Manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretsEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whether the region's own name of Secrets Manager leads to it. A second endpoint with that conflicts.
    pub private_dns: bool,
    /// Who guards it.
    pub security_groups: Vec<SecurityGroupId>,
}

/// The lookup of networks. Looking changes nothing and may be dropped at any await.
pub trait Networks {
    /// Surveys a VPC.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    async fn survey(&self, vpc: &VpcId) -> Result<Network, DiscoveryError>;
}
