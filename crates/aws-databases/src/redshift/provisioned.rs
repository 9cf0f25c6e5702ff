//! Provisioned clusters.

use aws_sdk_redshift::{
    Client,
    config::Builder,
    operation::describe_clusters::DescribeClustersError,
    types::{Cluster, ClusterSubnetGroup},
};
use rotation_aws::{Access, AwsError, Service};
use rotation_database::{Host, ServerArn};

use crate::database::{Database, Rest, Surroundings, endpoint};

const CLUSTERS: &str = "DescribeClusters";
const GROUPS: &str = "DescribeClusterSubnetGroups";

#[derive(Clone, Debug)]
pub(super) struct Provisioned {
    pub(super) access: Access,
}

impl Provisioned {
    pub(super) async fn cluster(&self, region: &str, id: &str) -> Result<Option<Database>, AwsError> {
        match self.client(region).describe_clusters().cluster_identifier(id).send().await {
            Ok(answer) => Ok(answer.clusters().first().map(described)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeClustersError::is_cluster_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.failed(Service::Redshift, CLUSTERS, &error)),
        }
    }

    pub(super) async fn surroundings(
        &self,
        region: &str,
        group: &str,
        database: &Database,
    ) -> Result<Surroundings, AwsError> {
        let call = self.client(region).describe_cluster_subnet_groups().cluster_subnet_group_name(group);
        let answer = call.send().await;
        let answer = answer.map_err(|error| self.access.failed(Service::Redshift, GROUPS, &error))?;
        let group = answer.cluster_subnet_groups().first();
        let subnets = group.map(ClusterSubnetGroup::subnets).unwrap_or_default();
        let subnets = subnets.iter().filter_map(|subnet| subnet.subnet_identifier());
        let own = database.surroundings.clone();
        let vpc = own.vpc.or_else(|| group?.vpc_id().map(str::to_owned));
        Ok(Surroundings { vpc, subnets: subnets.map(str::to_owned).collect(), ..own })
    }

    fn client(&self, region: &str) -> Client {
        let url = self.access.lookup_urls().redshift.as_ref();
        Client::from_conf(Builder::from(&self.access.lookup_config(region, url)).build())
    }
}

fn described(found: &Cluster) -> Database {
    let custom = found.custom_domain_name().and_then(|name| Host::parse(name).ok());
    let staying = found.vpc_security_groups().iter().filter(|group| group.status() != Some("removing"));
    let groups = staying.filter_map(|group| group.vpc_security_group_id());
    Database {
        arn: arn(found).map(|arn| arn.as_str().to_owned()).unwrap_or_default(),
        engine: "redshift".to_owned(),
        endpoints: found.endpoint().and_then(|at| endpoint(at.address(), at.port())).into_iter().collect(),
        readers: Vec::new(),
        aliases: custom.into_iter().collect(),
        follows: None,
        surroundings: Surroundings {
            publicly_accessible: Some(found.publicly_accessible().unwrap_or_default()),
            vpc: found.vpc_id().map(str::to_owned),
            subnets: Vec::new(),
            security_groups: groups.map(str::to_owned).collect(),
        },
        described_by: CLUSTERS,
        rest: Rest { writer: None, group: found.cluster_subnet_group_name().map(str::to_owned) },
    }
}

/// The answer does not contain the ARN of the cluster, but the ARN of its namespace, which has the same
/// Region and account.
fn arn(found: &Cluster) -> Option<ServerArn> {
    let namespace = ServerArn::parse(found.cluster_namespace_arn()?)?;
    namespace.sibling(&format!("cluster:{}", found.cluster_identifier()?))
}
