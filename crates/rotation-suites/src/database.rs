//! The operations on a database that the suite needs, unknown to the program under test.

use std::{error::Error, fmt};

use serde_json::Value;
use test_servers::{DatabaseServer, Logins, TestLogin};

use super::Owner;

/// A server of an engine, as the suite uses it.
///
/// Nothing here may appear in the server's log as a statement with a password: the suite searches that
/// log.
pub trait Database: 'static {
    /// Whether the server supports users that exist but may not log in, and reports that to them.
    const LOCKS_USERS: bool = true;

    /// Whether a change of users waits for a concurrent one of the same users, so that the later one writes
    /// last.
    const CHANGES_WAIT: bool = true;

    /// Whether a rotation keeps what the live clone was granted.
    const KEEPS_WHAT_IS_GIVEN: bool = true;

    /// Whether `host` of a secret may list the members of a replica set.
    const LISTS_MEMBERS: bool = false;

    /// A test query that any tenant may run.
    const TEST_QUERY: &'static str;

    /// A test query that the function accepts and the server refuses for any tenant.
    const REFUSED_STATEMENT: &'static str;

    /// The server itself.
    fn server(&self) -> &dyn DatabaseServer;

    /// Whether a pair of users carries the mark of its secret.
    fn marks_pairs(&self) -> bool {
        true
    }

    /// The AWS services that manage masters of this engine, each with its name for the engine.
    fn owners(&self) -> Vec<(Owner, &'static str)>;

    /// Creates a user with its own schema or database, and privileges and data worth comparing, and a master
    /// that may change that user and has no more privileges than a managed service's master.
    async fn create_tenant(&self) -> Result<Tenant, DatabaseError>;

    /// Logs in with a secret's document and works like an application. `false` where the server refuses the
    /// login; any other failure is an error.
    async fn opens(&self, document: &Value) -> Result<bool, DatabaseError>;

    /// The privileges of a user, in a text that is equal for two users with equal privileges: grants,
    /// memberships, settings, limits, as seen in a session of that user.
    async fn rights(&self, tenant: &Tenant, username: &str) -> Result<String, DatabaseError>;

    /// Changes the password of a user as an administrator.
    async fn set_password(&self, username: &str, password: &str) -> Result<(), DatabaseError>;

    /// The TCP port at which the function reaches the server.
    fn port(&self) -> u16 {
        self.server().port()
    }

    /// A second server of this kind on the same host. Blocks until it runs; the same one each time.
    ///
    /// # Errors
    /// The reason why it cannot be reached.
    fn elsewhere(&self) -> Result<Self, DatabaseError>
    where
        Self: Sized;

    /// Creates a user with this name and password, and no privileges except those of a master where it is
    /// one.
    async fn add_user(&self, login: &TestLogin, is_master: bool) -> Result<(), DatabaseError>;

    /// Grants a user a privilege that no other user of the tenant has and that [`Database::rights`]
    /// shows.
    async fn give(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError>;

    /// Whether there is a user with this name.
    async fn has_user(&self, username: &str) -> Result<bool, DatabaseError>;

    /// Drops a user as an administrator, together with everything that prevents the drop.
    async fn drop_user(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError>;

    /// Revokes a user's right to log in as an administrator, without changing its password.
    async fn lock_user(&self, username: &str) -> Result<(), DatabaseError>;

    /// How many logins of this user the server has accepted and refused. A login that a client has completed
    /// is counted.
    fn logins(&self, username: &str) -> Logins;

    /// The server's whole log, including statements.
    fn log(&self) -> String {
        self.server().log()
    }
}

/// A user, its objects, and its master.
#[derive(Clone)]
pub struct Tenant {
    /// The value of the user's secret, without `masterarn`.
    pub document: Value,
    /// The value of the master's secret.
    pub master: Value,
    /// The user's name with the suffix of its clone.
    pub clone: String,
}

impl Tenant {
    /// The original user.
    pub fn original(&self) -> &str {
        self.document["username"].as_str().unwrap_or_default()
    }

    /// The master's name.
    pub fn master_name(&self) -> &str {
        self.master["username"].as_str().unwrap_or_default()
    }

    /// The user, its clone and the master.
    pub fn users(&self) -> [&str; 3] {
        [self.original(), &self.clone, self.master_name()]
    }
}

/// The server, or the connection to it, failed for the suite.
#[derive(Debug)]
pub struct DatabaseError(String);

impl DatabaseError {
    /// An error with this text.
    pub fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string())
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the suite's own access to the database failed: {}", self.0)
    }
}

impl Error for DatabaseError {}
