//! Provisioned clusters.

use rotation_aws::{Access, AwsError, Element, Query, QueryApi, Service, Unreadable};
use rotation_database::{Host, ServerArn};

use crate::{
    database::{Database, Rest, Surroundings},
    elements::{SubnetGroup, nested_endpoint, security_groups},
};

/// The API version whose elements are read.
const VERSION: &str = "2012-12-01";
const CLUSTERS: &str = "DescribeClusters";
const GROUPS: &str = "DescribeClusterSubnetGroups";

#[derive(Clone, Debug)]
pub(super) struct Provisioned {
    api: QueryApi,
}

impl Provisioned {
    pub(super) fn new(access: &Access) -> Self {
        let url = access.lookup_urls().redshift.as_ref();
        Self { api: QueryApi::new(access, Service::Redshift, VERSION, url) }
    }

    pub(super) async fn cluster(&self, region: &str, id: &str) -> Result<Option<Database>, AwsError> {
        let query = Query::new(CLUSTERS).with("ClusterIdentifier", id);
        let absent = |code: &str| code == "ClusterNotFound";
        let found = self.api.find(region, &query, absent, |root| {
            let answer = root.required("DescribeClustersResult")?;
            answer.list("Clusters", "Cluster").next().map(described).transpose()
        });
        found.await
    }

    pub(super) async fn surroundings(
        &self,
        region: &str,
        group: &str,
        database: &Database,
    ) -> Result<Surroundings, AwsError> {
        let query = Query::new(GROUPS).with("ClusterSubnetGroupName", group);
        let group = self.api.ask(region, &query, |root| {
            let answer = root.required("DescribeClusterSubnetGroupsResult")?;
            Ok(answer.list("ClusterSubnetGroups", "ClusterSubnetGroup").next().map(SubnetGroup::of))
        });
        let mut found = database.surroundings.clone();
        let own = found.vpc.clone();
        if let Some(group) = group.await? {
            group.add_to(&mut found);
        }
        Ok(Surroundings { vpc: own.or(found.vpc), ..found })
    }
}

fn described(found: Element<'_, '_>) -> Result<Database, Unreadable> {
    let custom = found.text("CustomDomainName").and_then(|name| Host::parse(name).ok());
    Ok(Database {
        arn: arn(found).map(|arn| arn.as_str().to_owned()).unwrap_or_default(),
        engine: "redshift".to_owned(),
        endpoints: nested_endpoint(found)?.into_iter().collect(),
        readers: Vec::new(),
        aliases: custom.into_iter().collect(),
        follows: None,
        surroundings: Surroundings {
            publicly_accessible: Some(found.parsed("PubliclyAccessible")?.unwrap_or_default()),
            vpc: found.text("VpcId").map(str::to_owned),
            subnets: Vec::new(),
            security_groups: security_groups(found, "VpcSecurityGroup"),
        },
        described_by: CLUSTERS,
        rest: Rest { writer: None, group: found.text("ClusterSubnetGroupName").map(str::to_owned) },
    })
}

/// The answer does not contain the ARN of the cluster, but the ARN of its namespace, which has the same
/// Region and account.
fn arn(found: Element<'_, '_>) -> Option<ServerArn> {
    let namespace = ServerArn::parse(found.text("ClusterNamespaceArn")?)?;
    namespace.sibling(&format!("cluster:{}", found.text("ClusterIdentifier")?))
}
