//! RDS, Aurora, DocumentDB and both kinds of Redshift, as far as the placement of a function needs them.

use aws_databases::{Database as Described, DatabaseName, Rds, Redshift, Resource, Surroundings};
use rotation_aws::Access;

use crate::{
    address::Address,
    database::{Database, Databases, Exposure},
    engine::Engine,
    error::DiscoveryError,
    identity::{SecurityGroupId, SubnetId, VpcId},
};

/// Every service that describes databases. Creating one opens no connection.
#[derive(Clone, Debug)]
pub struct AwsDatabases {
    rds: Rds,
    redshift: Redshift,
}

impl AwsDatabases {
    pub(super) fn new(access: &Access) -> Self {
        Self { rds: Rds::new(access.clone()), redshift: Redshift::new(access.clone()) }
    }

    async fn described(&self, name: &DatabaseName) -> Result<Option<Described>, DiscoveryError> {
        let region = name.region.as_str();
        Ok(match &name.resource {
            Resource::Instance(id) => self.rds.instance(region, id).await?,
            Resource::Cluster(id) => self.rds.cluster(region, id).await?,
            Resource::RedshiftCluster(id) => self.redshift.cluster(region, id).await?,
            Resource::Workgroup(name) => self.redshift.workgroup(region, name).await?,
            Resource::Namespace(arn) => self.redshift.workgroup_of(arn).await?,
            Resource::CustomEndpoint(_) | Resource::Proxy => None,
        })
    }

    async fn surroundings(
        &self,
        name: &DatabaseName,
        found: &Described,
    ) -> Result<Surroundings, DiscoveryError> {
        Ok(match &name.resource {
            Resource::Instance(_) | Resource::Cluster(_) => {
                self.rds.surroundings(&name.region, found).await?
            }
            _ => self.redshift.surroundings(&name.region, found).await?,
        })
    }
}

impl Databases for AwsDatabases {
    async fn find(&self, address: &Address) -> Result<Option<Database>, DiscoveryError> {
        let Some(name) = &address.name else { return Ok(None) };
        let found = self.described(name).await?.filter(|found| address.is_answered_by(found));
        let Some(found) = found else { return Ok(None) };
        let engine = engine(&found.engine)?;
        let surroundings = self.surroundings(name, &found).await?;
        let incomplete = |what| DiscoveryError::Incomplete { operation: found.described_by, what };
        let public = surroundings.publicly_accessible.ok_or(DiscoveryError::NoWriter)?;
        let vpc = surroundings.vpc.as_deref().and_then(VpcId::parse);
        let subnets = ids(&surroundings.subnets, SubnetId::parse);
        let groups = ids(&surroundings.security_groups, SecurityGroupId::parse);
        Ok(Some(Database {
            engine,
            port: found.endpoints.first().ok_or(incomplete("a port"))?.port,
            exposure: Exposure::of(public),
            vpc: vpc.ok_or(incomplete("a VPC"))?,
            subnets: subnets.ok_or(incomplete("usable subnets"))?,
            security_groups: groups.ok_or(incomplete("usable security groups"))?,
            through_readers: address.leads_to_readers_of(&found),
            arn: found.arn,
        }))
    }
}

fn engine(name: &str) -> Result<Engine, DiscoveryError> {
    let name = if name.is_empty() { "(none)" } else { name };
    Engine::parse(name).ok_or_else(|| DiscoveryError::Engine { engine: name.to_owned() })
}

/// Ids in one order, each once; `None` where one of them is invalid.
fn ids<T: Ord>(texts: &[String], parse: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut ids: Vec<T> = texts.iter().map(|text| parse(text)).collect::<Option<_>>()?;
    ids.sort();
    ids.dedup();
    Some(ids)
}
