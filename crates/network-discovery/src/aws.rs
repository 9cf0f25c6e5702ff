//! The ports, implemented on AWS.

mod databases;
mod ec2;
mod secrets;

use rotation_aws::{Access, Backoff, SecretsManager};
use rotation_config::{DatabaseLookupUrls, EndpointUrl};

use crate::discovery::Discovery;

pub use self::{databases::AwsDatabases, ec2::Ec2};

/// Attempts at one call: a stack that is being created waits for the answer, and has no second chance.
const ATTEMPTS: u32 = 4;

/// Discovery in one account and region of AWS.
pub type AwsDiscovery = Discovery<SecretsManager, AwsDatabases, Ec2>;

impl AwsDiscovery {
    /// Discovery with these credentials. `url` replaces the Region's own endpoints of RDS, Redshift and EC2,
    /// as `AWS_ENDPOINT_URL` does; that of Secrets Manager is part of `access`.
    pub fn of(access: &Access, url: Option<&EndpointUrl>) -> Self {
        let mut lookups = access.clone().with_lookup_backoff(Backoff::attempts(ATTEMPTS));
        if let Some(url) = url {
            lookups = lookups.with_directories(DatabaseLookupUrls::all_at(url));
        }
        Self {
            secrets: SecretsManager::of(access),
            networks: Ec2::new(&lookups, url),
            databases: AwsDatabases::new(&lookups),
            region: access.region().map(str::to_owned),
        }
    }
}
