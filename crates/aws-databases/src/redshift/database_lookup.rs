//! Redshift as the database lookup of a master user.

use rotation_database::{
    DatabaseLookup, DatabaseLookupError, DatabaseLookupService, Host, Server, ServerArn,
};

use super::Redshift;
use crate::{
    database::Database,
    error::LookupError,
    name::{DatabaseName, Resource},
};

const PROVISIONED: DatabaseLookupService =
    DatabaseLookupService { name: "Amazon Redshift", actions: &["redshift:DescribeClusters"] };

const SERVERLESS: DatabaseLookupService = DatabaseLookupService {
    name: "Amazon Redshift Serverless",
    actions: &[
        "redshift-serverless:ListNamespaces",
        "redshift-serverless:ListWorkgroups",
        "redshift-serverless:GetWorkgroup",
        "redshift-serverless:GetNamespace",
    ],
};

impl DatabaseLookup for Redshift {
    async fn by_arn(&self, arn: &ServerArn) -> Result<Option<Server>, DatabaseLookupError> {
        match DatabaseName::from_arn(arn).map(|name| name.resource) {
            Some(Resource::RedshiftCluster(id)) => {
                // The futures of calls nest deeply, and so do the rotation's futures around them.
                let found = Box::pin(self.cluster(arn.region(), &id)).await;
                let found = found.map_err(|error| error.into_lookup_error(&PROVISIONED))?;
                // The same name in this function's own account is a different cluster.
                let own = found.filter(|found| found.arn.is_empty() || found.arn == arn.as_str());
                Ok(own.and_then(|found| Database { arn: arn.as_str().to_owned(), ..found }.server()))
            }
            Some(Resource::Namespace(arn)) => match Box::pin(self.workgroups_of(&arn)).await {
                Ok(workgroups) => Ok(workgroups.map(|workgroups| namespace(arn, workgroups))),
                Err(LookupError::Call(error)) => Err(error.into_lookup_error(&SERVERLESS)),
                // A list that exceeds the limit is as useless as an empty one.
                Err(LookupError::TooMuch { .. }) => Ok(None),
            },
            _ => Ok(None),
        }
    }

    async fn by_host(&self, host: &Host) -> Result<Option<Server>, DatabaseLookupError> {
        let Some(DatabaseName { resource, region }) = DatabaseName::from_host(host) else { return Ok(None) };
        match resource {
            Resource::RedshiftCluster(id) => {
                let found = Box::pin(self.cluster(&region, &id)).await;
                let found = found.map_err(|error| error.into_lookup_error(&PROVISIONED))?;
                Ok(found.and_then(Database::server))
            }
            Resource::Workgroup(name) => {
                let found = Box::pin(self.serverless.workgroup(&region, &name)).await;
                let found = found.map_err(|error| error.into_lookup_error(&SERVERLESS))?;
                Ok(found.map(|(arn, workgroup)| namespace(arn, vec![workgroup])))
            }
            _ => Ok(None),
        }
    }
}

impl Redshift {
    async fn workgroups_of(&self, arn: &ServerArn) -> Result<Option<Vec<Database>>, LookupError> {
        let Some(name) = self.serverless.namespace_name(arn).await? else { return Ok(None) };
        self.serverless.workgroups_of(arn.region(), &name).await.map(Some)
    }
}

/// A namespace accepts writes through each of its workgroups. The API guarantees no order of the lists, so
/// the workgroups are sorted by name.
fn namespace(arn: ServerArn, workgroups: Vec<Database>) -> Server {
    let (mut endpoints, mut others) = (Vec::new(), Vec::new());
    for workgroup in workgroups {
        endpoints.extend(workgroup.endpoints);
        others.extend(workgroup.aliases);
    }
    endpoints.sort_by(|one, other| one.host.as_str().cmp(other.host.as_str()));
    Server { arn, engine: "redshift-serverless".to_owned(), endpoints, others, follows: None }
}
