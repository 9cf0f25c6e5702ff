//! Provisioned clusters.

use aws_sdk_redshift::{
    Client, config::Builder, operation::describe_clusters::DescribeClustersError, types::Cluster,
};
use rotation_aws::Access;
use rotation_database::{DirectoryError, DirectoryService, Host, Server, ServerArn};

use crate::endpoint;

const SERVICE: DirectoryService =
    DirectoryService { name: "Amazon Redshift", actions: &["redshift:DescribeClusters"] };

#[derive(Clone, Debug)]
pub(crate) struct Provisioned {
    pub(crate) access: Access,
}

impl Provisioned {
    /// The cluster of an ARN.
    pub(crate) async fn by_arn(&self, arn: &ServerArn, id: &str) -> Result<Option<Server>, DirectoryError> {
        let Some(found) = self.cluster(arn.region(), id).await? else { return Ok(None) };
        // The same name in this function's own account is another cluster.
        let foreign = arn_of(&found).is_some_and(|own| own != *arn);
        Ok((!foreign).then(|| server(arn.clone(), &found)))
    }

    /// The cluster of a name.
    pub(crate) async fn by_name(&self, region: &str, id: &str) -> Result<Option<Server>, DirectoryError> {
        let found = self.cluster(region, id).await?;
        Ok(found.and_then(|found| Some(server(arn_of(&found)?, &found))))
    }

    async fn cluster(&self, region: &str, id: &str) -> Result<Option<Cluster>, DirectoryError> {
        let url = self.access.directory_urls().redshift.as_ref();
        let client = Client::from_conf(Builder::from(&self.access.directory_config(region, url)).build());
        match client.describe_clusters().cluster_identifier(id).send().await {
            Ok(answer) => Ok(answer.clusters.unwrap_or_default().into_iter().next()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeClustersError::is_cluster_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.access.directory_error(&SERVICE, "DescribeClusters", &error)),
        }
    }
}

/// The answer names no ARN of the cluster, but that of its namespace, which has the same region and account.
fn arn_of(found: &Cluster) -> Option<ServerArn> {
    let namespace = ServerArn::parse(found.cluster_namespace_arn()?)?;
    namespace.sibling(&format!("cluster:{}", found.cluster_identifier()?))
}

fn server(arn: ServerArn, found: &Cluster) -> Server {
    let custom = found.custom_domain_name().and_then(|name| Host::parse(name).ok());
    Server {
        arn,
        engine: "redshift".to_owned(),
        endpoints: found.endpoint().and_then(|at| endpoint(at.address(), at.port())).into_iter().collect(),
        others: custom.into_iter().collect(),
        follows: None,
    }
}
