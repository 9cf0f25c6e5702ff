#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! The settings of functions and of the command: parses environment variables into typed values. A wrong
//! setting is reported before anything is done.
//!
//! ```text
//! process ─> Environment ─┬─> FunctionSettings   every function: Endpoint, AccessKey, DRY_RUN
//!                         ├─> Config             a database's function: passwords, master, test queries
//!                         └─> an engine's own settings, parsed by the engine
//!            └ ConfigError: the variable, and what it must be; never its value
//! ```

mod access_key;
mod config;
mod endpoint;
mod environment;
mod function;
mod passwords;

pub use access_key::AccessKey;
pub use config::{Config, StrategyKind};
pub use endpoint::{CaBundle, CaBundleError, DatabaseLookupUrls, Endpoint, EndpointError, EndpointUrl};
pub use environment::{ConfigError, Environment};
pub use function::FunctionSettings;
pub use passwords::password_policy;
