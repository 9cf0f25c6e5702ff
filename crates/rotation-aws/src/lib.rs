//! AWS Secrets Manager as the store of `rotation-core`; the one crate that knows the AWS SDK.

mod access;
mod client;
mod endpoint;
mod fault;
mod https;
mod rotation;
mod store;

pub use access::{Access, AccessKey};
pub use client::SecretsManager;
pub use endpoint::{CaBundle, CaBundleError, Endpoint, EndpointError, EndpointUrl};
pub use https::{Answer, Https};
