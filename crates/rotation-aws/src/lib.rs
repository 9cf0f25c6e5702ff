#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! AWS Secrets Manager as the store of `rotation-core`, and the access to AWS: the one SDK configuration from
//! which the clients of all other services are also made. With the feature `query`, services whose SDKs are
//! not worth their size are called in the Query protocol.

mod access;
mod backoff;
mod client;
mod database_lookup;
mod error;
mod fault;
mod http_client;
mod https;
mod pace;
#[cfg(feature = "query")]
mod query;
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
#[cfg(feature = "query")]
pub use query::{Element, Query, QueryApi, Unreadable};
pub use signature::{EndpointVariant, regional_url};
