//! What AWS knows about its servers, in memory.

use std::{collections::BTreeMap, rc::Rc};

use rotation_core::ServiceFault;
use rotation_database::{
    DatabaseLookup, DatabaseLookupError, DatabaseLookupService, Endpoint, Host, Server, ServerArn,
};

use super::World;

pub(crate) const SERVICE: DatabaseLookupService = DatabaseLookupService {
    name: "Amazon RDS",
    actions: &["rds:DescribeDBInstances", "rds:DescribeDBClusters"],
};

/// All servers, by their ARNs.
#[derive(Clone, Debug, Default)]
pub(crate) struct DatabaseLookupModel {
    pub(crate) servers: BTreeMap<String, Server>,
    /// The fault of every call.
    pub(crate) fault: Option<ServiceFault>,
}

impl DatabaseLookupModel {
    /// Adds a server: `db:orders` with its hosts, the first of which accepts the writes, and the server that
    /// it follows.
    pub(crate) fn add(&mut self, engine: &str, resource: &str, hosts: &[&str], follows: Option<&str>) {
        self.add_with_writers(engine, resource, hosts, 1, follows);
    }

    /// The same, where this number of hosts, from the first one on, accept the writes.
    pub(crate) fn add_with_writers(
        &mut self,
        engine: &str,
        resource: &str,
        hosts: &[&str],
        writers: usize,
        follows: Option<&str>,
    ) {
        let mut hosts = hosts.iter().map(|host| Host::parse(host).unwrap());
        let endpoints = hosts.by_ref().take(writers).map(|host| Endpoint { host, port: 6543 }).collect();
        let server = Server {
            arn: arn(resource),
            engine: engine.into(),
            endpoints,
            others: hosts.collect(),
            follows: follows.map(arn),
        };
        self.servers.insert(server.arn.to_string(), server);
    }
}

/// A server's ARN; a complete one is not changed.
pub(crate) fn arn(resource: &str) -> ServerArn {
    let here = format!("arn:aws:rds:eu-central-1:123456789012:{resource}");
    ServerArn::parse(resource).unwrap_or_else(|| ServerArn::parse(&here).unwrap())
}

/// The port to the model.
#[derive(Clone)]
pub(crate) struct Atlas(pub(crate) Rc<World>);

impl Atlas {
    async fn call(
        &self,
        name: &'static str,
        find: impl Fn(&Server) -> bool,
    ) -> Result<Option<Server>, DatabaseLookupError> {
        let failed =
            |fault| DatabaseLookupError { operation: "Describe", service: &SERVICE, fault, source: None };
        let effect = || {
            let model = self.0.lookup.borrow();
            match model.fault {
                Some(fault) => Err(failed(fault)),
                None => Ok(model.servers.values().find(|server| find(server)).cloned()),
            }
        };
        self.0.call(name, effect, || Err(failed(ServiceFault::Unreachable))).await
    }
}

impl DatabaseLookup for Atlas {
    async fn by_arn(&self, arn: &ServerArn) -> Result<Option<Server>, DatabaseLookupError> {
        self.call("lookup: by ARN", |server| server.arn == *arn).await
    }

    async fn by_host(&self, host: &Host) -> Result<Option<Server>, DatabaseLookupError> {
        self.call("lookup: by host", |server| server.has(host)).await
    }
}
