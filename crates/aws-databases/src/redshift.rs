//! Amazon Redshift: provisioned clusters through one API, workgroups of Redshift Serverless through another.

mod database_lookup;
mod provisioned;
mod serverless;

use rotation_aws::{Access, AwsError};
use rotation_database::ServerArn;

use self::{provisioned::Provisioned, serverless::Serverless};
use crate::{
    database::{Database, Surroundings},
    error::LookupError,
};

/// Both kinds of Redshift. The constructor opens no connection.
#[derive(Clone, Debug)]
pub struct Redshift {
    provisioned: Provisioned,
    serverless: Serverless,
}

impl Redshift {
    /// Redshift, over this access.
    pub fn new(access: Access) -> Self {
        Self { provisioned: Provisioned::new(&access), serverless: Serverless { access } }
    }

    /// The provisioned cluster with this identifier; `None` where it does not exist. May be dropped at any
    /// await, like all methods of this type.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeClusters`.
    pub async fn cluster(&self, region: &str, id: &str) -> Result<Option<Database>, AwsError> {
        self.provisioned.cluster(region, id).await
    }

    /// The workgroup with this name, with its whole network. The list returns everything that `GetWorkgroup`
    /// does.
    ///
    /// # Errors
    /// [`LookupError`] of `ListWorkgroups`.
    pub async fn workgroup(&self, region: &str, name: &str) -> Result<Option<Database>, LookupError> {
        self.serverless.first_workgroup(region, |workgroup| workgroup.workgroup_name() == Some(name)).await
    }

    /// The first workgroup that serves a namespace, with its whole network.
    ///
    /// # Errors
    /// [`LookupError`] of `ListNamespaces` or `ListWorkgroups`.
    pub async fn workgroup_of(&self, namespace: &ServerArn) -> Result<Option<Database>, LookupError> {
        let Some(name) = self.serverless.namespace_name(namespace).await? else { return Ok(None) };
        let region = namespace.region();
        self.serverless.first_workgroup(region, |one| one.namespace_name() == Some(&*name)).await
    }

    /// The network of a database that was found here. The description of a workgroup contains all of it. For
    /// a cluster, its subnet group is described to get the subnets.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeClusterSubnetGroups`.
    pub async fn surroundings(&self, region: &str, database: &Database) -> Result<Surroundings, AwsError> {
        match &database.rest.group {
            Some(group) => self.provisioned.surroundings(region, group, database).await,
            None => Ok(database.surroundings.clone()),
        }
    }
}
