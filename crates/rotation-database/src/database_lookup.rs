//! The port to what AWS knows of its database servers: whose a managed master secret is, and which hosts
//! belong together.

mod lineage;
mod owner;

use std::{error::Error as StdError, fmt};

use rotation_core::ServiceFault;
use thiserror::Error;

use crate::Host;

pub(crate) use lineage::{common_writer, server_at};
pub use owner::owner;

/// The description of servers by the service that runs them. It is asked by alternating users alone, and only
/// where the master secret does not name the host of the secret itself. Every method only reads and may be
/// dropped at any await.
pub trait DatabaseLookup {
    /// The server of this ARN; `None` where there is none of it, or where it is none of this lookup's.
    async fn by_arn(&self, arn: &ServerArn) -> Result<Option<Server>, DatabaseLookupError>;

    /// The server that has this host among its endpoints; `None` where the lookup knows of none.
    async fn by_host(&self, host: &Host) -> Result<Option<Server>, DatabaseLookupError>;
}

/// In the place of a lookup where nothing is ever looked up: it cannot be made, and so neither can
/// [`Strategy::MasterUser`](super::Strategy) with it. The compiler leaves that whole strategy out of
/// single-user functions.
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

/// What a lookup says of one server: an instance, a cluster, a workgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub arn: ServerArn,
    /// What it runs, in the words that a secret's `engine` has.
    pub engine: String,
    /// Where it takes writes, unless it follows another one: one place, or several that are as good as each
    /// other. None while it is being made.
    pub endpoints: Vec<Endpoint>,
    /// The other hosts that lead to it: readers of a cluster, custom endpoints.
    pub others: Vec<Host>,
    /// The server whose writes this one repeats: a replica's source, the cluster of a member.
    pub follows: Option<ServerArn>,
}

impl Server {
    /// Whether a host leads to this server.
    pub fn has(&self, host: &Host) -> bool {
        let own = self.endpoints.iter().map(|endpoint| &endpoint.host);
        own.chain(&self.others).any(|other| other.is_same(host))
    }

    /// Where to write for whoever knows the server by this host: there, where it takes writes, else at the
    /// first place.
    pub(crate) fn endpoint_for(&self, host: &Host) -> Option<&Endpoint> {
        let there = self.endpoints.iter().find(|endpoint| endpoint.host.is_same(host));
        there.or(self.endpoints.first())
    }
}

/// A host with its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where.
    pub host: Host,
    /// TCP port.
    pub port: u16,
}

/// The ARN of a server, taken apart: `arn:partition:service:region:account:resource`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerArn {
    text: String,
    /// Where the resource begins.
    resource: usize,
}

impl ServerArn {
    /// `None` where the text has not six fields, or one of them is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.splitn(6, ':').collect();
        let plain = text.len() <= 2048 && text.bytes().all(|b| b.is_ascii_graphic());
        let whole = fields.len() == 6 && fields[0] == "arn" && fields.iter().all(|field| !field.is_empty());
        let resource = text.len() - fields.last().map_or(0, |field| field.len());
        (plain && whole).then(|| Self { text: text.to_owned(), resource })
    }

    /// The whole of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `rds`, `redshift`, `redshift-serverless`.
    pub fn service(&self) -> &str {
        self.field(2)
    }

    /// The region in which the server is, and in which it has to be asked for.
    pub fn region(&self) -> &str {
        self.field(3)
    }

    /// What stands behind the account: `db:orders`, `cluster:orders`, `namespace/...`.
    pub fn resource(&self) -> &str {
        &self.text[self.resource..]
    }

    /// Another resource of the same service, region and account.
    ///
    /// `None` where that would be no ARN.
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

/// A service that describes servers, and what it takes to ask it.
#[derive(Debug, PartialEq, Eq)]
pub struct DatabaseLookupService {
    /// For people: `Amazon RDS`.
    pub name: &'static str,
    /// The IAM actions of every call that an answer may need.
    pub actions: &'static [&'static str],
}

/// A call of a lookup failed.
#[derive(Debug, Error)]
#[error("{operation} of {} failed: {fault}", service.name)]
pub struct DatabaseLookupError {
    /// The operation, as the service names it.
    pub operation: &'static str,
    /// Whose operation.
    pub service: &'static DatabaseLookupService,
    /// What was wrong.
    pub fault: ServiceFault,
    /// The adapter's own error.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}
