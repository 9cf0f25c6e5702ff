//! A real server with users to rotate.

mod docdb;
mod mysql;
mod postgres;

// Circle: an engine starts its own ground, and each ground implements the trait that all share.
use std::path::Path;

use local_aws::BoxFuture;
use serde_json::Value;
use test_servers::{DatabaseServer, MysqlFlavor, TestLogin};
use uuid::Uuid;

use crate::failure::Failure;

pub(crate) use postgres::Postgres;

/// Which engines there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Engine {
    Postgres,
    MySql,
    MariaDb,
    DocumentDb,
}

/// How the users of a secret are rotated, which is also what a client may expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strategy {
    /// The user changes its own password.
    SingleUser,
    /// Two users take turns.
    MasterUser,
}

/// A running server of some engine.
pub(crate) trait Ground: Send + Sync {
    /// A new user with something to read, as the document of a secret without `masterarn`.
    fn user(&self) -> BoxFuture<'_, Result<Value, Failure>>;

    /// The document of the master that looks after all users.
    fn master(&self) -> Value;

    /// Logs in and does what an application would, also with what [`make`](Self::make) has made of late.
    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Opens, Failure>>;

    /// As the user of the document: makes a table, where the engine has them a routine, and a setting, whose
    /// value is this number. The other user of the pair must then be able to use them.
    fn make<'a>(&'a self, document: &'a Value, number: usize) -> BoxFuture<'a, Result<Opens, Failure>>;

    /// The number of the setting that the user of the document gets when it logs in; `None` where the engine
    /// has no settings of users.
    fn setting<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Option<usize>, Failure>>;

    /// Makes a user of this name with another password and no rights.
    fn add_namesake<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<(), Failure>>;

    /// Every user of the server with what it stores of its password, in a text that is equal where nothing
    /// has changed.
    fn users(&self) -> BoxFuture<'_, Result<String, Failure>>;

    /// Connections of functions that are open now; `None` where the server does not tell.
    fn connections(&self) -> BoxFuture<'_, Result<Option<usize>, Failure>>;

    /// The server itself.
    fn server(&self) -> &dyn DatabaseServer;
}

/// What became of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opens {
    /// The server let the user in, and it could do its work.
    Works,
    /// The server refused the login.
    Refused,
    /// The server let the user in and refused something that the user needs, by this answer.
    Denied(String),
}

impl Engine {
    pub(crate) const ALL: [Self; 4] = [Self::Postgres, Self::MySql, Self::MariaDb, Self::DocumentDb];

    /// What the names of its functions begin with.
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

    /// Whether clients are promised that `AWSCURRENT` logs in at every moment.
    pub(crate) fn has_no_gap(self, strategy: Strategy) -> bool {
        // The users of the single-user secrets may keep two passwords, where the server knows such a thing.
        strategy == Strategy::MasterUser || self == Self::MySql
    }
}

impl Strategy {
    pub(crate) const ALL: [Self; 2] = [Self::SingleUser, Self::MasterUser];

    /// What the names of its functions end in.
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
    if program.is_file() { Ok(program) } else { Err(format!("{} is not there", program.display()).into()) }
}

/// Fails unless a new user could make what it is to make.
fn made(opens: &Opens) -> Result<(), Failure> {
    if *opens == Opens::Works {
        Ok(())
    } else {
        Err(format!("a new user could not make anything: {opens:?}").into())
    }
}

/// A user with a name and a password that nobody else has.
fn new_login(prefix: &str) -> TestLogin {
    let id = Uuid::new_v4().simple().to_string();
    TestLogin { username: format!("{prefix}_{}", &id[..12]), password: Uuid::new_v4().simple().to_string() }
}

fn login_of(document: &Value) -> TestLogin {
    let text = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
    TestLogin { username: text("username"), password: text("password") }
}

/// The user that a person made, of whichever of the two.
fn original(username: &str) -> &str {
    username.trim_end_matches("_clone")
}
