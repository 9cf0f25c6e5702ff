//! What tests do to a server, and see of it, without the program under test.

use std::time::Duration;

use mysql_async::{Conn, DriverError, OptsBuilder, Row, Value, prelude::Queryable};
use uuid::Uuid;

use super::{MysqlServer, TestLogin};

/// How long one statement of a test may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The error of the server, or of the way to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.map_or_else(|| "no connection".to_owned(), |code| code.to_string()))]
pub struct MysqlQueryError {
    /// The server's error number, where it answered.
    pub code: Option<u16>,
    /// The message of the server, or of the connection.
    pub message: String,
}

impl MysqlServer {
    /// Runs statements as the administrator, one after another. They appear in no log.
    ///
    /// # Errors
    /// The server's error for the first that failed; those before it have taken effect.
    pub async fn execute(&self, statements: &[&str]) -> Result<(), MysqlQueryError> {
        let mut connection = self.connect(&self.admin).await?;
        for statement in statements {
            bounded(connection.query_drop(*statement)).await?;
        }
        bounded(connection.disconnect()).await
    }

    /// Runs a query as the administrator and returns its rows as text, `None` for null.
    ///
    /// # Errors
    /// The server's error.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, MysqlQueryError> {
        self.query_as(&self.admin, &[sql]).await
    }

    /// Runs statements as any user, over the Unix socket (so its host must admit `localhost`), and returns
    /// the rows of the last one.
    ///
    /// # Errors
    /// The server's error, for the login or for a statement.
    pub async fn query_as(
        &self,
        login: &TestLogin,
        statements: &[&str],
    ) -> Result<Vec<Vec<Option<String>>>, MysqlQueryError> {
        let mut connection = self.connect(login).await?;
        let mut rows = Vec::new();
        for statement in statements {
            rows = bounded(connection.query::<Row, _>(*statement)).await?;
        }
        bounded(connection.disconnect()).await?;
        Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())
    }

    /// Logs in over the Unix socket and leaves again.
    ///
    /// # Errors
    /// The server's refusal. It is counted in [`failed_logins_of`](Self::failed_logins_of), like any other.
    pub async fn try_login(&self, login: &TestLogin) -> Result<(), MysqlQueryError> {
        bounded(self.connect(login).await?.disconnect()).await
    }

    /// Creates a user for every host that can log in, with a unique name, a new password and more options in
    /// the form of CREATE USER.
    ///
    /// # Errors
    /// The server's error.
    pub async fn create_user(&self, options: &str) -> Result<TestLogin, MysqlQueryError> {
        let login =
            TestLogin { username: Self::unique("app"), password: Uuid::new_v4().simple().to_string() };
        let sql =
            format!("CREATE USER '{}'@'%' IDENTIFIED BY '{}' {options}", login.username, login.password);
        self.execute(&[&sql]).await?;
        Ok(login)
    }

    /// A name that no other test has, in lower-case letters and digits.
    pub fn unique(prefix: &str) -> String {
        let id = Uuid::new_v4().simple().to_string();
        format!("{prefix}_{}", &id[..12])
    }

    async fn connect(&self, login: &TestLogin) -> Result<Conn, MysqlQueryError> {
        let options = OptsBuilder::default()
            .socket(Some(self.folder.join("socket").display().to_string()))
            .user(Some(&login.username))
            .pass(Some(&login.password))
            .max_allowed_packet(Some(16 * 1024 * 1024))
            .wait_timeout(Some(600));
        let mut connection = bounded(Conn::new(options)).await?;
        if login == &self.admin {
            // The logs, where tests look for passwords, must show what the program under test did, not what
            // the tests did.
            bounded(connection.query_drop("SET SESSION sql_log_off = 1")).await?;
            bounded(connection.query_drop("SET SESSION sql_log_bin = 0")).await?;
        }
        Ok(connection)
    }
}

async fn bounded<T>(work: impl Future<Output = mysql_async::Result<T>>) -> Result<T, MysqlQueryError> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(done) => done.map_err(|error| MysqlQueryError::from(&error)),
        Err(_) => Err(MysqlQueryError { code: None, message: "no answer within 30 s".to_owned() }),
    }
}

impl From<&mysql_async::Error> for MysqlQueryError {
    fn from(error: &mysql_async::Error) -> Self {
        match error {
            mysql_async::Error::Server(answer) => {
                Self { code: Some(answer.code), message: answer.message.clone() }
            }
            // No user of the suite has this plugin. MySQL asks a missing user for one that it derives from
            // the name, and this driver does not support it.
            mysql_async::Error::Driver(DriverError::UnknownAuthPlugin { name }) if name == DECOY => {
                Self { code: Some(ACCESS_DENIED), message: "the server knows no such user".to_owned() }
            }
            other => Self { code: None, message: other.to_string() },
        }
    }
}

const DECOY: &str = "sha256_password";
/// `ER_ACCESS_DENIED_ERROR`.
const ACCESS_DENIED: u16 = 1045;

fn text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
    }
}
