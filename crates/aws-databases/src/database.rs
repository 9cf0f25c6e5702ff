//! The description of a database, from any service, and what a master user's lookup reads from it.

use rotation_database::{Endpoint, Host, Server, ServerArn};

/// One database server as its service describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its ARN; empty where the service does not return enough to build it.
    pub arn: String,
    /// The engine, as the service names it: `aurora-postgresql`. Empty where the service names none.
    pub engine: String,
    /// The endpoints that accept writes, unless it follows another server. Empty while it is being created.
    pub endpoints: Vec<Endpoint>,
    /// The hosts that lead only to its readers.
    pub readers: Vec<Host>,
    /// The other hosts that lead to it: custom endpoints, custom domains.
    pub aliases: Vec<Host>,
    /// The server whose writes it replicates.
    pub follows: Option<Followed>,
    /// Its network, as far as its own description contains it.
    pub surroundings: Surroundings,
    /// The operation that described it.
    pub described_by: &'static str,
    /// The calls that return the rest of its network.
    #[cfg_attr(not(any(feature = "rds", feature = "redshift")), expect(dead_code, reason = "no service"))]
    pub(crate) rest: Rest,
}

/// The network that a database is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether its name resolves to a public address outside the VPC. `None` where no description shows it: a
    /// cluster without a writer instance.
    pub publicly_accessible: Option<bool>,
    /// Its VPC, by its id.
    pub vpc: Option<String>,
    /// The subnets of its subnet group, by their ids.
    pub subnets: Vec<String>,
    /// Its security groups, by their ids, without those that are being removed.
    pub security_groups: Vec<String>,
}

/// A server that another one follows: by its identifier, or by its ARN where it is in another Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// `db` or `cluster`.
    pub kind: &'static str,
    /// Its identifier or its ARN.
    pub id: String,
}

/// What only further calls can return about a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rest {
    /// The writer instance of a cluster.
    pub(crate) writer: Option<String>,
    /// The subnet group.
    pub(crate) group: Option<String>,
}

impl Database {
    /// Whether a host belongs to it.
    pub fn has(&self, host: &Host) -> bool {
        let own = self.endpoints.iter().map(|endpoint| &endpoint.host);
        own.chain(&self.readers).chain(&self.aliases).any(|other| other.is_same(host))
    }

    /// The database as a lookup returns it; `None` where the service returned no ARN or engine.
    pub fn server(self) -> Option<Server> {
        let arn = ServerArn::parse(&self.arn)?;
        let follows = match self.follows {
            Some(Followed { id, .. }) if id.starts_with("arn:") => Some(ServerArn::parse(&id)?),
            Some(Followed { kind, id }) => Some(arn.sibling(&format!("{kind}:{id}"))?),
            None => None,
        };
        let engine = Some(self.engine).filter(|engine| !engine.is_empty())?;
        let others = self.readers.into_iter().chain(self.aliases).collect();
        Some(Server { arn, engine, endpoints: self.endpoints, others, follows })
    }
}

/// An address and a port, as the services return them.
#[cfg_attr(not(any(feature = "rds", feature = "redshift")), expect(dead_code, reason = "no service"))]
pub(crate) fn endpoint(address: Option<&str>, port: Option<i32>) -> Option<Endpoint> {
    let port = u16::try_from(port?).ok().filter(|port| *port != 0)?;
    Some(Endpoint { host: Host::parse(address?).ok()?, port })
}
