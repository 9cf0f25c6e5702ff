//! What there is to know about a database, and the port by which it is looked up.

use crate::{
    address::Address,
    engine::Engine,
    error::DiscoveryError,
    identity::{SecurityGroupId, SubnetId, VpcId},
};

/// A database that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its ARN; empty where the service does not tell enough to write it.
    pub arn: String,
    /// What speaks there.
    pub engine: Engine,
    /// Where it listens.
    pub port: u16,
    /// Who can reach it.
    pub exposure: Exposure,
    /// Its VPC.
    pub vpc: VpcId,
    /// The subnets of its subnet group.
    pub subnets: Vec<SubnetId>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// Whether the name that led here is one of readers, through which no password can be changed.
    pub through_readers: bool,
}

/// Whether a database has a public address, as the service calls it: publicly accessible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Its name leads to a public address for whoever asks from outside.
    Public,
    /// It can be reached from its VPC alone.
    Private,
}

impl Exposure {
    /// `PubliclyAccessible`, under whatever name a service has it.
    pub fn of(publicly_accessible: bool) -> Self {
        if publicly_accessible { Self::Public } else { Self::Private }
    }
}

/// The lookups of databases. Looking changes nothing and may be dropped at any await.
pub trait Databases {
    /// Finds the database that an address stands for; `None` where there is none, or where what there is
    /// answers to another name.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    async fn find(&self, address: &Address) -> Result<Option<Database>, DiscoveryError>;
}
