#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! AWS Secrets Manager as the store of `rotation-core`, and the access to AWS: the one SDK configuration from
//! which the clients of all other services are also made.

mod access;
mod backoff;
mod client;
mod database_lookup;
mod error;
mod fault;
mod http_client;
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
pub use http_client::{HttpClient, HttpError};
pub use https::{Answer, Https};
pub use signature::regional_url;
