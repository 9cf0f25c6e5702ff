//! The ports over AWS.

mod ec2;
mod rds;
mod redshift;
mod secrets;

use aws_config::SdkConfig;
use rotation_aws::{Access, EndpointUrl, SecretsManager};

use crate::{
    address::{Address, Resource},
    database::{Database, Databases},
    discovery::Discovery,
    error::DiscoveryError,
};

pub use self::ec2::Ec2;
use self::{rds::Rds, redshift::Redshift};

/// Discovery in one account and region of AWS.
pub type AwsDiscovery = Discovery<SecretsManager, Directories, Ec2>;

impl AwsDiscovery {
    /// Discovery with these credentials. `url` stands in for the region's own endpoints of RDS, Redshift and EC2, as
    /// `AWS_ENDPOINT_URL` does; that of Secrets Manager is part of `access`.
    pub fn of(access: &Access, url: Option<&EndpointUrl>) -> Self {
        let mut config = access.sdk_config().clone();
        if let Some(url) = url {
            config = config.into_builder().endpoint_url(url.as_str()).build();
        }
        Self {
            secrets: SecretsManager::of(access),
            networks: Ec2::new(access, config.endpoint_url()),
            databases: Directories::new(access, &config),
            region: access.region().map(str::to_owned),
        }
    }
}

/// RDS, which lists DocumentDB as well, and Redshift with its serverless twin.
#[derive(Clone, Debug)]
pub struct Directories {
    rds: Rds,
    redshift: Redshift,
}

impl Directories {
    fn new(access: &Access, config: &SdkConfig) -> Self {
        Self { rds: Rds::new(access, config), redshift: Redshift::new(access, config) }
    }
}

impl Databases for Directories {
    async fn find(&self, address: &Address) -> Result<Option<Database>, DiscoveryError> {
        match &address.resource {
            Resource::Instance(id) => self.rds.instance(id, address).await,
            Resource::Cluster(id) => self.rds.cluster(id, address).await,
            Resource::RedshiftCluster(id) => self.redshift.cluster(id, address).await,
            Resource::Workgroup(name) => self.redshift.workgroup(name, address).await,
            Resource::Namespace(arn) => self.redshift.namespace(arn).await,
            Resource::Proxy | Resource::Elsewhere => Ok(None),
        }
    }
}

/// Ids that a directory gave, in one order, each once. An id that is none is an answer that cannot be used.
fn ids<'a, T: Ord>(
    texts: impl IntoIterator<Item = &'a str>,
    parse: fn(&str) -> Option<T>,
    (operation, what): (&'static str, &'static str),
) -> Result<Vec<T>, DiscoveryError> {
    let incomplete = DiscoveryError::Incomplete { operation, what };
    let ids: Option<Vec<T>> = texts.into_iter().map(parse).collect();
    let mut ids = ids.ok_or(incomplete)?;
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// A port of TCP, as the SDKs give it.
fn port(number: Option<i32>, operation: &'static str) -> Result<u16, DiscoveryError> {
    let port = number.and_then(|number| u16::try_from(number).ok()).filter(|port| *port != 0);
    port.ok_or(DiscoveryError::Incomplete { operation, what: "a port" })
}
