//! Three members of MongoDB's own server. One of them is the primary, until a test changes that.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{authority::TestAuthority, postgres::TestLogin};

use super::{
    DocdbServer,
    builder::DocdbLaunchError,
    client::{self, Client, DocdbQueryError},
    product::{DocdbProduct, MongoVersion},
};

/// How long an election may take on a busy machine.
const ELECTION_LIMIT: Duration = Duration::from_mins(2);

/// How long members may take to catch up, in milliseconds: less than a client waits for an answer.
const SETTLE_LIMIT: u32 = 25_000;

/// A replica set of three members, each a process of its own, with one authority and one administrator.
pub struct MongoReplicaSet {
    name: String,
    members: Vec<DocdbServer>,
    authority: PathBuf,
    client: MongoSetClient,
}

/// A client with MongoDB's own driver that finds the primary by itself, as applications do. Each is a process
/// of its own.
#[derive(Clone)]
pub struct MongoSetClient(Arc<Mutex<Client>>);

impl MongoSetClient {
    fn start(servers: &str, replica_set: &str, authority: &Path) -> io::Result<Self> {
        let client = Client::of_servers(&DocdbProduct::python(), servers, replica_set, authority)?;
        Ok(Self(Arc::new(Mutex::new(client))))
    }

    /// Logs in to the set and runs commands up to the first that fails.
    ///
    /// # Errors
    /// [`DocdbQueryError`]; code 18 where the primary refuses the login, no code where none is found in time.
    pub async fn commands_as(
        &self,
        login: &TestLogin,
        home: &str,
        database: &str,
        commands: Vec<Value>,
    ) -> Result<Value, DocdbQueryError> {
        client::ask(&self.0, Some((login.clone(), home.to_owned(), false)), database, commands).await
    }
}

impl MongoReplicaSet {
    /// Starts three members that hold data, or two and an arbiter, and waits for their first primary; blocks
    /// for some seconds.
    ///
    /// # Errors
    /// When the programs are missing or fail, with the server's own message.
    pub fn start(version: MongoVersion, with_arbiter: bool) -> Result<Self, DocdbLaunchError> {
        let (name, key) = ("rs0".to_owned(), uuid::Uuid::new_v4().simple().to_string());
        let builder = DocdbServer::builder().product(DocdbProduct::MongoDb(version));
        // By default, a member that is asked to end waits for its clients for 15 s.
        let builder = if version == MongoVersion::V4_4 {
            builder
        } else {
            builder.parameter("shutdownTimeoutMillisForSignaledShutdown", "100")
        };
        let builder = builder.authority(Arc::new(TestAuthority::new())).member(&name, &key);
        let members = (0..3).map(|_| builder.launch()).collect::<Result<Vec<_>, _>>()?;
        let described = members.iter().enumerate().map(|(id, member)| {
            json!({"_id": id, "host": format!("localhost:{}", member.port()),
                "arbiterOnly": with_arbiter && id == 2})
        });
        let config = json!({
            "_id": name,
            "members": described.collect::<Vec<_>>(),
            "settings": {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 250},
        });
        members[0].ask_now(None, "admin", &[json!({"replSetInitiate": config})])?;
        let (servers, authority) = (seed_list(&members), members[0].folder.join("ca.crt"));
        let client = MongoSetClient::start(&servers, &name, &authority)?;
        let set = Self { name, members, authority, client };
        set.primary()?.create_admin()?;
        set.primary()?.check_admin()?;
        Ok(set)
    }

    /// The set's name, for a driver's `replicaSet`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The members as a driver's seed list, and as `host` of a secret.
    pub fn seed_list(&self) -> String {
        seed_list(&self.members)
    }

    /// The client that this set was started with.
    pub fn client(&self) -> &MongoSetClient {
        &self.client
    }

    /// Another one, which does not wait for users of the first.
    ///
    /// # Errors
    /// When its process does not start.
    pub fn another_client(&self) -> io::Result<MongoSetClient> {
        MongoSetClient::start(&self.seed_list(), &self.name, &self.authority)
    }

    /// Makes the primary step down, cleanly and without a wait; blocks.
    ///
    /// # Errors
    /// The server's error.
    pub fn step_down(&self) -> Result<(), DocdbLaunchError> {
        let order = json!({"replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 0, "force": true});
        self.primary()?.as_admin("admin", order).map(drop).map_err(Into::into)
    }

    /// Starts what was stopped and thaws what was frozen, and waits until all are in sync; blocks.
    ///
    /// # Errors
    /// When a member does not come back.
    pub fn revive(&self) -> Result<(), DocdbLaunchError> {
        for member in &self.members {
            member.thaw()?;
            if !member.guardian().server_runs() {
                member.start_again()?;
            }
        }
        self.settle()
    }

    /// All members, whatever their state.
    pub fn members(&self) -> &[DocdbServer] {
        &self.members
    }

    /// Waits for the member that takes writes; blocks.
    ///
    /// # Errors
    /// [`DocdbLaunchError::NotReady`] where none is elected within two minutes.
    pub fn primary(&self) -> Result<&DocdbServer, DocdbLaunchError> {
        let limit = Instant::now() + ELECTION_LIMIT;
        while Instant::now() < limit {
            if let Some(primary) = self.members.iter().find(|member| member.takes_writes()) {
                return Ok(primary);
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = self.members.iter().map(DocdbServer::log).collect::<Vec<_>>().join("\n");
        Err(DocdbLaunchError::NotReady { log })
    }

    /// The members that hold data and are not the primary at the moment.
    ///
    /// # Errors
    /// As [`primary`](Self::primary).
    pub fn secondaries(&self) -> Result<Vec<&DocdbServer>, DocdbLaunchError> {
        let primary = self.primary()?.port();
        Ok(self.members.iter().filter(|member| member.port() != primary && member.holds_data()).collect())
    }

    /// Waits until every member that answers and holds data has all that the primary has; blocks.
    ///
    /// # Errors
    /// The primary's error.
    pub fn settle(&self) -> Result<(), DocdbLaunchError> {
        let primary = self.primary()?;
        let note = json!({"insert": "settled", "documents": [{}],
            "writeConcern": {"w": self.members.iter().filter(|member| member.holds_data()).count(),
                "wtimeout": SETTLE_LIMIT}});
        let reply = primary.as_admin("test", note)?;
        if reply.get("writeConcernError").is_some() {
            return Err(DocdbLaunchError::NotReady { log: reply.to_string() });
        }
        Ok(())
    }
}

fn seed_list(members: &[DocdbServer]) -> String {
    let members: Vec<_> = members.iter().map(|member| format!("localhost:{}", member.port())).collect();
    members.join(",")
}

impl std::fmt::Debug for MongoReplicaSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoReplicaSet").field("members", &self.members).finish_non_exhaustive()
    }
}

impl DocdbServer {
    fn hello(&self) -> Value {
        let Ok(mut client) = self.client.try_lock() else { return Value::Null };
        client.run(None, "admin", &[json!({"hello": 1})]).unwrap_or_default()
    }

    fn takes_writes(&self) -> bool {
        self.is_awake() && self.hello()["isWritablePrimary"] == true
    }

    fn holds_data(&self) -> bool {
        self.is_awake() && self.hello()["arbiterOnly"] != true
    }

    fn as_admin(&self, database: &str, command: Value) -> Result<Value, DocdbQueryError> {
        let who = super::client::Who { login: &self.admin, home: "admin", keep: true };
        self.ask_now(Some(who), database, &[command])
    }
}
