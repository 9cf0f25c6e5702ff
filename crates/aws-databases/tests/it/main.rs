//! What AWS knows of servers, as names and through the SDKs: against moto, and where moto lacks something,
//! against a double that answers what the API's reference documents.

#![expect(clippy::unwrap_used, reason = "a test whose ground is not as it says should stop there")]

mod names;
#[cfg(feature = "rds")]
mod rds;
#[cfg(any(feature = "rds", feature = "redshift"))]
mod recorder;
#[cfg(feature = "redshift")]
mod redshift;
