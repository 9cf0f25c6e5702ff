//! The settings of functions and of the command: environment variables to typed values. What is wrong is
//! named before anything is done.
//!
//! ```text
//! process ─> Environment ─┬─> FunctionSettings   what every function takes: Endpoint, AccessKey, DRY_RUN
//!                         ├─> Config             what the function of a database takes as well: passwords, master, proofs
//!                         └─> an engine's own settings, read by the engine
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
