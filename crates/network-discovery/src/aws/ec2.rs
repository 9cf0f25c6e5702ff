//! The three queries to EC2, in its query protocol.
//!
//! EC2's SDK is not used because of its size: a debug build of that one crate had not finished after eight
//! minutes and 5.6 GiB of memory on a machine where the SDK of RDS took under three minutes. Three queries do
//! not justify that. The SDK's own signer signs them and an XML library reads the answers; only the mapping
//! of a dozen fields is our own.

mod answer;
mod call;

use rotation_aws::{Access, Https, Service, regional_url};

use crate::{
    error::DiscoveryError,
    identity::VpcId,
    network::{Network, Networks},
};

use self::{
    answer::{ENDPOINTS, ROUTES, SUBNETS, Survey},
    call::{Call, Filter},
};

/// EC2 in one region.
#[derive(Clone, Debug)]
pub struct Ec2 {
    access: Access,
    https: std::sync::Arc<Https>,
    /// `None` where no Region is known.
    url: Option<String>,
}

impl Ec2 {
    pub(super) fn new(access: &Access, url: Option<&str>) -> Self {
        let regional = || access.region().map(|region| regional_url(Service::Ec2, region));
        Self {
            access: access.clone(),
            https: Https::new(access).into(),
            url: url.map(str::to_owned).or_else(regional),
        }
    }
}

impl Networks for Ec2 {
    async fn survey(&self, vpc: &VpcId) -> Result<Network, DiscoveryError> {
        let region = self.access.region().unwrap_or_default();
        let vpc = vpc.to_string();
        let vpc = [vpc.as_str()];
        let inside: Filter = ("vpc-id", &vpc);
        // China has other host names for some services.
        let names = [
            format!("com.amazonaws.{region}.secretsmanager"),
            format!("cn.com.amazonaws.{region}.secretsmanager"),
        ];
        let names = names.each_ref().map(String::as_str);
        let mut survey = Survey::new(region);
        let call = Call::new(&self.access, &self.https, self.url.as_deref());
        let all: [Filter; 1] = [inside];
        let usable: [Filter; 2] = [inside, ("state", &["available"])];
        let secrets: [Filter; 3] = [inside, ("service-name", &names), ("vpc-endpoint-type", &["Interface"])];
        let (subnets, routes, endpoints) = tokio::join!(
            call.pages(SUBNETS, &usable),
            call.pages(ROUTES, &all),
            call.pages(ENDPOINTS, &secrets),
        );
        for page in subnets? {
            survey.read_subnets(&page)?;
        }
        for page in routes? {
            survey.read_routes(&page)?;
        }
        for page in endpoints? {
            survey.read_endpoints(&page)?;
        }
        Ok(survey.network())
    }
}
