//! Real database servers for tests: on loopback, in temporary folders, never as root, ended with their
//! process. Also servers that behave as real ones cannot be made to.
//!
//! ```text
//! real        PostgresServer, MysqlServer, DocdbServer, MongoReplicaSet, PgBouncer,
//!             ValkeyServer (from .cache)
//! stand-ins   RedshiftServer (PostgreSQL behind a guard), Moto and ApiDouble (services of AWS),
//!             ElastiCacheDouble (its control plane, over a real server)
//! in between  Proxy (cuts and delays), DocdbProxy (records commands, changes replies)
//! malicious   MaliciousPostgres, MaliciousMysql, MaliciousBytes
//! pages       Chromium, without a network
//! judges      what applications with independent drivers find: DocdbServer::driver_opens
//! ```
//!
//! Every server has a [`TestAuthority`] of its own, which signs its certificate. The crate knows nothing
//! about what is tested.

mod account;
mod api_double;
mod authority;
mod chromium;
mod docdb;
mod elasticache_double;
mod guardian;
mod heard;
mod logins;
mod malicious;
mod malicious_bytes;
mod malicious_mysql;
mod malicious_postgres;
mod moto;
mod mysql;
mod pgbouncer;
mod postgres;
pub mod proxy;
mod redshift;
mod server;
mod valkey;

pub use api_double::{ApiAnswer, ApiDouble, ApiRequest};
pub use authority::{TestAuthority, TestCertificate};
pub use chromium::{Chromium, ColorScheme, Visit};
pub use docdb::{
    DocdbBuilder, DocdbLaunchError, DocdbProduct, DocdbProxy, DocdbQueryError, DocdbServer, MongoReplicaSet,
    MongoSetClient, MongoVersion, ProxyAction,
};
pub use elasticache_double::ElastiCacheDouble;
pub use logins::Logins;
pub use malicious::MaliciousServer;
pub use malicious_bytes::MaliciousBytes;
pub use malicious_mysql::{MaliciousMysql, Moment, MysqlAnswer, MysqlGreeting, MysqlMischief, MysqlScript};
pub use malicious_postgres::{MaliciousPostgres, PostgresMischief, Scripted, ScriptedAnswer};
pub use moto::Moto;
pub use mysql::{MysqlBuilder, MysqlFlavor, MysqlLaunchError, MysqlQueryError, MysqlServer, MysqlVersion};
pub use pgbouncer::{PgBouncer, PoolerList, PoolerVersion};
pub use postgres::{
    FailedLogin, LaunchError, PostgresBuilder, PostgresServer, PostgresVersion, QueryError, ServerTls, Stop,
    TestLogin,
};
pub use proxy::Proxy;
pub use redshift::RedshiftServer;
pub use server::DatabaseServer;
pub use valkey::{TlsFront, ValkeyAnswer, ValkeyBuilder, ValkeyClient, ValkeyProduct, ValkeyServer};
