//! A server that speaks MongoDB's protocol, started for tests and the demo.

mod bson;
mod builder;
mod client;
mod dialogue;
mod judge;
mod product;
mod proxy;
mod replica_set;
mod settings;

// Circle: a builder starts the server, and the server keeps its builder to start again.
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde_json::{Value, json};

use crate::authority::TestAuthority;

use super::{account::Account, guardian::Guardian, postgres::TestLogin};

pub use builder::{DocdbBuilder, DocdbLaunchError};
pub use client::DocdbQueryError;
pub use product::{DocdbProduct, MongoVersion};
pub use proxy::{DocdbProxy, ProxyAction};
pub use replica_set::{MongoReplicaSet, MongoSetClient};

use client::{Client, Who};
use judge::Judge;

/// A running server of its own, with its own data, on a port that the system chose: MongoDB, unless another
/// product was requested.
///
/// It listens on 127.0.0.1 (use the name `localhost`), requires authentication, and speaks TLS with a
/// certificate of its [`authority`](Self::authority). It is stopped at once, and its folder removed, when
/// this value is dropped or when this process ends in any way.
pub struct DocdbServer {
    product: DocdbProduct,
    port: u16,
    folder: PathBuf,
    account: Account,
    admin: TestLogin,
    authority: Arc<TestAuthority>,
    client: Arc<Mutex<Client>>,
    guardian: Mutex<Guardian>,
    judge: Judge,
    built: DocdbBuilder,
}

impl DocdbServer {
    /// Prepares a server with TLS; [`DocdbBuilder::start`] starts it.
    pub fn builder() -> DocdbBuilder {
        DocdbBuilder::new()
    }

    /// The server of this product that all tests of this process share, started by the first that needs it.
    ///
    /// Blocks for some seconds when it starts. Use names of your own.
    ///
    /// # Errors
    /// Why it could not be started; the same error for every caller.
    pub fn shared(product: DocdbProduct) -> Result<&'static Self, DocdbLaunchError> {
        static SERVERS: [OnceLock<Result<DocdbServer, DocdbLaunchError>>; DocdbProduct::ALL.len()] =
            [const { OnceLock::new() }; DocdbProduct::ALL.len()];
        let place = DocdbProduct::ALL.iter().position(|known| *known == product);
        let server = &SERVERS[place.expect("the list is whole")];
        let start = || Self::builder().product(product).start();
        server.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// The product.
    pub fn product(&self) -> DocdbProduct {
        self.product
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

    /// The administrator. A rotation must never need it; it is for preparation and inspection.
    pub fn admin(&self) -> &TestLogin {
        &self.admin
    }

    /// Runs a command as the administrator and returns the reply.
    ///
    /// # Errors
    /// [`DocdbQueryError`] with the server's code.
    pub async fn command(&self, database: &str, command: Value) -> Result<Value, DocdbQueryError> {
        let admin = self.admin.clone();
        self.ask(Some((admin, "admin".to_owned(), true)), database, vec![command]).await
    }

    /// Logs in as this user, who is defined in the database `home`, and runs commands up to the first that
    /// fails.
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

    /// As [`commands_as`](Self::commands_as), on a connection that stays open and that the next call with the
    /// same login uses.
    ///
    /// # Errors
    /// As [`commands_as`](Self::commands_as).
    pub async fn commands_on_open_connection(
        &self,
        login: &TestLogin,
        home: &str,
        database: &str,
        commands: Vec<Value>,
    ) -> Result<Value, DocdbQueryError> {
        self.ask(Some((login.clone(), home.to_owned(), true)), database, commands).await
    }

    /// A user with these roles and a new password, in the database `home`.
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

    /// A user as the administrator sees it; null where it does not exist.
    ///
    /// # Errors
    /// [`DocdbQueryError`] with the server's code.
    pub async fn user(&self, home: &str, username: &str) -> Result<Value, DocdbQueryError> {
        let mut reply = self.command(home, json!({"usersInfo": {"user": username, "db": home}})).await?;
        Ok(reply["users"].get_mut(0).map(Value::take).unwrap_or_default())
    }

    /// Everything in the server's log.
    pub fn log(&self) -> String {
        read(&self.folder.join("log"))
    }

    /// Ends the server at once (`KILL`) or cleanly (`TERM`), and keeps its data and its port.
    ///
    /// # Errors
    /// When its guardian is gone.
    pub fn stop(&self, signal: &str) -> io::Result<()> {
        self.guardian().stop(signal)
    }

    /// Starts a server that was stopped, and waits until it accepts connections.
    ///
    /// # Errors
    /// When it does not.
    pub fn start_again(&self) -> Result<(), DocdbLaunchError> {
        self.guardian().start_again()?;
        builder::wait_until_ready(&self.guardian(), &self.folder, self.port)
    }

    /// Ends the server cleanly and starts it with other settings, on its data and its port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_as(
        &self,
        change: impl FnOnce(DocdbBuilder) -> DocdbBuilder,
    ) -> Result<(), DocdbLaunchError> {
        change(self.built.clone()).configure(self.account, &self.folder, self.port, true)?;
        self.stop("TERM")?;
        self.start_again()?;
        // The client detects only with a command that its connection is gone.
        let _ = self.check_admin();
        Ok(self.check_admin()?)
    }

    /// Freezes the server: it keeps its connections and answers nothing, as behind a broken network.
    ///
    /// # Errors
    /// When its guardian is gone.
    pub fn freeze(&self) -> io::Result<()> {
        self.guardian().send("STOP")
    }

    /// Resumes a frozen server.
    ///
    /// # Errors
    /// When its guardian is gone.
    pub fn thaw(&self) -> io::Result<()> {
        self.guardian().send("CONT")
    }

    /// Whether its process runs and is not frozen.
    pub fn is_awake(&self) -> bool {
        self.guardian().server_is_awake()
    }

    /// Through the exception by which a server without users admits a client.
    fn create_admin(&self) -> Result<(), DocdbQueryError> {
        let create = json!({"createUser": self.admin.username, "pwd": self.admin.password,
            "roles": [{"role": "root", "db": "admin"}]});
        self.ask_now(None, "admin", &[create]).map(drop)
    }

    fn check_admin(&self) -> Result<(), DocdbQueryError> {
        let who = Who { login: &self.admin, home: "admin", keep: true };
        self.ask_now(Some(who), "admin", &[json!({"ping": 1})]).map(drop)
    }

    fn ask_now(
        &self,
        who: Option<Who<'_>>,
        database: &str,
        commands: &[Value],
    ) -> Result<Value, DocdbQueryError> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).run(who, database, commands)
    }

    fn guardian(&self) -> MutexGuard<'_, Guardian> {
        self.guardian.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(
        &self,
        who: Option<(TestLogin, String, bool)>,
        database: &str,
        commands: Vec<Value>,
    ) -> Result<Value, DocdbQueryError> {
        client::ask(&self.client, who, database, commands).await
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
