//! What tests do to a server, and see of it, without the program under test.

use std::fmt;

use tokio_postgres::SimpleQueryMessage;
use uuid::Uuid;

use super::PostgresServer;

/// A name and a password. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct TestLogin {
    /// The role's name as in the catalog, not quoted.
    pub username: String,
    /// The password in cleartext.
    pub password: String,
}

/// The error of the server, or of the way to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_deref().unwrap_or("no connection"))]
pub struct QueryError {
    /// SQLSTATE, where the server answered.
    pub code: Option<String>,
    /// The message of the server, or of the connection.
    pub message: String,
}

impl PostgresServer {
    /// Runs statements as the superuser in a database.
    ///
    /// # Errors
    /// The server's error; the statements before the failed one are rolled back.
    pub async fn execute(&self, database: &str, sql: &str) -> Result<(), QueryError> {
        let client = self.connect(self.admin(), database).await?;
        client.batch_execute(sql).await.map_err(|error| QueryError::from(&error))
    }

    /// Runs a query as the superuser in a database and returns its rows as text, `None` for null.
    ///
    /// # Errors
    /// The server's error.
    pub async fn query(&self, database: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        self.query_as(self.admin(), database, sql).await
    }

    /// Runs a query as any role, over the Unix socket.
    ///
    /// # Errors
    /// The server's error, for the login or for the query.
    pub async fn query_as(
        &self,
        login: &TestLogin,
        database: &str,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        let client = self.connect(login, database).await?;
        let messages = client.simple_query(sql).await.map_err(|error| QueryError::from(&error))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Logs in over the Unix socket and leaves again.
    ///
    /// # Errors
    /// The server's refusal. It is counted in [`failed_logins`](Self::failed_logins), like any other.
    pub async fn try_login(&self, login: &TestLogin, database: &str) -> Result<(), QueryError> {
        self.connect(login, database).await.map(drop)
    }

    /// Creates a database with a unique name and returns the name.
    ///
    /// # Errors
    /// The server's error.
    pub async fn create_database(&self) -> Result<String, QueryError> {
        let name = unique("db");
        self.execute("postgres", &format!("CREATE DATABASE {}", quote_name(&name))).await?;
        Ok(name)
    }

    /// Creates a role that can log in, with a unique name, a new password and more attributes in the form of
    /// CREATE ROLE (`CREATEROLE CONNECTION LIMIT 5`).
    ///
    /// # Errors
    /// The server's error.
    pub async fn create_role(&self, attributes: &str) -> Result<TestLogin, QueryError> {
        self.create_role_named(&unique("app"), attributes).await
    }

    /// As [`create_role`](Self::create_role), with a given name, however odd.
    ///
    /// # Errors
    /// The server's error.
    pub async fn create_role_named(&self, name: &str, attributes: &str) -> Result<TestLogin, QueryError> {
        let login = TestLogin { username: name.to_owned(), password: Uuid::new_v4().simple().to_string() };
        let role = quote_name(name);
        let sql = format!("CREATE ROLE {role} LOGIN PASSWORD '{}' {attributes}", login.password);
        self.execute("postgres", &sql).await?;
        Ok(login)
    }
}

impl fmt::Debug for TestLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestLogin").field("username", &self.username).finish_non_exhaustive()
    }
}

impl From<&tokio_postgres::Error> for QueryError {
    fn from(error: &tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(answer) => {
                Self { code: Some(answer.code().code().to_owned()), message: answer.message().to_owned() }
            }
            None => Self {
                code: None,
                message: std::error::Error::source(error)
                    .map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
            },
        }
    }
}

/// A name that no other test has, in lower-case letters and digits.
fn unique(prefix: &str) -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("{prefix}_{}", &id[..12])
}

fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
