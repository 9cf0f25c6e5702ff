//! What is known about a VPC, and the port by which it is looked up.

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
    /// Free addresses.
    pub free_addresses: u32,
    /// Whether Lambda can run there at all.
    pub ground: Ground,
    /// Where its default route leads.
    pub egress: Egress,
}

/// The kind of location that a subnet is in.
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
    /// To a NAT gateway, or to an instance that acts as one.
    Nat,
    /// To an internet gateway: a public subnet. A function has no public address and reaches nothing through
    /// it.
    InternetGateway,
    /// To a transit gateway, a firewall, a private network: it may or may not lead to the internet.
    Elsewhere,
}

/// An interface endpoint of Secrets Manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretsEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whether the Region's own name of Secrets Manager resolves to it. A second endpoint like that
    /// conflicts.
    pub private_dns: bool,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
}

/// The lookup of networks. A lookup changes nothing and may be dropped at any await.
pub trait Networks {
    /// Surveys a VPC.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    async fn survey(&self, vpc: &VpcId) -> Result<Network, DiscoveryError>;
}
