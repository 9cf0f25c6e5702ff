//! What AWS knows about servers, by name and by their APIs: against moto and, where moto lacks something,
//! against a double that answers as the API reference documents.

#![expect(clippy::unwrap_used, reason = "a test whose setup fails should stop there")]

#[cfg(any(feature = "rds", feature = "redshift"))]
mod described;
mod names;
#[cfg(feature = "rds")]
mod rds;
#[cfg(any(feature = "rds", feature = "redshift"))]
mod recorder;
#[cfg(feature = "redshift")]
mod redshift;
#[cfg(any(feature = "rds", feature = "redshift"))]
mod world;
