//! What is known about a database, and the port by which it is looked up.

use crate::{
    address::Address,
    engine::Engine,
    error::DiscoveryError,
    identity::{SecurityGroupId, SubnetId, VpcId},
};

/// A database that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its ARN; empty where the service does not report enough to build it.
    pub arn: String,
    /// Its engine.
    pub engine: Engine,
    /// The port on which it listens.
    pub port: u16,
    /// Who can reach it.
    pub exposure: Exposure,
    /// Its VPC.
    pub vpc: VpcId,
    /// The subnets of its subnet group.
    pub subnets: Vec<SubnetId>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// Whether the name that led here belongs to readers, through which no password can be changed.
    pub through_readers: bool,
}

/// Whether a database has a public address, in AWS's term: publicly accessible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// From outside the VPC its name resolves to a public address.
    Public,
    /// It can be reached only from its VPC.
    Private,
}

impl Exposure {
    /// `PubliclyAccessible`, under whatever name a service has it.
    pub fn of(publicly_accessible: bool) -> Self {
        if publicly_accessible { Self::Public } else { Self::Private }
    }
}

/// The lookups of databases. A lookup changes nothing and may be dropped at any await.
pub trait Databases {
    /// Finds the database of an address; `None` where there is none, or where the one that exists has another
    /// name.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    async fn find(&self, address: &Address) -> Result<Option<Database>, DiscoveryError>;
}
