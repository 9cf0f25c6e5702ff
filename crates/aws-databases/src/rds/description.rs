//! Reads instances and clusters of an answer as [`Database`]s.

use rotation_aws::{Element, Unreadable};
use rotation_database::Host;

use crate::{
    database::{Database, Followed, Rest, Surroundings, endpoint},
    elements::{SubnetGroup, nested_endpoint, security_groups},
};

pub(super) const INSTANCES: &str = "DescribeDBInstances";
pub(super) const CLUSTERS: &str = "DescribeDBClusters";

/// An instance, with its whole network.
pub(super) fn instance(found: Element<'_, '_>) -> Result<Database, Unreadable> {
    let followed = |kind, id: &str| Followed { kind, id: id.to_owned() };
    // For a member, its cluster defines where the writes go.
    let source = found.text("ReadReplicaSourceDBInstanceIdentifier");
    let follows = match (found.text("DBClusterIdentifier"), source) {
        (Some(id), _) => Some(followed("cluster", id)),
        (None, Some(id)) => Some(followed("db", id)),
        (None, None) => found.text("ReadReplicaSourceDBClusterIdentifier").map(|id| followed("cluster", id)),
    };
    let mut database = Database {
        arn: found.text("DBInstanceArn").unwrap_or_default().to_owned(),
        engine: found.text("Engine").unwrap_or_default().to_owned(),
        endpoints: nested_endpoint(found)?.into_iter().collect(),
        readers: Vec::new(),
        aliases: Vec::new(),
        follows,
        surroundings: guarded(found),
        described_by: INSTANCES,
        rest: Rest::default(),
    };
    if let Some(group) = found.child("DBSubnetGroup") {
        SubnetGroup::of(group).add_to(&mut database.surroundings);
    }
    let told = found.parsed("PubliclyAccessible")?.unwrap_or_default();
    database.surroundings.publicly_accessible = public(&database, Some(told));
    Ok(database)
}

/// A cluster, with the part of its network that its own description contains.
pub(super) fn cluster(found: Element<'_, '_>) -> Result<Database, Unreadable> {
    let host = |name: &str| Host::parse(name).ok();
    let source = found.text("ReplicationSourceIdentifier");
    let mut database = Database {
        arn: found.text("DBClusterArn").unwrap_or_default().to_owned(),
        engine: found.text("Engine").unwrap_or_default().to_owned(),
        endpoints: endpoint(found.text("Endpoint"), found.parsed("Port")?).into_iter().collect(),
        readers: found.text("ReaderEndpoint").and_then(host).into_iter().collect(),
        aliases: found.list("CustomEndpoints", "member").filter_map(|one| host(one.content()?)).collect(),
        follows: source.map(|id| Followed { kind: "cluster", id: id.to_owned() }),
        surroundings: guarded(found),
        described_by: CLUSTERS,
        rest: Rest { writer: writer(found)?, group: found.text("DBSubnetGroup").map(str::to_owned) },
    };
    // The first generation of Aurora Serverless has neither instances nor a public address.
    let serverless = (found.text("EngineMode") == Some("serverless")).then_some(false);
    let told = found.parsed("PubliclyAccessible")?.or(serverless);
    database.surroundings.publicly_accessible = public(&database, told);
    Ok(database)
}

fn writer(cluster: Element<'_, '_>) -> Result<Option<String>, Unreadable> {
    for member in cluster.list("DBClusterMembers", "DBClusterMember") {
        if member.parsed("IsClusterWriter")? == Some(true) {
            return Ok(member.text("DBInstanceIdentifier").map(str::to_owned));
        }
    }
    Ok(None)
}

/// A DocumentDB cluster has no public address, whatever the descriptions of its instances contain.
pub(super) fn public(database: &Database, told: Option<bool>) -> Option<bool> {
    if database.engine == "docdb" { Some(false) } else { told }
}

fn guarded(found: Element<'_, '_>) -> Surroundings {
    let security_groups = security_groups(found, "VpcSecurityGroupMembership");
    Surroundings { security_groups, ..Surroundings::default() }
}
