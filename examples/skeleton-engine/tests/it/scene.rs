//! A pair of users and a master, for the engine suite.

use rotation_suites::{DatabaseError, EngineScene};
use serde_json::{Value, json};
use skeleton_engine::Skeleton;
use test_servers::{TestLogin, proxy::Preface};

pub(crate) struct Pair {
    original: TestLogin,
    master: TestLogin,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let user = |name: &str| TestLogin { username: name.into(), password: format!("First-1-of-{name}") };
        Self { original: user("app"), master: user("master") }
    }
}

impl EngineScene for Pair {
    type Engine = Skeleton;
    const RANDOM_USERS: u64 = 30;
    const PREFACE: Preface = Preface::None;

    fn engine(&self) -> Skeleton {
        Skeleton
    }
    fn document(&self, login: &TestLogin) -> Value {
        let (username, password) = (&login.username, &login.password);
        json!({"engine": "skeleton", "host": "localhost", "username": username, "password": password})
    }
    fn original(&self) -> &TestLogin {
        &self.original
    }
    fn master(&self) -> &TestLogin {
        &self.master
    }

    unwritten! {
        fn snapshot() -> String: "all that the server keeps of both users and their master";
        fn rights(&TestLogin) -> String: "a text that is equal for users with equal rights";
        fn give(&str) -> (): "one grant that the user has not had";
        fn alter(&str, u64) -> (): "the random changes";
        fn decide(&str, bool) -> (): "how an administrator runs the statements of a refusal";
    }

    async fn draw(&mut self, _: u64) -> Result<(), DatabaseError> {
        Err(DatabaseError::new("draw: write the random users (not written yet)"))
    }
    fn writes(&self) -> Vec<String> {
        Vec::new()
    }
}
