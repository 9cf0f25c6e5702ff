//! The three queries to EC2, in its query protocol.
//!
//! EC2's SDK is not used because of its size: a debug build of that one crate had not finished after eight
//! minutes and 5.6 GiB of memory on a machine where the SDK of RDS took under three minutes. Three queries do
//! not justify that; only the mapping of a dozen fields is our own.

mod answer;
mod call;

use rotation_aws::{Access, QueryApi, Service};
use rotation_config::EndpointUrl;

use crate::{
    error::DiscoveryError,
    identity::VpcId,
    network::{Network, Networks},
};

use self::{
    answer::{ENDPOINTS, ROUTES, SUBNETS, endpoints, network, routes, subnets},
    call::{Call, Filter, MOST, VERSION},
};

/// EC2 in one region.
#[derive(Clone, Debug)]
pub struct Ec2 {
    api: QueryApi,
    /// `None` where no Region is known.
    region: Option<String>,
}

impl Ec2 {
    pub(super) fn new(access: &Access, url: Option<&EndpointUrl>) -> Self {
        let api = QueryApi::new(access, Service::Ec2, VERSION, url).with_largest_answer(MOST);
        Self { api, region: access.region().map(str::to_owned) }
    }
}

impl Networks for Ec2 {
    async fn survey(&self, vpc: &VpcId) -> Result<Network, DiscoveryError> {
        let region = self.region.as_deref();
        let name = region.unwrap_or_default();
        let vpc = vpc.to_string();
        let vpc = [vpc.as_str()];
        let inside: Filter = ("vpc-id", &vpc);
        // China has other host names for some services.
        let names = [
            format!("com.amazonaws.{name}.secretsmanager"),
            format!("cn.com.amazonaws.{name}.secretsmanager"),
        ];
        let names = names.each_ref().map(String::as_str);
        let call = Call::new(&self.api, region);
        let all: [Filter; 1] = [inside];
        let usable: [Filter; 2] = [inside, ("state", &["available"])];
        let secrets: [Filter; 3] = [inside, ("service-name", &names), ("vpc-endpoint-type", &["Interface"])];
        let (subnets, routes, endpoints) = tokio::join!(
            call.pages(SUBNETS, &usable, |page| subnets(name, page)),
            call.pages(ROUTES, &all, routes),
            call.pages(ENDPOINTS, &secrets, endpoints),
        );
        Ok(network(subnets?, routes?, endpoints?))
    }
}
