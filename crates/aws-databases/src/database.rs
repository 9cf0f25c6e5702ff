//! The answer about a database, whichever service gave it, and what a master user's lookup reads in it.

use rotation_database::{Endpoint, Host, Server, ServerArn};

/// One database server as its service describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its ARN; empty where the service does not tell enough to write it.
    pub arn: String,
    /// What it runs, in the service's words: `aurora-postgresql`. Empty where it says nothing.
    pub engine: String,
    /// Where it takes writes, unless it follows another one. None while it is being made.
    pub endpoints: Vec<Endpoint>,
    /// The hosts that lead to its readers alone.
    pub readers: Vec<Host>,
    /// The other hosts that lead to it: custom endpoints, custom domains.
    pub aliases: Vec<Host>,
    /// The server whose writes it repeats.
    pub follows: Option<Followed>,
    /// Its network, as far as its own description tells.
    pub surroundings: Surroundings,
    /// The operation that described it.
    pub described_by: &'static str,
    /// Where the rest of its surroundings is asked for.
    #[cfg_attr(not(any(feature = "rds", feature = "redshift")), expect(dead_code, reason = "no service"))]
    pub(crate) rest: Rest,
}

/// The network that a database is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether its name leads to a public address for whoever asks from outside. `None` where nobody tells: a
    /// cluster without an instance that writes.
    pub publicly_accessible: Option<bool>,
    /// Its VPC, by its id.
    pub vpc: Option<String>,
    /// The subnets of its subnet group, by their ids.
    pub subnets: Vec<String>,
    /// Its security groups, by their ids, without those that are being removed.
    pub security_groups: Vec<String>,
}

/// A server that another one follows: by its identifier, or by its ARN where it is in another region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// `db` or `cluster`.
    pub kind: &'static str,
    /// Its identifier or its ARN.
    pub id: String,
}

/// What the description of a database leaves to further calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rest {
    /// The instance of a cluster that writes.
    pub(crate) writer: Option<String>,
    /// The subnet group.
    pub(crate) group: Option<String>,
}

impl Database {
    /// Whether a host leads to it.
    pub fn has(&self, host: &Host) -> bool {
        let own = self.endpoints.iter().map(|endpoint| &endpoint.host);
        own.chain(&self.readers).chain(&self.aliases).any(|other| other.is_same(host))
    }

    /// The database as a lookup answers it; `None` where the service told no ARN or engine.
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

/// An address and a port, as the SDKs give them.
#[cfg_attr(not(any(feature = "rds", feature = "redshift")), expect(dead_code, reason = "no service"))]
pub(crate) fn endpoint(address: Option<&str>, port: Option<i32>) -> Option<Endpoint> {
    let port = u16::try_from(port?).ok().filter(|port| *port != 0)?;
    Some(Endpoint { host: Host::parse(address?).ok()?, port })
}
