//! Launchers of real database servers: on loopback, in temporary folders, never as root, gone with their process.

mod account;
mod api_double;
mod docdb;
mod guardian;
mod heard;
mod moto;
mod mysql;
mod pgbouncer;
mod postgres;
mod redshift;
mod rogue_bytes;
mod rogue_mysql;
mod rogue_postgres;

pub use api_double::{ApiAnswer, ApiDouble, ApiRequest};
pub use docdb::{
    DocdbBuilder, DocdbLaunchError, DocdbProduct, DocdbQueryError, DocdbServer, DocdbWitness,
    MongoReplicaSet, MongoSetClient, MongoVersion, WitnessAction,
};
pub use moto::Moto;
pub use mysql::{MysqlBuilder, MysqlFlavor, MysqlLaunchError, MysqlQueryError, MysqlServer, MysqlVersion};
pub use pgbouncer::{PgBouncer, PoolerList, PoolerVersion};
pub use postgres::{
    FailedLogin, LaunchError, PostgresBuilder, PostgresServer, PostgresVersion, QueryError, ServerTls, Stop,
    TestLogin,
};
pub use redshift::RedshiftServer;
pub use rogue_bytes::RogueBytes;
pub use rogue_mysql::{Moment, MysqlAnswer, MysqlMischief, MysqlScript, RogueGreeting, RogueMysql};
pub use rogue_postgres::{Rogue, RoguePostgres, Scripted, ScriptedAnswer};
