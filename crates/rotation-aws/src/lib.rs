//! AWS Secrets Manager as the store of `rotation-core`; the one crate that knows the AWS SDK.

mod client;
mod endpoint;
mod fault;
mod rotation;
mod store;

pub use client::{AccessKey, SecretsManager};
pub use endpoint::{CaBundle, CaBundleError, Endpoint, EndpointError, EndpointUrl};
