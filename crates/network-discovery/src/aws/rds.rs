//! RDS and Aurora; DocumentDB, which is listed by the same service.

use aws_config::SdkConfig;
use aws_sdk_rds::{
    Client,
    operation::{
        describe_db_clusters::DescribeDBClustersError, describe_db_instances::DescribeDBInstancesError,
    },
    types::{DbCluster, DbInstance, DbSubnetGroup, Endpoint, VpcSecurityGroupMembership},
};
use rotation_aws::{Access, Service};

use crate::{
    address::Address,
    database::{Database, Exposure},
    engine::Engine,
    error::DiscoveryError,
    identity::{SecurityGroupId, SubnetId, VpcId},
};

const INSTANCES: &str = "DescribeDBInstances";
const CLUSTERS: &str = "DescribeDBClusters";
const GROUPS: &str = "DescribeDBSubnetGroups";

#[derive(Clone, Debug)]
pub(super) struct Rds {
    client: Client,
    access: Access,
}

impl Rds {
    pub(super) fn new(access: &Access, config: &SdkConfig) -> Self {
        Self { client: Client::new(config), access: access.clone() }
    }

    /// An instance by its own endpoint.
    pub(super) async fn instance(
        &self,
        id: &str,
        address: &Address,
    ) -> Result<Option<Database>, DiscoveryError> {
        let Some(instance) = self.describe_instance(id).await? else { return Ok(None) };
        let endpoint = instance.endpoint();
        if !address.is_answered_by([endpoint.and_then(|endpoint| endpoint.address())]) {
            return Ok(None);
        }
        let engine = engine(instance.engine())?;
        Ok(Some(Database {
            arn: instance.db_instance_arn().unwrap_or_default().to_owned(),
            engine,
            port: super::port(endpoint.and_then(Endpoint::port), INSTANCES)?,
            exposure: exposure(engine, instance.publicly_accessible()),
            vpc: vpc(instance.db_subnet_group(), INSTANCES)?,
            subnets: subnets(instance.db_subnet_group(), INSTANCES)?,
            security_groups: security_groups(instance.vpc_security_groups(), INSTANCES)?,
            through_readers: false,
        }))
    }

    /// A cluster by its endpoint, or that of its readers. Whether it is public its writer tells.
    pub(super) async fn cluster(
        &self,
        id: &str,
        address: &Address,
    ) -> Result<Option<Database>, DiscoveryError> {
        let Some(cluster) = self.describe_cluster(id).await? else { return Ok(None) };
        if !address.is_answered_by([cluster.endpoint(), cluster.reader_endpoint()]) {
            return Ok(None);
        }
        let engine = engine(cluster.engine())?;
        let writer = match writer(&cluster) {
            Some(writer) => self.describe_instance(writer).await?,
            None => None,
        };
        let public = match (&writer, cluster.publicly_accessible()) {
            (Some(writer), _) => writer.publicly_accessible(),
            (None, Some(public)) => Some(public),
            // The first generation of Aurora Serverless has no instances, and no public address either.
            (None, None) if cluster.engine_mode() == Some("serverless") || engine == Engine::Docdb => {
                Some(false)
            }
            (None, None) => return Err(DiscoveryError::NoWriter),
        };
        let group = match writer.as_ref().and_then(|writer| writer.db_subnet_group()) {
            Some(group) if group.vpc_id().is_some() => Some(group.clone()),
            _ => self.describe_group(cluster.db_subnet_group()).await?,
        };
        Ok(Some(Database {
            arn: cluster.db_cluster_arn().unwrap_or_default().to_owned(),
            engine,
            port: super::port(cluster.port(), CLUSTERS)?,
            exposure: exposure(engine, public),
            vpc: vpc(group.as_ref(), GROUPS)?,
            subnets: subnets(group.as_ref(), GROUPS)?,
            security_groups: security_groups(cluster.vpc_security_groups(), CLUSTERS)?,
            through_readers: address.host.is_some() && !address.is_answered_by([cluster.endpoint()]),
        }))
    }

    async fn describe_instance(&self, id: &str) -> Result<Option<DbInstance>, DiscoveryError> {
        match self.client.describe_db_instances().db_instance_identifier(id).send().await {
            Ok(answer) => Ok(answer.db_instances.unwrap_or_default().pop()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeDBInstancesError::is_db_instance_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.failed(Service::Rds, INSTANCES, &error).into()),
        }
    }

    async fn describe_cluster(&self, id: &str) -> Result<Option<DbCluster>, DiscoveryError> {
        match self.client.describe_db_clusters().db_cluster_identifier(id).send().await {
            Ok(answer) => Ok(answer.db_clusters.unwrap_or_default().pop()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeDBClustersError::is_db_cluster_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.failed(Service::Rds, CLUSTERS, &error).into()),
        }
    }

    async fn describe_group(&self, name: Option<&str>) -> Result<Option<DbSubnetGroup>, DiscoveryError> {
        let Some(name) = name else { return Ok(None) };
        let answer = self.client.describe_db_subnet_groups().db_subnet_group_name(name).send().await;
        let answer = answer.map_err(|error| self.access.failed(Service::Rds, GROUPS, &error))?;
        Ok(answer.db_subnet_groups.unwrap_or_default().pop())
    }
}

fn writer(cluster: &DbCluster) -> Option<&str> {
    let writer = cluster.db_cluster_members().iter().find(|member| member.is_cluster_writer() == Some(true));
    writer.and_then(|member| member.db_instance_identifier())
}

fn engine(name: Option<&str>) -> Result<Engine, DiscoveryError> {
    let name = name.unwrap_or("(none)");
    Engine::parse(name).ok_or_else(|| DiscoveryError::Engine { engine: name.to_owned() })
}

/// A DocumentDB cluster has no public address, whatever its instances say.
fn exposure(engine: Engine, public: Option<bool>) -> Exposure {
    Exposure::of(engine != Engine::Docdb && public.unwrap_or_default())
}

fn vpc(group: Option<&DbSubnetGroup>, operation: &'static str) -> Result<VpcId, DiscoveryError> {
    let vpc = group.and_then(|group| group.vpc_id()).and_then(VpcId::parse);
    vpc.ok_or(DiscoveryError::Incomplete { operation, what: "a VPC" })
}

fn subnets(group: Option<&DbSubnetGroup>, operation: &'static str) -> Result<Vec<SubnetId>, DiscoveryError> {
    let subnets = group.map(DbSubnetGroup::subnets).unwrap_or_default();
    let names = subnets.iter().filter_map(|subnet| subnet.subnet_identifier());
    super::ids(names, SubnetId::parse, (operation, "usable subnets"))
}

fn security_groups(
    memberships: &[VpcSecurityGroupMembership],
    operation: &'static str,
) -> Result<Vec<SecurityGroupId>, DiscoveryError> {
    let staying = memberships.iter().filter(|group| group.status() != Some("removing"));
    let names = staying.filter_map(|group| group.vpc_security_group_id());
    super::ids(names, SecurityGroupId::parse, (operation, "usable security groups"))
}
