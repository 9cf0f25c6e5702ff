//! A real server with users to rotate.

mod mongodb;
mod mysql;
mod postgres;
mod redshift;

// Circle: an engine starts its own server, and each server implements the trait that all share.
use std::sync::Arc;

use local_aws::BoxFuture;
use test_servers::{DatabaseServer, Logins, MysqlVersion, TestAuthority, TestLogin};

use crate::{engine::Engine, failure::Failure};

/// A running server of some engine, with a master who may rotate each of its users.
pub(crate) trait RotatedServer: Send + Sync {
    /// Creates a user with rights of the usual kind.
    fn create_user(&self) -> BoxFuture<'_, Result<TestLogin, Failure>>;

    /// Gives a user this many more rights, each by itself.
    fn grant<'a>(&'a self, username: &'a str, count: u32) -> BoxFuture<'a, Result<(), Failure>>;

    /// The master of all users, with no more rights than it needs.
    fn master(&self) -> &TestLogin;

    /// The database that a secret names, where the engine's logins need one.
    fn database(&self) -> Option<&'static str>;

    /// Fails where this login is refused.
    fn log_in<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Result<(), Failure>>;

    /// All logins of this user over TCP so far.
    fn logins_of(&self, username: &str) -> Logins;

    /// The server itself.
    fn server(&self) -> &dyn DatabaseServer;
}

/// Starts the newest server of an engine. It is certified by this authority, unless it has one of its own.
pub(crate) async fn start(
    engine: Engine,
    authority: Arc<TestAuthority>,
) -> Result<Box<dyn RotatedServer>, Failure> {
    Ok(match engine {
        Engine::Postgres => Box::new(postgres::Postgres::start(authority).await?),
        Engine::MySql => Box::new(mysql::MySql::start(MysqlVersion::MySql9, authority).await?),
        Engine::MariaDb => Box::new(mysql::MySql::start(MysqlVersion::MariaDb11, authority).await?),
        Engine::MongoDb => Box::new(mongodb::MongoDb::start(authority).await?),
        Engine::Redshift => Box::new(redshift::Redshift::start().await?),
    })
}

/// Tables for grants, made where they are not there, and a grant on each. For PostgreSQL and the stand-in.
fn many_grants(username: &str, count: u32) -> String {
    format!(
        "CREATE SCHEMA IF NOT EXISTS many; GRANT USAGE ON SCHEMA many TO {username}; \
         DO $do$BEGIN FOR n IN 1..{count} LOOP \
           EXECUTE format('CREATE TABLE IF NOT EXISTS many.t%s ()', n); \
           EXECUTE format('GRANT SELECT ON many.t%s TO %I', n, '{username}'); \
         END LOOP; END$do$"
    )
}
