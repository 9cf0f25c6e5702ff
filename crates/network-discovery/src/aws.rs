//! The ports over AWS.

mod databases;
mod ec2;
mod secrets;

use rotation_aws::{Access, DirectoryUrls, EndpointUrl, SecretsManager};

use crate::discovery::Discovery;

pub use self::{databases::AwsDatabases, ec2::Ec2};

/// Discovery in one account and region of AWS.
pub type AwsDiscovery = Discovery<SecretsManager, AwsDatabases, Ec2>;

impl AwsDiscovery {
    /// Discovery with these credentials. `url` stands in for the region's own endpoints of RDS, Redshift and EC2, as
    /// `AWS_ENDPOINT_URL` does; that of Secrets Manager is part of `access`.
    pub fn of(access: &Access, url: Option<&EndpointUrl>) -> Self {
        let databases = match url {
            Some(url) => AwsDatabases::new(&access.clone().with_directories(DirectoryUrls::all_at(url))),
            None => AwsDatabases::new(access),
        };
        Self {
            secrets: SecretsManager::of(access),
            networks: Ec2::new(access, url.map(EndpointUrl::as_str)),
            databases,
            region: access.region().map(str::to_owned),
        }
    }
}
