//! A server that speaks MongoDB's protocol, started for tests and the demo.

mod bson;
mod builder;
mod client;
mod witness;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde_json::{Value, json};

use crate::authority::TestAuthority;

use super::{guardian::Guardian, postgres::TestLogin};

pub use builder::{DocdbBuilder, DocdbLaunchError};
pub use client::DocdbQueryError;
pub use witness::{DocdbWitness, WitnessAction};

use client::{Client, Who};

/// A running `SecantusDB` of its own, with its own data, on a port that the system chose.
///
/// It listens on 127.0.0.1 (name it `localhost`), asks for authentication, and speaks TLS by a certificate of its
/// [`authority`](Self::authority). It is stopped at once, and its folder removed, when this value is dropped or when
/// this process ends in any way.
///
/// Where it differs from MongoDB: it keeps no `customData` and no authentication restrictions, escapes no `=` and `,`
/// in user names, shows a user its own account only with `viewUser`, and writes no logins down (see
/// [`DocdbWitness`]).
pub struct DocdbServer {
    port: u16,
    folder: PathBuf,
    admin: TestLogin,
    authority: Arc<TestAuthority>,
    client: Arc<Mutex<Client>>,
    _guardian: Mutex<Guardian>,
}

impl DocdbServer {
    /// Prepares a server with TLS; [`DocdbBuilder::start`] starts it.
    pub fn builder() -> DocdbBuilder {
        DocdbBuilder::new()
    }

    /// The server that all tests of this process share, started by the first that asks.
    ///
    /// Blocks for some seconds when it starts. Use names of your own.
    ///
    /// # Errors
    /// Why it could not be started; the same error for everybody who asks.
    pub fn shared() -> Result<&'static Self, DocdbLaunchError> {
        static SERVER: OnceLock<Result<DocdbServer, DocdbLaunchError>> = OnceLock::new();
        SERVER.get_or_init(|| Self::builder().start()).as_ref().map_err(Clone::clone)
    }

    /// The name to connect to, which the server's certificate carries.
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that signed the server's certificate, unless another certificate was given.
    pub fn authority(&self) -> &Arc<TestAuthority> {
        &self.authority
    }

    /// The administrator. A rotation must never need it; it is here to prepare and to look.
    pub fn admin(&self) -> &TestLogin {
        &self.admin
    }

    /// Runs a command as the administrator and gives the reply.
    ///
    /// # Errors
    /// [`DocdbQueryError`] with the server's code.
    pub async fn command(&self, database: &str, command: Value) -> Result<Value, DocdbQueryError> {
        let admin = self.admin.clone();
        self.ask(Some((admin, "admin".to_owned(), true)), database, vec![command]).await
    }

    /// Logs in as this user, who is defined in the database `home`, and runs commands up to the first that fails.
    ///
    /// # Errors
    /// [`DocdbQueryError`]; code 18 where the login is refused.
    pub async fn commands_as(
        &self,
        login: &TestLogin,
        home: &str,
        database: &str,
        commands: Vec<Value>,
    ) -> Result<Value, DocdbQueryError> {
        self.ask(Some((login.clone(), home.to_owned(), false)), database, commands).await
    }

    /// A user with these roles and a password made on the spot, in the database `home`.
    ///
    /// # Errors
    /// [`DocdbQueryError`] with the server's code.
    pub async fn create_user(
        &self,
        home: &str,
        login: &TestLogin,
        roles: Value,
    ) -> Result<(), DocdbQueryError> {
        let mechanisms = ["SCRAM-SHA-1", "SCRAM-SHA-256"];
        let create = json!({"createUser": login.username, "pwd": login.password, "roles": roles,
            "mechanisms": mechanisms});
        self.command(home, create).await.map(drop)
    }

    /// A user as the administrator sees it; null where there is none.
    ///
    /// # Errors
    /// [`DocdbQueryError`] with the server's code.
    pub async fn user(&self, home: &str, username: &str) -> Result<Value, DocdbQueryError> {
        let mut reply = self.command(home, json!({"usersInfo": {"user": username, "db": home}})).await?;
        Ok(reply["users"].get_mut(0).map(Value::take).unwrap_or_default())
    }

    /// All that the server wrote down.
    pub fn log(&self) -> String {
        read(&self.folder.join("log"))
    }

    async fn ask(
        &self,
        who: Option<(TestLogin, String, bool)>,
        database: &str,
        commands: Vec<Value>,
    ) -> Result<Value, DocdbQueryError> {
        let (client, database) = (Arc::clone(&self.client), database.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            let who = who.as_ref().map(|(login, home, keep)| Who { login, home, keep: *keep });
            client.lock().unwrap_or_else(PoisonError::into_inner).run(who, &database, &commands)
        });
        asked.await.expect("the client does not panic")
    }
}

impl std::fmt::Debug for DocdbServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocdbServer").field("port", &self.port).finish_non_exhaustive()
    }
}

fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
