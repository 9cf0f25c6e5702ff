//! PostgreSQL.

use rotation_testkit::{BoxFuture, PostgresServer, PostgresVersion, QueryError, TestLogin};
use serde_json::{Value, json};

use super::{Ground, login_of, new_login, original};
use crate::Failure;

const DATABASE: &str = "postgres";

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

    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "postgres", "host": self.server.host(), "port": self.server.port(), "dbname": DATABASE,
            "username": login.username, "password": login.password, "ssl": true,
        })
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
            Ok(self.document(&login))
        })
    }

    fn master(&self) -> Value {
        self.document(&self.master)
    }

    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async {
            let login = login_of(document);
            let work = format!("SELECT count(*) FROM {}.orders", original(&login.username));
            match self.server.query_as(&login, DATABASE, &work).await {
                Ok(_) => Ok(true),
                Err(QueryError { code: Some(code), .. }) if code.starts_with("28") => Ok(false),
                Err(error) => Err(error.into()),
            }
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

    fn authority_pem(&self) -> &str {
        self.server.authority().certificate_pem()
    }
}
