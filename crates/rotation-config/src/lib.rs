//! The settings of functions and of the command: environment variables to typed values. What is wrong is named before
//! anything is done.
//!
//! ```text
//! process ─> Environment ─┬─> Config       what every function takes: passwords, master, proofs, Endpoint, AccessKey
//!                         └─> an engine's own settings, read by the engine
//!            └ ConfigError: the variable, and what it must be; never its value
//! ```

mod access_key;
mod config;
mod endpoint;
mod environment;

pub use access_key::AccessKey;
pub use config::{Config, StrategyKind};
pub use endpoint::{CaBundle, CaBundleError, DirectoryUrls, Endpoint, EndpointError, EndpointUrl};
pub use environment::{ConfigError, Environment};
