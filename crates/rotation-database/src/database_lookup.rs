//! The port to what AWS knows about its database servers: which server a managed master secret belongs to,
//! and which hosts belong together.

mod lineage;
mod owner;

use std::{error::Error as StdError, fmt};

use rotation_core::ServiceFault;
use thiserror::Error;

use crate::Host;

pub(crate) use lineage::{common_writer, server_at};
pub use owner::owner;

/// The description of servers by the service that runs them. Only alternating users use it, and only where
/// the master secret does not name the host of the secret itself. Every method only reads and may be dropped
/// at any await.
pub trait DatabaseLookup {
    /// The server with this ARN; `None` where it does not exist, or where this lookup does not cover its
    /// service.
    async fn by_arn(&self, arn: &ServerArn) -> Result<Option<Server>, DatabaseLookupError>;

    /// The server that has this host among its endpoints; `None` where the lookup knows none.
    async fn by_host(&self, host: &Host) -> Result<Option<Server>, DatabaseLookupError>;
}

/// The lookup type for functions that never look anything up. It has no value, so
/// [`Strategy::MasterUser`](super::Strategy) cannot be made with it either, and the compiler leaves that
/// whole strategy out of single-user functions.
#[derive(Clone, Copy, Debug)]
pub enum NoDatabaseLookup {}

impl DatabaseLookup for NoDatabaseLookup {
    async fn by_arn(&self, _: &ServerArn) -> Result<Option<Server>, DatabaseLookupError> {
        match *self {}
    }

    async fn by_host(&self, _: &Host) -> Result<Option<Server>, DatabaseLookupError> {
        match *self {}
    }
}

/// What a lookup returns about one server: an instance, a cluster, a workgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub arn: ServerArn,
    /// The engine that it runs, as a secret's `engine` names it.
    pub engine: String,
    /// The endpoints that accept writes, unless the server follows another one: one endpoint, or several
    /// equivalent ones. Empty while the server is being created.
    pub endpoints: Vec<Endpoint>,
    /// The other hosts of the server: reader endpoints of a cluster, custom endpoints.
    pub others: Vec<Host>,
    /// The server whose writes this one replicates: a replica's source, the cluster of a member.
    pub follows: Option<ServerArn>,
}

impl Server {
    /// Whether a host belongs to this server.
    pub fn has(&self, host: &Host) -> bool {
        let own = self.endpoints.iter().map(|endpoint| &endpoint.host);
        own.chain(&self.others).any(|other| other.is_same(host))
    }

    /// The endpoint for writes, for a client that knows the server by this host: the endpoint with this host
    /// where it accepts writes, otherwise the first one.
    pub(crate) fn endpoint_for(&self, host: &Host) -> Option<&Endpoint> {
        let there = self.endpoints.iter().find(|endpoint| endpoint.host.is_same(host));
        there.or(self.endpoints.first())
    }
}

/// A host with its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The host.
    pub host: Host,
    /// TCP port.
    pub port: u16,
}

/// The ARN of a server, split into its fields: `arn:partition:service:region:account:resource`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerArn {
    text: String,
    /// The offset at which the resource begins.
    resource: usize,
}

impl ServerArn {
    /// `None` where the text does not have six fields, or one of them is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.splitn(6, ':').collect();
        let plain = text.len() <= 2048 && text.bytes().all(|b| b.is_ascii_graphic());
        let whole = fields.len() == 6 && fields[0] == "arn" && fields.iter().all(|field| !field.is_empty());
        let resource = text.len() - fields.last().map_or(0, |field| field.len());
        (plain && whole).then(|| Self { text: text.to_owned(), resource })
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `rds`, `redshift`, `redshift-serverless`.
    pub fn service(&self) -> &str {
        self.field(2)
    }

    /// The Region of the server, in which it must be looked up.
    pub fn region(&self) -> &str {
        self.field(3)
    }

    /// The part after the account: `db:orders`, `cluster:orders`, `namespace/...`.
    pub fn resource(&self) -> &str {
        &self.text[self.resource..]
    }

    /// Another resource of the same service, Region and account.
    ///
    /// `None` where the result would not be an ARN.
    pub fn sibling(&self, resource: &str) -> Option<Self> {
        Self::parse(&format!("{}{resource}", &self.text[..self.resource]))
    }

    fn field(&self, place: usize) -> &str {
        self.text.split(':').nth(place).expect("an ARN was parsed out of six fields")
    }
}

impl fmt::Display for ServerArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A service that describes servers, and the permissions that its calls need.
#[derive(Debug, PartialEq, Eq)]
pub struct DatabaseLookupService {
    /// For people: `Amazon RDS`.
    pub name: &'static str,
    /// The IAM actions of all calls that a lookup may make.
    pub actions: &'static [&'static str],
}

/// A call of a lookup failed.
#[derive(Debug, Error)]
#[error("{operation} of {} failed: {fault}", service.name)]
pub struct DatabaseLookupError {
    /// The operation, as the service names it.
    pub operation: &'static str,
    /// The service that has this operation.
    pub service: &'static DatabaseLookupService,
    /// Why it failed.
    pub fault: ServiceFault,
    /// The adapter's own error.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}
