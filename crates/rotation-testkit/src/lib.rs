//! A local Secrets Manager, a local Lambda Runtime API and launchers of real database servers.

mod authority;
pub mod conformance;
mod function;
mod lambda;
pub mod proxy;
pub mod secrets_manager;
mod servers;

pub use authority::{TestAuthority, TestCertificate};
pub use function::{BoxFuture, Function, FunctionError};
pub use lambda::{InvocationReport, LambdaBuilder, LambdaFunction};
pub use proxy::Proxy;
pub use secrets_manager::LocalSecretsManager;
pub use servers::{
    ApiAnswer, ApiDouble, ApiRequest, DocdbBuilder, DocdbLaunchError, DocdbProduct, DocdbQueryError,
    DocdbServer, DocdbWitness, FailedLogin, LaunchError, Moment, MongoReplicaSet, MongoSetClient,
    MongoVersion, Moto, MysqlAnswer, MysqlBuilder, MysqlFlavor, MysqlLaunchError, MysqlMischief,
    MysqlQueryError, MysqlScript, MysqlServer, MysqlVersion, PgBouncer, PoolerList, PoolerVersion,
    PostgresBuilder, PostgresServer, PostgresVersion, QueryError, RedshiftServer, Rogue, RogueBytes,
    RogueGreeting, RogueMysql, RoguePostgres, Scripted, ScriptedAnswer, ServerTls, Stop, TestLogin,
    WitnessAction,
};
