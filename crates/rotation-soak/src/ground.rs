//! A real server with users to rotate.

mod docdb;
mod mysql;
mod postgres;

// Circle: an engine starts its own server, and each server implements the trait that all share.
use std::path::Path;

use local_aws::BoxFuture;
use serde_json::Value;
use test_servers::{DatabaseServer, MysqlFlavor, TestLogin};
use uuid::Uuid;

use crate::failure::Failure;

pub(crate) use postgres::Postgres;

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Engine {
    Postgres,
    MySql,
    MariaDb,
    DocumentDb,
}

/// How the users of a secret are rotated, which determines what a client may expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strategy {
    /// The user changes its own password.
    SingleUser,
    /// Two users alternate.
    MasterUser,
}

/// A running server of some engine.
pub(crate) trait Ground: Send + Sync {
    /// Creates a user with something to read. Returns the document of its secret, without `masterarn`.
    fn user(&self) -> BoxFuture<'_, Result<Value, Failure>>;

    /// The document of the master of all users.
    fn master(&self) -> Value;

    /// Logs in and works like an application, including with what [`make`](Self::make) has created last.
    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Opens, Failure>>;

    /// As the user of the document: creates a table, a routine where the engine has them, and a setting with
    /// this number as its value. The other user of the pair must then be able to use them.
    fn make<'a>(&'a self, document: &'a Value, number: usize) -> BoxFuture<'a, Result<Opens, Failure>>;

    /// The number of the setting that the user of the document gets when it logs in; `None` where the engine
    /// has no user settings.
    fn setting<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Option<usize>, Failure>>;

    /// Creates a user with this name, another password and no privileges.
    fn add_namesake<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<(), Failure>>;

    /// Every user of the server with its stored password, in a text that is equal where nothing has
    /// changed.
    fn users(&self) -> BoxFuture<'_, Result<String, Failure>>;

    /// The number of functions' connections that are open now; `None` where the server does not report it.
    fn connections(&self) -> BoxFuture<'_, Result<Option<usize>, Failure>>;

    /// The server itself.
    fn server(&self) -> &dyn DatabaseServer;
}

/// The result of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opens {
    /// The login succeeded, and the user could do its work.
    Works,
    /// The server refused the login.
    Refused,
    /// The login succeeded, but the server refused something that the user needs, with this answer.
    Denied(String),
}

impl Engine {
    pub(crate) const ALL: [Self; 4] = [Self::Postgres, Self::MySql, Self::MariaDb, Self::DocumentDb];

    /// The prefix of its functions' names.
    pub(crate) fn artifact(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::MariaDb => "mariadb",
            Self::DocumentDb => "docdb",
        }
    }

    /// Starts its server.
    pub(crate) async fn start(self) -> Result<Box<dyn Ground>, Failure> {
        Ok(match self {
            Self::Postgres => Box::new(Postgres::start().await?),
            Self::MySql => Box::new(mysql::MySql::start(MysqlFlavor::MySql).await?),
            Self::MariaDb => Box::new(mysql::MySql::start(MysqlFlavor::MariaDb).await?),
            Self::DocumentDb => Box::new(docdb::DocumentDb::start().await?),
        })
    }

    /// Whether `AWSCURRENT` is guaranteed to log in at every moment.
    pub(crate) fn has_no_gap(self, strategy: Strategy) -> bool {
        // The users of the single-user secrets may keep two passwords, where the server supports it.
        strategy == Strategy::MasterUser || self == Self::MySql
    }
}

impl Strategy {
    pub(crate) const ALL: [Self; 2] = [Self::SingleUser, Self::MasterUser];

    /// The suffix of its functions' names.
    pub(crate) fn artifact(self) -> &'static str {
        match self {
            Self::SingleUser => "single_user",
            Self::MasterUser => "master_user",
        }
    }
}

/// The function's program, which the script has built.
pub(crate) fn program(
    folder: &Path,
    engine: Engine,
    strategy: Strategy,
) -> Result<std::path::PathBuf, Failure> {
    let program = folder.join(format!("{}_{}", engine.artifact(), strategy.artifact()));
    if program.is_file() { Ok(program) } else { Err(format!("{} does not exist", program.display()).into()) }
}

/// Fails unless a new user could create its objects.
fn made(opens: &Opens) -> Result<(), Failure> {
    if *opens == Opens::Works {
        Ok(())
    } else {
        Err(format!("a new user could not create anything: {opens:?}").into())
    }
}

/// A user with a unique name and password.
fn new_login(prefix: &str) -> TestLogin {
    let id = Uuid::new_v4().simple().to_string();
    TestLogin { username: format!("{prefix}_{}", &id[..12]), password: Uuid::new_v4().simple().to_string() }
}

fn login_of(document: &Value) -> TestLogin {
    let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
    TestLogin { username: text("username"), password: text("password") }
}

/// The name of the original, for either user of the pair.
fn original(username: &str) -> &str {
    username.trim_end_matches("_clone")
}
