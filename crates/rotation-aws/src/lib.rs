//! AWS Secrets Manager as the store of `rotation-core`, and how AWS is reached: the one configuration of the
//! SDK, from which the clients of other services are made as well.

mod access;
mod backoff;
mod client;
mod database_lookup;
mod error;
mod fault;
mod https;
mod pace;
mod records;
mod rotation;
mod signature;
mod store;
mod store_error;

pub use access::Access;
pub use backoff::Backoff;
pub use client::SecretsManager;
pub use error::{AwsError, Refusal, Service};
pub use https::{Answer, Https};
pub use signature::regional_url;
