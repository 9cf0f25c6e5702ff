//! RDS as a lookup: against moto and, where moto lacks something, against a double that
//! answers as the API reference documents.

mod double;
mod moto;

use aws_databases::Rds;
use rotation_aws::Access;
use rotation_config::{AccessKey, DatabaseLookupUrls, Endpoint, EndpointUrl};

/// RDS at this URL.
fn rds(url: &str) -> Rds {
    Rds::new(access(url))
}

fn access(url: &str) -> Access {
    let lookups =
        DatabaseLookupUrls { rds: Some(EndpointUrl::parse(url).unwrap()), ..DatabaseLookupUrls::default() };
    let endpoint = Endpoint { region: Some("us-east-1".into()), lookups, ..Endpoint::default() };
    let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
    Access::in_lambda(&endpoint, Some(&key))
}
