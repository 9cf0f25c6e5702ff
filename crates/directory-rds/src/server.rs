//! Instances and clusters as servers.

use aws_sdk_rds::types::{DbCluster, DbInstance};
use rotation_database::{Endpoint, Host, Server, ServerArn};

/// `None` where the answer has no ARN or engine, which the service always gives.
pub(crate) fn instance(found: &DbInstance) -> Option<Server> {
    let arn = ServerArn::parse(found.db_instance_arn()?)?;
    let endpoint = found.endpoint().and_then(|endpoint| at(endpoint.address()?, endpoint.port()));
    let cluster = |id: &str| named(&arn, "cluster", id);
    // A member's cluster knows best where the writes go.
    let follows = match (found.db_cluster_identifier(), found.read_replica_source_db_instance_identifier()) {
        (Some(id), _) => Some(cluster(id)?),
        (None, Some(id)) => Some(named(&arn, "db", id)?),
        (None, None) => match found.read_replica_source_db_cluster_identifier() {
            Some(id) => Some(cluster(id)?),
            None => None,
        },
    };
    let endpoints = endpoint.into_iter().collect();
    Some(Server { engine: found.engine()?.to_owned(), endpoints, others: Vec::new(), follows, arn })
}

/// The same of a cluster.
pub(crate) fn cluster(found: &DbCluster) -> Option<Server> {
    let arn = ServerArn::parse(found.db_cluster_arn()?)?;
    let others =
        found.reader_endpoint().into_iter().chain(found.custom_endpoints().iter().map(String::as_str));
    let follows = match found.replication_source_identifier().filter(|id| !id.is_empty()) {
        Some(id) => Some(named(&arn, "cluster", id)?),
        None => None,
    };
    Some(Server {
        engine: found.engine()?.to_owned(),
        endpoints: found.endpoint().and_then(|address| at(address, found.port())).into_iter().collect(),
        others: others.filter_map(|host| Host::parse(host).ok()).collect(),
        follows,
        arn,
    })
}

/// A neighbour, which the service names by its identifier where it is in the same region, and by its ARN where not.
fn named(own: &ServerArn, kind: &str, id: &str) -> Option<ServerArn> {
    if id.starts_with("arn:") { ServerArn::parse(id) } else { own.sibling(&format!("{kind}:{id}")) }
}

fn at(address: &str, port: Option<i32>) -> Option<Endpoint> {
    let port = u16::try_from(port?).ok().filter(|port| *port != 0)?;
    Some(Endpoint { host: Host::parse(address).ok()?, port })
}
