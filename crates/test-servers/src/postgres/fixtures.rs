//! What tests do to a server, and see of it, behind the back of the program under test.

use std::fmt;

use tokio_postgres::SimpleQueryMessage;
use uuid::Uuid;

use super::PostgresServer;

/// A name and a password. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct TestLogin {
    /// The role's name as the catalogue has it, not quoted.
    pub username: String,
    /// The password in cleartext.
    pub password: String,
}

/// What the server, or the way to it, answered instead of a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_deref().unwrap_or("no connection"))]
pub struct QueryError {
    /// SQLSTATE, where the server answered.
    pub code: Option<String>,
    /// The server's words, or the connection's.
    pub message: String,
}

impl PostgresServer {
    /// Runs statements as the superuser in a database.
    ///
    /// # Errors
    /// What the server answered; the statements before the failed one are undone.
    pub async fn execute(&self, database: &str, sql: &str) -> Result<(), QueryError> {
        let client = self.connect(self.admin(), database).await?;
        client.batch_execute(sql).await.map_err(|error| QueryError::from(&error))
    }

    /// Runs a query as the superuser in a database and gives its rows as text, `None` for null.
    ///
    /// # Errors
    /// What the server answered.
    pub async fn query(&self, database: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, QueryError> {
        self.query_as(self.admin(), database, sql).await
    }

    /// Runs a query as any role, over the Unix socket.
    ///
    /// # Errors
    /// What the server answered, to the login or to the query.
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
    /// The server's refusal. It is counted in [`failed_logins`](Self::failed_logins), as any.
    pub async fn try_login(&self, login: &TestLogin, database: &str) -> Result<(), QueryError> {
        self.connect(login, database).await.map(drop)
    }

    /// Makes a database that nobody else uses and gives its name.
    ///
    /// # Errors
    /// What the server answered.
    pub async fn create_database(&self) -> Result<String, QueryError> {
        let name = unique("db");
        self.execute("postgres", &format!("CREATE DATABASE {}", quote_name(&name))).await?;
        Ok(name)
    }

    /// Makes a role that can log in, with a name that nobody else uses, a new password and more attributes as
    /// CREATE ROLE takes them (`CREATEROLE CONNECTION LIMIT 5`).
    ///
    /// # Errors
    /// What the server answered.
    pub async fn create_role(&self, attributes: &str) -> Result<TestLogin, QueryError> {
        self.create_role_named(&unique("app"), attributes).await
    }

    /// As [`create_role`](Self::create_role), with a name of your own, however odd.
    ///
    /// # Errors
    /// What the server answered.
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
