//! What the local environment needs of a database, whichever it is.

use std::collections::BTreeMap;

use anyhow::Result;
use local_aws::BoxFuture;
use serde_json::Value;
use test_servers::{DatabaseServer, TestLogin};
use uuid::Uuid;

use super::shop::DATABASE;

/// A running server with what the demo shows of it.
pub(crate) trait Server: Send + Sync {
    /// The server itself.
    fn server(&self) -> &dyn DatabaseServer;

    /// The port through which functions reach it.
    fn port(&self) -> u16 {
        self.server().port()
    }

    /// The value of a secret for this login.
    fn document(&self, login: &TestLogin) -> Value {
        let mut document = self.server().document(login);
        document["dbname"] = Value::from(DATABASE);
        document
    }

    /// Creates the database, the users and a table of `checkout`.
    fn populate(&self) -> BoxFuture<'_, Result<Users>>;

    /// Logs in and leaves again.
    fn try_login<'a>(&'a self, login: &'a TestLogin) -> BoxFuture<'a, Access>;

    /// The logins so far. They are counted before the client has its answer.
    fn logins(&self) -> Logins;

    /// How they are counted.
    fn ledger(&self) -> Ledger;

    /// What [`DatabaseServer::log`] is.
    fn log_title(&self) -> &'static str;

    /// The consequence of a single-user rotation for applications.
    fn continuity(&self) -> Continuity;

    /// The subjects of [`inspect`](Self::inspect) about the clone, one sentence each.
    fn rights(&self) -> Vec<String>;

    /// Works as the clone, and checks it: one finding for each sentence of [`rights`](Self::rights).
    fn inspect<'a>(&'a self, clone: &'a TestLogin) -> BoxFuture<'a, Vec<Finding>>;
}

/// The result of trying a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    LogsIn,
    /// With the server's code.
    Refused(String),
    /// Not tried, because there is no such user, or no login to try.
    Nobody,
}

/// What was found, in a few words; an error where it is not as expected.
pub(crate) type Finding = Result<String, String>;

/// Those whose passwords are rotated, and their master.
pub(crate) struct Users {
    /// With no more privileges than AWS gives its customers.
    pub(crate) master: TestLogin,
    pub(crate) reporting: TestLogin,
    /// `checkout`, with privileges that its clone has to get.
    pub(crate) owner: TestLogin,
}

/// What counts logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ledger {
    /// The server in its log, including the demo's own.
    Log,
    /// A relay between the functions and the server. The demo's own logins do not pass through it.
    Relay,
    /// The guard in front of the server, the only part that asks for passwords. The demo's own do not pass
    /// through it.
    Guard,
}

/// How many passwords a user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Continuity {
    /// One: from setSecret to finishSecret AWSCURRENT names a password that no longer works.
    OnePassword,
    /// Two: the previous one keeps working until the next rotation.
    TwoPasswords,
}

/// Logins, as the server counts them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logins {
    pub(crate) accepted: usize,
    /// By user and, where the log has it, the reason.
    pub(crate) refused: BTreeMap<String, usize>,
}

impl Logins {
    /// Those after `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut refused = self.refused.clone();
        for (who, count) in &earlier.refused {
            if let Some(now) = refused.get_mut(who) {
                *now -= count;
            }
        }
        refused.retain(|_, count| *count > 0);
        Self { accepted: self.accepted - earlier.accepted, refused }
    }

    /// Adds these.
    pub(crate) fn add(&mut self, more: Self) {
        self.accepted += more.accepted;
        for (who, count) in more.refused {
            *self.refused.entry(who).or_default() += count;
        }
    }

    /// How many were refused.
    pub(crate) fn refusals(&self) -> usize {
        self.refused.values().sum()
    }
}

/// A login with a new password of 32 hexadecimal digits.
pub(super) fn new_login(username: &str) -> TestLogin {
    TestLogin { username: username.to_owned(), password: Uuid::new_v4().simple().to_string() }
}
