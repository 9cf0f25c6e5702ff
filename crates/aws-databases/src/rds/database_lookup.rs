//! RDS as the database lookup of a master user.

use rotation_database::{
    DatabaseLookup, DatabaseLookupError, DatabaseLookupService, Host, Server, ServerArn,
};

use super::Rds;
use crate::{
    database::Database,
    name::{DatabaseName, Resource},
};

const SERVICE: DatabaseLookupService = DatabaseLookupService {
    name: "Amazon RDS",
    actions: &["rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:DescribeDBClusterEndpoints"],
};

impl DatabaseLookup for Rds {
    async fn by_arn(&self, arn: &ServerArn) -> Result<Option<Server>, DatabaseLookupError> {
        let found = match DatabaseName::from_arn(arn) {
            Some(name) => self.server(&name, None).await?,
            None => None,
        };
        // The same name in this function's own account is a different server.
        Ok(found.filter(|server| server.arn == *arn))
    }

    async fn by_host(&self, host: &Host) -> Result<Option<Server>, DatabaseLookupError> {
        let Some(name) = DatabaseName::from_host(host) else { return Ok(None) };
        self.server(&name, Some(host)).await
    }
}

impl Rds {
    async fn server(
        &self,
        DatabaseName { resource, region }: &DatabaseName,
        host: Option<&Host>,
    ) -> Result<Option<Server>, DatabaseLookupError> {
        // The futures of calls nest deeply, and so do the rotation's futures around them.
        let found = match (resource, host) {
            (Resource::Instance(id), _) => Box::pin(self.instance(region, id)).await,
            (Resource::Cluster(id), _) => Box::pin(self.cluster(region, id)).await,
            (Resource::CustomEndpoint(id), Some(host)) => {
                Box::pin(self.cluster_behind(region, id, host)).await
            }
            _ => Ok(None),
        };
        let found = found.map_err(|error| error.into_lookup_error(&SERVICE))?;
        Ok(found.and_then(Database::server))
    }
}
