//! Redshift as a lookup: provisioned clusters against moto; Redshift Serverless, which moto
//! 5.2 does not support, against a double that answers as the API reference documents.

mod double;
mod moto;

use aws_databases::Redshift;
use rotation_aws::Access;
use rotation_config::{AccessKey, DatabaseLookupUrls, Endpoint, EndpointUrl};

/// Both kinds of Redshift at this URL.
fn redshift(url: &str) -> Redshift {
    Redshift::new(access(url))
}

fn access(url: &str) -> Access {
    let url = Some(EndpointUrl::parse(url).unwrap());
    let lookups = DatabaseLookupUrls { redshift: url.clone(), redshift_serverless: url, rds: None };
    let endpoint = Endpoint { region: Some("us-east-1".into()), lookups, ..Endpoint::default() };
    let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
    Access::in_lambda(&endpoint, Some(&key))
}
