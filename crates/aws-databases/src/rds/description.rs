//! Converts instances and clusters of the SDK into [`Database`]s.

use aws_sdk_rds::types::{DbCluster, DbInstance, DbSubnetGroup, VpcSecurityGroupMembership};
use rotation_database::Host;

use crate::database::{Database, Followed, Rest, Surroundings, endpoint};

pub(super) const INSTANCES: &str = "DescribeDBInstances";
pub(super) const CLUSTERS: &str = "DescribeDBClusters";

/// An instance, with its whole network.
pub(super) fn instance(found: &DbInstance) -> Database {
    let at = found.endpoint().and_then(|at| endpoint(at.address(), at.port()));
    let followed = |kind, id: &str| Followed { kind, id: id.to_owned() };
    // For a member, its cluster defines where the writes go.
    let follows = match (found.db_cluster_identifier(), found.read_replica_source_db_instance_identifier()) {
        (Some(id), _) => Some(followed("cluster", id)),
        (None, Some(id)) => Some(followed("db", id)),
        (None, None) => found.read_replica_source_db_cluster_identifier().map(|id| followed("cluster", id)),
    };
    let mut database = Database {
        arn: found.db_instance_arn().unwrap_or_default().to_owned(),
        engine: found.engine().unwrap_or_default().to_owned(),
        endpoints: at.into_iter().collect(),
        readers: Vec::new(),
        aliases: Vec::new(),
        follows,
        surroundings: guarded(found.vpc_security_groups()),
        described_by: INSTANCES,
        rest: Rest::default(),
    };
    add_group(&mut database.surroundings, found.db_subnet_group());
    database.surroundings.publicly_accessible =
        public(&database, Some(found.publicly_accessible().unwrap_or_default()));
    database
}

/// A cluster, with the part of its network that its own description contains.
pub(super) fn cluster(found: &DbCluster) -> Database {
    let hosts = |names: &[String]| names.iter().filter_map(|name| Host::parse(name).ok()).collect();
    let source = found.replication_source_identifier().filter(|id| !id.is_empty());
    let mut members = found.db_cluster_members().iter();
    let writer = members.find(|member| member.is_cluster_writer() == Some(true));
    let mut database = Database {
        arn: found.db_cluster_arn().unwrap_or_default().to_owned(),
        engine: found.engine().unwrap_or_default().to_owned(),
        endpoints: endpoint(found.endpoint(), found.port()).into_iter().collect(),
        readers: found.reader_endpoint().into_iter().filter_map(|name| Host::parse(name).ok()).collect(),
        aliases: hosts(found.custom_endpoints()),
        follows: source.map(|id| Followed { kind: "cluster", id: id.to_owned() }),
        surroundings: guarded(found.vpc_security_groups()),
        described_by: CLUSTERS,
        rest: Rest {
            writer: writer.and_then(|member| member.db_instance_identifier()).map(str::to_owned),
            group: found.db_subnet_group().map(str::to_owned),
        },
    };
    // The first generation of Aurora Serverless has neither instances nor a public address.
    let serverless = (found.engine_mode() == Some("serverless")).then_some(false);
    database.surroundings.publicly_accessible = public(&database, found.publicly_accessible().or(serverless));
    database
}

/// A DocumentDB cluster has no public address, whatever the descriptions of its instances contain.
pub(super) fn public(database: &Database, told: Option<bool>) -> Option<bool> {
    if database.engine == "docdb" { Some(false) } else { told }
}

/// Adds what the description of a subnet group contains.
pub(super) fn add_group(surroundings: &mut Surroundings, group: Option<&DbSubnetGroup>) {
    let Some(group) = group else { return };
    surroundings.vpc = group.vpc_id().map(str::to_owned);
    let subnets = group.subnets().iter().filter_map(|subnet| subnet.subnet_identifier());
    surroundings.subnets = subnets.map(str::to_owned).collect();
}

fn guarded(memberships: &[VpcSecurityGroupMembership]) -> Surroundings {
    let staying = memberships.iter().filter(|group| group.status() != Some("removing"));
    let groups = staying.filter_map(|group| group.vpc_security_group_id());
    Surroundings { security_groups: groups.map(str::to_owned).collect(), ..Surroundings::default() }
}
