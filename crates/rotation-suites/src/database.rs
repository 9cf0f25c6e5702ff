//! What a database must do for the suite, behind the back of the program under test.

use std::{error::Error, fmt};

use serde_json::Value;
use test_servers::{DatabaseServer, Logins, TestLogin};

use super::Owner;

/// A server of some engine, as the suite sees it.
///
/// Nothing here may show up in the server's log as a statement that holds a password: the suite searches that
/// log.
pub trait Database: 'static {
    /// Whether the server knows users that exist and may not log in, and says so to them.
    const LOCKS_USERS: bool = true;

    /// Whether a change of users waits for another one of the same users that is under way, so that the later
    /// one writes last.
    const CHANGES_WAIT: bool = true;

    /// Whether a rotation leaves the live clone what it was given.
    const KEEPS_WHAT_IS_GIVEN: bool = true;

    /// Whether `host` of a secret may list the members of a replica set.
    const LISTS_MEMBERS: bool = false;

    /// A test statement that any tenant may run.
    const TEST_STATEMENT: &'static str;

    /// One that the function takes and the server refuses to any tenant.
    const REFUSED_STATEMENT: &'static str;

    /// The server itself.
    fn server(&self) -> &dyn DatabaseServer;

    /// Whether a pair of users carries the secret that it belongs to.
    fn marks_pairs(&self) -> bool {
        true
    }

    /// The services of AWS that manage masters of this engine, each with its word for the engine.
    fn owners(&self) -> Vec<(Owner, &'static str)>;

    /// A new user with rights and data worth comparing, in a place of its own, and a master that may change
    /// that user and no more than a managed service's master may.
    async fn create_tenant(&self) -> Result<Tenant, DatabaseError>;

    /// Logs in with a secret's document and does the work that an application would. `false` where the server
    /// refuses the login; anything else that goes wrong is an error.
    async fn opens(&self, document: &Value) -> Result<bool, DatabaseError>;

    /// What a user may do, in a text that is equal for two users with equal rights: grants, memberships,
    /// settings, limits, as seen by that user at work.
    async fn rights(&self, tenant: &Tenant, username: &str) -> Result<String, DatabaseError>;

    /// Changes the password of a user as an administrator.
    async fn set_password(&self, username: &str, password: &str) -> Result<(), DatabaseError>;

    /// The TCP port by which the function reaches the server.
    fn port(&self) -> u16 {
        self.server().port()
    }

    /// A second server of the kind on the same host. Blocks until it runs; the same one each time.
    ///
    /// # Errors
    /// Why it cannot be reached.
    fn elsewhere(&self) -> Result<Self, DatabaseError>
    where
        Self: Sized;

    /// Makes a user with this name and password, and no rights but those of a master where it is one.
    async fn add_user(&self, login: &TestLogin, is_master: bool) -> Result<(), DatabaseError>;

    /// Gives a user a right of its own that no other user of the tenant has and that [`Database::rights`]
    /// shows.
    async fn give(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError>;

    /// Whether there is a user of this name.
    async fn has_user(&self, username: &str) -> Result<bool, DatabaseError>;

    /// Removes a user as an administrator, with whatever keeps it from being removed.
    async fn drop_user(&self, tenant: &Tenant, username: &str) -> Result<(), DatabaseError>;

    /// Takes the right to log in from a user as an administrator, without a change of its password.
    async fn lock_user(&self, username: &str) -> Result<(), DatabaseError>;

    /// How many logins of this user the server accepted and refused so far. A login that a client has seen
    /// the end of is counted.
    fn logins(&self, username: &str) -> Logins;

    /// All that the server wrote down, statements included.
    fn log(&self) -> String {
        self.server().log()
    }
}

/// A user, what it owns, and who is its master.
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
    /// The user that a person made.
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

/// The server, or the way to it, did not do what the suite asked.
#[derive(Debug)]
pub struct DatabaseError(String);

impl DatabaseError {
    /// An error with these words.
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
