//! AWS Secrets Manager as the store of `rotation-core`, and how AWS is reached: the one configuration of the SDK, from
//! which the clients of other services are made as well.

mod access;
mod client;
mod directory;
mod fault;
mod https;
mod patience;
mod records;
mod rotation;
mod signature;
mod store;

pub use access::Access;
pub use client::SecretsManager;
pub use https::{Answer, Https};
pub use rotation_config::{
    AccessKey, CaBundle, CaBundleError, DirectoryUrls, Endpoint, EndpointError, EndpointUrl,
};
pub use signature::regional_url;
