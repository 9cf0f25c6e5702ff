//! Three members of MongoDB's own, of which one is the primary until a test says otherwise.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::authority::TestAuthority;

use super::{
    DocdbServer,
    builder::DocdbLaunchError,
    client::DocdbQueryError,
    product::{DocdbProduct, MongoVersion},
};

/// How long an election may take on a busy machine.
const ELECTION_LIMIT: Duration = Duration::from_mins(2);

/// A replica set of three members, each a process of its own, with one authority and one administrator.
#[derive(Debug)]
pub struct MongoReplicaSet {
    name: String,
    members: Vec<DocdbServer>,
}

impl MongoReplicaSet {
    /// Starts three members that hold data, or two and an arbiter, and waits for their first primary; blocks for some
    /// seconds.
    ///
    /// # Errors
    /// When the programs are missing or fail, with the server's own words.
    pub fn start(version: MongoVersion, with_arbiter: bool) -> Result<Self, DocdbLaunchError> {
        let (name, key) = ("rs0".to_owned(), uuid::Uuid::new_v4().simple().to_string());
        let builder = DocdbServer::builder().product(DocdbProduct::MongoDb(version));
        // A member that is told to end waits for its clients for 15 s by default.
        let builder = if version == MongoVersion::V4_4 {
            builder
        } else {
            builder.parameter("shutdownTimeoutMillisForSignaledShutdown", "100")
        };
        let builder = builder.authority(Arc::new(TestAuthority::new())).member(&name, &key);
        let members = (0..3).map(|_| builder.launch()).collect::<Result<Vec<_>, _>>()?;
        let set = Self { name, members };
        let described = set.members.iter().enumerate().map(|(id, member)| {
            json!({"_id": id, "host": format!("localhost:{}", member.port()),
                "arbiterOnly": with_arbiter && id == 2})
        });
        let config = json!({
            "_id": set.name,
            "members": described.collect::<Vec<_>>(),
            "settings": {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500},
        });
        set.members[0].ask_now(None, "admin", &[json!({"replSetInitiate": config})])?;
        set.primary()?.create_admin()?;
        set.primary()?.check_admin()?;
        Ok(set)
    }

    /// The set's name, as a driver's `replicaSet` wants it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All members, whatever they are at the moment.
    pub fn members(&self) -> &[DocdbServer] {
        &self.members
    }

    /// The member that takes writes, waited for; blocks.
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
    /// What the primary answers.
    pub fn settle(&self) -> Result<(), DocdbLaunchError> {
        let primary = self.primary()?;
        let note = json!({"insert": "settled", "documents": [{}],
            "writeConcern": {"w": self.members.iter().filter(|member| member.holds_data()).count()}});
        primary.as_admin("test", note).map(drop).map_err(Into::into)
    }
}

impl DocdbServer {
    fn hello(&self) -> Value {
        let Ok(mut client) = self.client.try_lock() else { return Value::Null };
        client.run(None, "admin", &[json!({"hello": 1})]).unwrap_or_default()
    }

    fn takes_writes(&self) -> bool {
        self.answers() && self.hello()["isWritablePrimary"] == true
    }

    fn holds_data(&self) -> bool {
        self.answers() && self.hello()["arbiterOnly"] != true
    }

    /// Whether its process runs: a frozen or stopped one would be waited for.
    fn answers(&self) -> bool {
        self.guardian().server_is_awake()
    }

    fn as_admin(&self, database: &str, command: Value) -> Result<Value, DocdbQueryError> {
        let who = super::client::Who { login: &self.admin, home: "admin", keep: true };
        self.ask_now(Some(who), database, &[command])
    }
}
