//! Amazon RDS: instances and clusters of RDS, Aurora and DocumentDB, which share one API.

mod database_lookup;
mod description;

use rotation_aws::{Access, AwsError, Query, QueryApi, Service};
use rotation_database::Host;

use self::description::{CLUSTERS, INSTANCES};
use crate::{
    database::{Database, Surroundings},
    elements::SubnetGroup,
};

/// The API version whose elements are read.
const VERSION: &str = "2014-10-31";
const CUSTOM_ENDPOINTS: &str = "DescribeDBClusterEndpoints";
const GROUPS: &str = "DescribeDBSubnetGroups";

/// Instances and clusters of RDS, Aurora and DocumentDB. The constructor opens no connection.
#[derive(Clone, Debug)]
pub struct Rds {
    api: QueryApi,
}

impl Rds {
    /// RDS, over this access.
    #[expect(clippy::needless_pass_by_value, reason = "it is the caller's own copy")]
    pub fn new(access: Access) -> Self {
        Self { api: QueryApi::new(&access, Service::Rds, VERSION, access.lookup_urls().rds.as_ref()) }
    }

    /// The instance with this identifier; `None` where it does not exist. May be dropped at any await, like
    /// all methods of this type.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeDBInstances`.
    pub async fn instance(&self, region: &str, id: &str) -> Result<Option<Database>, AwsError> {
        let query = Query::new(INSTANCES).with("DBInstanceIdentifier", id);
        let absent = |code: &str| code == "DBInstanceNotFound";
        let found = self.api.find(region, &query, absent, |root| {
            let answer = root.required("DescribeDBInstancesResult")?;
            answer.list("DBInstances", "DBInstance").next().map(description::instance).transpose()
        });
        found.await
    }

    /// The cluster with this identifier.
    ///
    /// # Errors
    /// [`AwsError`] of `DescribeDBClusters`.
    pub async fn cluster(&self, region: &str, id: &str) -> Result<Option<Database>, AwsError> {
        let query = Query::new(CLUSTERS).with("DBClusterIdentifier", id);
        let absent = |code: &str| code == "DBClusterNotFoundFault";
        let found = self.api.find(region, &query, absent, |root| {
            let answer = root.required("DescribeDBClustersResult")?;
            answer.list("DBClusters", "DBCluster").next().map(description::cluster).transpose()
        });
        found.await
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
        let query = Query::new(CUSTOM_ENDPOINTS).with("DBClusterEndpointIdentifier", id);
        let absent = |code: &str| code.contains("NotFound");
        let leads_here = |address: &str| Host::parse(address).is_ok_and(|address| address.is_same(host));
        let cluster = self.api.find(region, &query, absent, |root| {
            let answer = root.required("DescribeDBClusterEndpointsResult")?;
            let mut listed = answer.list("DBClusterEndpoints", "DBClusterEndpointList");
            let found = listed.find(|one| one.text("Endpoint").is_some_and(leads_here));
            Ok(found.and_then(|one| one.text("DBClusterIdentifier")).map(str::to_owned))
        });
        match cluster.await? {
            Some(cluster) => self.cluster(region, &cluster).await,
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
        let writer = match &database.rest.writer {
            Some(writer) => self.instance(region, writer).await?,
            None => None,
        };
        if let Some(Database { surroundings: own, .. }) = writer {
            found.publicly_accessible = description::public(database, own.publicly_accessible);
            if own.vpc.is_some() {
                return Ok(Surroundings { vpc: own.vpc, subnets: own.subnets, ..found });
            }
        }
        if let (Some(group), Some(_)) = (&database.rest.group, found.publicly_accessible)
            && let Some(group) = self.group(region, group).await?
        {
            group.add_to(&mut found);
        }
        Ok(found)
    }

    async fn group(&self, region: &str, name: &str) -> Result<Option<SubnetGroup>, AwsError> {
        let query = Query::new(GROUPS).with("DBSubnetGroupName", name);
        let found = self.api.ask(region, &query, |root| {
            let answer = root.required("DescribeDBSubnetGroupsResult")?;
            Ok(answer.list("DBSubnetGroups", "DBSubnetGroup").next().map(SubnetGroup::of))
        });
        found.await
    }
}
