//! The engine suite: what MongoDB owes the protocol as any engine does.

mod random;

use proptest::collection::vec;
use rotation_database::PairOwner;
use rotation_suites::{DatabaseError, EngineScene, EngineTopic, engine_suite, run_engine_topic};
use rotator_docdb::DocumentDb;
use serde_json::{Value, json};
use test_servers::{DocdbServer, MongoVersion, TestLogin, proxy::Preface};

use crate::fixture::{HOME, Lab, engine_for, fresh};

fn check(topic: EngineTopic) {
    run_engine_topic(topic, async || Ok(Lab::on(MongoVersion::V6_0).await));
}

engine_suite!(mongodb_6_0: check);

impl EngineScene for Lab {
    type Engine = DocumentDb;

    const RANDOM_USERS: u64 = 200;
    const PREFACE: Preface = Preface::None;

    fn engine(&self) -> DocumentDb {
        engine_for(self.server)
    }

    /// By way of the recording proxy; the users are defined where the pair is.
    fn document(&self, login: &TestLogin) -> Value {
        json!({
            "engine": "docdb", "host": "localhost", "port": self.recorder.port(), "dbname": self.home,
            "authdb": if login.username == self.master.username { HOME } else { &self.home },
            "username": login.username, "password": login.password,
        })
    }

    fn original(&self) -> &TestLogin {
        &self.app
    }

    fn master(&self) -> &TestLogin {
        &self.master
    }

    fn owner(&self) -> PairOwner {
        self.owner.clone()
    }

    async fn snapshot(&self) -> Result<String, DatabaseError> {
        Ok(self.snapshot().await)
    }

    async fn rights(&self, user: &TestLogin) -> Result<String, DatabaseError> {
        let shown = shown(self.server, &user.username).await?;
        serde_json::to_string_pretty(&shown).map_err(DatabaseError::new)
    }

    async fn give(&self, username: &str) -> Result<(), DatabaseError> {
        let role = json!([{"role": "read", "db": fresh("given").username}]);
        let grant = json!({"grantRolesToUser": username, "roles": role});
        self.server.command(&self.home, grant).await.map(drop).map_err(DatabaseError::new)
    }

    async fn draw(&mut self, seed: u64) -> Result<(), DatabaseError> {
        random::prepare(self.server).await;
        self.app = fresh("drawn");
        let mut create = random::drawn(&random::user(), seed);
        create["createUser"] = json!(self.app.username);
        create["pwd"] = json!(self.app.password);
        self.server.command(&self.home, create).await.map(drop).map_err(DatabaseError::new)
    }

    async fn alter(&self, username: &str, seed: u64) -> Result<(), DatabaseError> {
        for mut act in random::drawn(&vec(random::act(), 0..4), seed) {
            let kinds = ["grantRolesToUser", "revokeRolesFromUser", "updateUser"];
            let kind = kinds.into_iter().find(|kind| act.get(kind).is_some()).expect("one of the three");
            act[kind] = json!(username);
            if let Some(data) = act.get_mut("customData") {
                // Whoever changes it leaves the mark in place, or the clone is no longer known as one.
                let mark = self.custom_data(username).await["secretRotation"].take();
                if mark.is_object() {
                    data["secretRotation"] = mark;
                }
            }
            self.server.command(&self.home, act).await.map_err(DatabaseError::new)?;
        }
        Ok(())
    }

    /// Runs the first or the second command of each pair.
    async fn decide(&self, needed: &str, give: bool) -> Result<(), DatabaseError> {
        let commands: Vec<Value> = needed
            .split("db.getSiblingDB(\"admin\").runCommand(")
            .filter_map(|rest| serde_json::Deserializer::from_str(rest).into_iter().next()?.ok())
            .collect();
        let command = if give { commands.first() } else { commands.last() };
        let command = command.ok_or_else(|| DatabaseError::new(format!("no command in {needed}")))?;
        self.server.command(&self.home, command.clone()).await.map(drop).map_err(DatabaseError::new)
    }

    fn writes(&self) -> Vec<String> {
        let commands = self.recorder.commands().into_iter();
        let kind = |command: &Value| command.as_object().and_then(|all| all.keys().next().cloned());
        commands
            .filter(|command| kind(command).is_some_and(|kind| kind.ends_with("User")))
            .map(|command| command.to_string())
            .collect()
    }

    /// Without the password, and without a limit that depends on the time left.
    fn comparable(statement: &str) -> String {
        let mut command: Value = serde_json::from_str(statement).expect("a command as JSON");
        if command.get("pwd").is_some() {
            command["pwd"] = json!("...");
        }
        command["writeConcern"]["wtimeout"] = json!(0);
        command.to_string()
    }
}

/// All that the server shows of a user's rights. What people keep in `customData` is theirs for each of the
/// two.
async fn shown(server: &DocdbServer, user: &str) -> Result<Value, DatabaseError> {
    let question = json!({"usersInfo": {"user": user, "db": HOME}, "showPrivileges": true,
        "showAuthenticationRestrictions": true});
    let mut reply = server.command(HOME, question).await.map_err(DatabaseError::new)?;
    let mut user = reply["users"][0].take();
    let sorted = |list: &Value| {
        let mut all: Vec<_> = list.as_array().into_iter().flatten().map(Value::to_string).collect();
        all.sort();
        all
    };
    Ok(json!({
        "roles": sorted(&user["roles"]),
        "inheritedRoles": sorted(&user["inheritedRoles"]),
        "inheritedPrivileges": actions(&user["inheritedPrivileges"]),
        "mechanisms": sorted(&user["mechanisms"]),
        "restrictions": user["authenticationRestrictions"].take(),
    }))
}

/// Each action on each resource.
fn actions(privileges: &Value) -> Vec<String> {
    let on = |privilege: &Value| {
        let actions = privilege["actions"].as_array().cloned().unwrap_or_default();
        let resource = privilege["resource"].to_string();
        actions.into_iter().map(move |action| format!("{action} on {resource}"))
    };
    let mut all: Vec<_> = privileges.as_array().into_iter().flatten().flat_map(on).collect();
    all.sort();
    all
}
