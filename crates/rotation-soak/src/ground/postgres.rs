//! PostgreSQL.

use local_aws::BoxFuture;
use serde_json::Value;
use test_servers::{DatabaseServer, PostgresServer, PostgresVersion, QueryError, TestLogin};

use super::{Ground, Opens, login_of, made, new_login, original};
use crate::failure::Failure;

const DATABASE: &str = "postgres";
/// The least value of the setting that users change: any user may set it, and it has no unit.
const LEAST: usize = 2;

pub(crate) struct Postgres {
    server: PostgresServer,
    master: TestLogin,
}

impl Postgres {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let newest = PostgresVersion::available().last().copied();
        let version = newest.ok_or("no PostgreSQL here: run scripts/setup-postgres")?;
        let server = PostgresServer::builder(version).start()?;
        let master = server.create_role_named("master", "CREATEROLE").await?;
        Ok(Self { server, master })
    }

    async fn work(&self, login: &TestLogin, statements: &str) -> Result<Opens, Failure> {
        match self.server.query_as(login, DATABASE, statements).await {
            Ok(_) => Ok(Opens::Works),
            Err(QueryError { code: Some(code), .. }) if code.starts_with("28") => Ok(Opens::Refused),
            // Insufficient privilege, or a table or function that is not visible.
            Err(QueryError { code: Some(code), .. }) if code.starts_with("42") => Ok(Opens::Denied(code)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Ground for Postgres {
    fn user(&self) -> BoxFuture<'_, Result<Value, Failure>> {
        Box::pin(async {
            let TestLogin { username, .. } = new_login("app");
            let login = self.server.create_role_named(&username, "").await?;
            let master = &self.master.username;
            let mut statements = vec![
                format!("CREATE SCHEMA {username} AUTHORIZATION {username}"),
                format!("CREATE TABLE {username}.orders (id int)"),
                format!("ALTER TABLE {username}.orders OWNER TO {username}"),
            ];
            if self.server.version() >= PostgresVersion::V16 {
                statements.push(format!("GRANT {username} TO {master} WITH ADMIN OPTION"));
            }
            self.server.execute(DATABASE, &statements.join("; ")).await?;
            let document = self.server.document(&login);
            made(&self.make(&document, 0).await?)?;
            Ok(document)
        })
    }

    fn master(&self) -> Value {
        self.server.document(&self.master)
    }

    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Opens, Failure>> {
        Box::pin(async {
            let login = login_of(document);
            let schema = original(&login.username);
            let work = format!(
                "SELECT count(*) FROM {schema}.orders; INSERT INTO {schema}.made VALUES ({schema}.made()); \
                 DELETE FROM {schema}.made"
            );
            self.work(&login, &work).await
        })
    }

    fn make<'a>(&'a self, document: &'a Value, number: usize) -> BoxFuture<'a, Result<Opens, Failure>> {
        Box::pin(async move {
            let login = login_of(document);
            let schema = original(&login.username);
            let statements = format!(
                "DROP TABLE IF EXISTS {schema}.made; CREATE TABLE {schema}.made (n int); \
                 DROP FUNCTION IF EXISTS {schema}.made(); \
                 CREATE FUNCTION {schema}.made() RETURNS int LANGUAGE sql AS 'SELECT {number}'; \
                 REVOKE ALL ON FUNCTION {schema}.made() FROM PUBLIC; \
                 ALTER ROLE CURRENT_USER SET geqo_threshold = {}",
                number + LEAST
            );
            self.work(&login, &statements).await
        })
    }

    fn setting<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Option<usize>, Failure>> {
        Box::pin(async {
            let rows = self.server.query_as(&login_of(document), DATABASE, "SHOW geqo_threshold").await?;
            let number = rows.first().and_then(|row| row.first()?.as_deref()).ok_or("no setting")?;
            Ok(Some(number.parse::<usize>()? - LEAST))
        })
    }

    fn add_namesake<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.server.create_role_named(username, "").await?;
            Ok(())
        })
    }

    fn users(&self) -> BoxFuture<'_, Result<String, Failure>> {
        Box::pin(async {
            let rows =
                self.server.query(DATABASE, "SELECT rolname, rolpassword FROM pg_authid ORDER BY 1").await?;
            Ok(format!("{rows:?}"))
        })
    }

    fn connections(&self) -> BoxFuture<'_, Result<Option<usize>, Failure>> {
        Box::pin(async {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'secret-rotation'";
            let rows = self.server.query(DATABASE, count).await?;
            let count =
                rows.first().and_then(|row| row.first()?.as_deref()).ok_or("no count of connections")?;
            Ok(Some(count.parse()?))
        })
    }

    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }
}
