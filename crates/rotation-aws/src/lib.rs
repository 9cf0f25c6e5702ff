//! AWS Secrets Manager as the store of `rotation-core`; the one crate that knows the AWS SDK.

mod client;
mod fault;
mod rotation;
mod store;

pub use client::{AccessKey, Endpoint, SecretsManager};
