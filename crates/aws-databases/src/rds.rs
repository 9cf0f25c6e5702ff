//! Amazon RDS: instances and clusters of RDS, Aurora and DocumentDB, which share one API.

mod database_lookup;
mod description;

use aws_sdk_rds::{
    Client,
    config::Builder,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        describe_db_clusters::DescribeDBClustersError, describe_db_instances::DescribeDBInstancesError,
    },
    types::{DbClusterEndpoint, DbInstance, DbSubnetGroup},
};
use rotation_aws::{Access, AwsError, Service};
use rotation_database::Host;

use self::description::{CLUSTERS, INSTANCES};
use crate::database::{Database, Surroundings};

const GROUPS: &str = "DescribeDBSubnetGroups";

/// Instances and clusters of RDS, Aurora and DocumentDB. The constructor opens no connection.
#[derive(Clone, Debug)]
pub struct Rds {
    access: Access,
}

impl Rds {
    /// RDS, over this access.
    pub fn new(access: Access) -> Self {
        Self { access }
    }

    /// The instance with this identifier; `None` where it does not exist. May be dropped at any await, like
    /// all methods of this type.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeDBInstances`.
    pub async fn instance(&self, region: &str, id: &str) -> Result<Option<Database>, AwsError> {
        Ok(self.described_instance(&self.client(region), id).await?.as_ref().map(description::instance))
    }

    /// The cluster with this identifier.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeDBClusters`.
    pub async fn cluster(&self, region: &str, id: &str) -> Result<Option<Database>, AwsError> {
        let answer = self.client(region).describe_db_clusters().db_cluster_identifier(id).send().await;
        match answer {
            Ok(answer) => Ok(answer.db_clusters().first().map(description::cluster)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeDBClustersError::is_db_cluster_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.failed(Service::Rds, CLUSTERS, &error)),
        }
    }

    /// The cluster that a custom endpoint leads to. The cluster's own description lists the endpoint, too,
    /// and so confirms this answer.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeDBClusterEndpoints` or `DescribeDBClusters`.
    pub async fn cluster_behind(
        &self,
        region: &str,
        id: &str,
        host: &Host,
    ) -> Result<Option<Database>, AwsError> {
        const OPERATION: &str = "DescribeDBClusterEndpoints";
        let call = self.client(region).describe_db_cluster_endpoints().db_cluster_endpoint_identifier(id);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if error.code().is_some_and(|code| code.contains("NotFound")) => return Ok(None),
            Err(error) => return Err(self.access.failed(Service::Rds, OPERATION, &error)),
        };
        let leads_here = |address: &str| Host::parse(address).is_ok_and(|address| address.is_same(host));
        let found = answer.db_cluster_endpoints().iter().find(|one| one.endpoint().is_some_and(leads_here));
        match found.and_then(DbClusterEndpoint::db_cluster_identifier) {
            Some(cluster) => self.cluster(region, cluster).await,
            None => Ok(None),
        }
    }

    /// The network of a database that was found here. The description of an instance contains all of it. For
    /// a cluster, the writer's description shows whether it is public, and its VPC and subnets; without a
    /// writer, the subnet group is described instead.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeDBInstances` or `DescribeDBSubnetGroups`.
    pub async fn surroundings(&self, region: &str, database: &Database) -> Result<Surroundings, AwsError> {
        let mut found = database.surroundings.clone();
        if database.described_by != CLUSTERS {
            return Ok(found);
        }
        let client = self.client(region);
        let writer = match &database.rest.writer {
            Some(writer) => self.described_instance(&client, writer).await?,
            None => None,
        };
        if let Some(writer) = &writer {
            found.publicly_accessible =
                description::public(database, Some(writer.publicly_accessible().unwrap_or_default()));
        }
        let own = writer.as_ref().and_then(DbInstance::db_subnet_group);
        let group = match own {
            Some(group) if group.vpc_id().is_some() => Some(group.clone()),
            _ if found.publicly_accessible.is_none() => None,
            _ => self.described_group(&client, database.rest.group.as_deref()).await?,
        };
        description::add_group(&mut found, group.as_ref());
        Ok(found)
    }

    async fn described_instance(&self, client: &Client, id: &str) -> Result<Option<DbInstance>, AwsError> {
        match client.describe_db_instances().db_instance_identifier(id).send().await {
            Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
            Err(SdkError::ServiceError(refused))
                if DescribeDBInstancesError::is_db_instance_not_found_fault(refused.err()) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.failed(Service::Rds, INSTANCES, &error)),
        }
    }

    async fn described_group(
        &self,
        client: &Client,
        name: Option<&str>,
    ) -> Result<Option<DbSubnetGroup>, AwsError> {
        let Some(name) = name else { return Ok(None) };
        let answer = client.describe_db_subnet_groups().db_subnet_group_name(name).send().await;
        let answer = answer.map_err(|error| self.access.failed(Service::Rds, GROUPS, &error))?;
        Ok(answer.db_subnet_groups.unwrap_or_default().into_iter().next())
    }

    /// A client for one call. Clients share the connections, and making one takes less than a
    /// millisecond.
    fn client(&self, region: &str) -> Client {
        let sdk = self.access.lookup_config(region, self.access.lookup_urls().rds.as_ref());
        Client::from_conf(Builder::from(&sdk).build())
    }
}
