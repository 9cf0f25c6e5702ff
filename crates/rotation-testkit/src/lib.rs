//! Launchers of real database servers, a proxy that makes faults, and the suite of any rotation function.

mod authority;
pub mod conformance;
pub mod proxy;
mod servers;

pub use authority::{TestAuthority, TestCertificate};
pub use proxy::Proxy;
pub use servers::{
    ApiAnswer, ApiDouble, ApiRequest, DocdbBuilder, DocdbLaunchError, DocdbProduct, DocdbQueryError,
    DocdbServer, DocdbWitness, FailedLogin, LaunchError, Moment, MongoReplicaSet, MongoSetClient,
    MongoVersion, Moto, MysqlAnswer, MysqlBuilder, MysqlFlavor, MysqlLaunchError, MysqlMischief,
    MysqlQueryError, MysqlScript, MysqlServer, MysqlVersion, PgBouncer, PoolerList, PoolerVersion,
    PostgresBuilder, PostgresServer, PostgresVersion, QueryError, RedshiftServer, Rogue, RogueBytes,
    RogueGreeting, RogueMysql, RoguePostgres, Scripted, ScriptedAnswer, ServerTls, Stop, TestLogin,
    WitnessAction,
};
