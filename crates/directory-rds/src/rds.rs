//! The calls.

use aws_sdk_rds::{
    Client,
    config::Builder,
    error::ProvideErrorMetadata,
    operation::{
        describe_db_clusters::DescribeDBClustersError, describe_db_instances::DescribeDBInstancesError,
    },
    types::DbClusterEndpoint,
};
use rotation_aws::Access;
use rotation_database::{Directory, DirectoryError, DirectoryService, Host, Server, ServerArn};

use crate::{
    host_name::{HostName, Kind},
    server,
};

const SERVICE: DirectoryService = DirectoryService {
    name: "Amazon RDS",
    actions: &["rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:DescribeDBClusterEndpoints"],
};

/// Instances and clusters of RDS, Aurora and DocumentDB. Making one opens no connection.
#[derive(Clone, Debug)]
pub struct Rds {
    access: Access,
}

impl Directory for Rds {
    async fn by_arn(&self, arn: &ServerArn) -> Result<Option<Server>, DirectoryError> {
        let found = match (arn.service(), arn.resource().split_once(':')) {
            ("rds", Some(("db", id))) => self.instance(arn.region(), id).await?,
            ("rds", Some(("cluster", id))) => self.cluster(arn.region(), id).await?,
            _ => None,
        };
        // The same name in this function's own account is another server.
        Ok(found.filter(|server| server.arn == *arn))
    }

    async fn by_host(&self, host: &Host) -> Result<Option<Server>, DirectoryError> {
        let Some(HostName { kind, identifier, region }) = HostName::of(host) else { return Ok(None) };
        match kind {
            Kind::Instance => self.instance(&region, &identifier).await,
            Kind::Cluster => self.cluster(&region, &identifier).await,
            Kind::Custom => self.cluster_behind(&region, &identifier, host).await,
        }
    }
}

impl Rds {
    /// RDS, reached in this way.
    pub fn new(access: Access) -> Self {
        Self { access }
    }

    async fn instance(&self, region: &str, id: &str) -> Result<Option<Server>, DirectoryError> {
        let answer = self.client(region).describe_db_instances().db_instance_identifier(id).send().await;
        match answer {
            Ok(answer) => Ok(answer.db_instances().first().and_then(server::instance)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeDBInstancesError::is_db_instance_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.directory_error(&SERVICE, "DescribeDBInstances", &error)),
        }
    }

    async fn cluster(&self, region: &str, id: &str) -> Result<Option<Server>, DirectoryError> {
        let answer = self.client(region).describe_db_clusters().db_cluster_identifier(id).send().await;
        match answer {
            Ok(answer) => Ok(answer.db_clusters().first().and_then(server::cluster)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeDBClustersError::is_db_cluster_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.directory_error(&SERVICE, "DescribeDBClusters", &error)),
        }
    }

    /// The cluster that a custom endpoint leads to. The cluster itself lists the endpoint, too, so that its answer
    /// proves what this one said.
    async fn cluster_behind(
        &self,
        region: &str,
        id: &str,
        host: &Host,
    ) -> Result<Option<Server>, DirectoryError> {
        let call = self.client(region).describe_db_cluster_endpoints().db_cluster_endpoint_identifier(id);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) if error.code().is_some_and(|code| code.contains("NotFound")) => return Ok(None),
            Err(error) => {
                return Err(self.access.directory_error(&SERVICE, "DescribeDBClusterEndpoints", &error));
            }
        };
        let leads_here = |address: &str| Host::parse(address).is_ok_and(|address| address.is_same(host));
        let found = answer.db_cluster_endpoints().iter().find(|one| one.endpoint().is_some_and(leads_here));
        match found.and_then(DbClusterEndpoint::db_cluster_identifier) {
            Some(cluster) => self.cluster(region, cluster).await,
            None => Ok(None),
        }
    }

    /// A client for one question. Connections are shared all the same, and making one costs less than a millisecond.
    fn client(&self, region: &str) -> Client {
        let sdk = self.access.directory_config(region, self.access.directory_urls().rds.as_ref());
        Client::from_conf(Builder::from(&sdk).build())
    }
}
