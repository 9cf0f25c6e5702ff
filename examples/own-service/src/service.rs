//! The service that is rotated: users, each with one API token and at most two access keys. The program
//! `example_service` serves it over HTTP; the kit calls it without a network.
//!
//! | Request | Authorized by | Answer |
//! |---|---|---|
//! | `GET /whoami` | `Bearer TOKEN` or `Key ID:SECRET` | `{"user": "…"}` |
//! | `PUT /token` with `{"token": "…"}` | `Bearer TOKEN` | 204; the old token ends at once |
//! | `GET /keys` | `Key ID:SECRET` | `{"keys": ["ID", …]}` |
//! | `POST /keys` | `Key ID:SECRET` | 201 `{"keyId": "…", "secretKey": "…"}`; 409 with two keys |
//! | `DELETE /keys` with `{"keyId": "…"}` | `Key ID:SECRET` | 204; 404 where there is none |
//!
//! 401 where the credential is not accepted, 422 for a token that is too short.

use std::collections::BTreeMap;

use serde_json::{Value, json};

const MOST_KEYS: usize = 2;
const SHORTEST_TOKEN: usize = 20;

/// The state of the service.
#[derive(Default)]
pub struct Accounts(BTreeMap<String, Account>);

/// One user.
pub struct Account {
    pub token: String,
    /// Secrets by the ids of their keys.
    pub keys: BTreeMap<String, String>,
}

impl Accounts {
    /// Adds a user with a token and one access key.
    pub fn add(&mut self, user: &str) -> &Account {
        let account = Account { token: random(), keys: BTreeMap::from([(random(), random())]) };
        self.0.entry(user.to_owned()).or_insert(account)
    }

    pub fn account(&self, user: &str) -> Option<&Account> {
        self.0.get(user)
    }

    /// Answers one request with a status and a body.
    pub fn answer(&mut self, operation: &str, authorization: &str, body: &Value) -> (u16, Value) {
        let owner = self.0.iter_mut().find(|(_, account)| account.admits(authorization));
        let Some((user, account)) = owner else { return (401, Value::Null) };
        let by_key = authorization.starts_with("Key ");
        match (operation, by_key) {
            ("GET /whoami", _) => (200, json!({ "user": user })),
            ("PUT /token", false) => match body["token"].as_str() {
                Some(token) if token.len() >= SHORTEST_TOKEN => {
                    token.clone_into(&mut account.token);
                    (204, Value::Null)
                }
                _ => (422, Value::Null),
            },
            ("GET /keys", true) => (200, json!({ "keys": account.keys.keys().collect::<Vec<_>>() })),
            ("POST /keys", true) if account.keys.len() >= MOST_KEYS => (409, Value::Null),
            ("POST /keys", true) => {
                let (id, secret) = (random(), random());
                account.keys.insert(id.clone(), secret.clone());
                (201, json!({ "keyId": id, "secretKey": secret }))
            }
            ("DELETE /keys", true) => {
                let id = body["keyId"].as_str().unwrap_or_default();
                (if account.keys.remove(id).is_some() { 204 } else { 404 }, Value::Null)
            }
            _ => (404, Value::Null),
        }
    }
}

impl Account {
    fn admits(&self, authorization: &str) -> bool {
        match authorization.split_once(' ') {
            Some(("Bearer", token)) => token == self.token,
            Some(("Key", key)) => key
                .split_once(':')
                .is_some_and(|(id, secret)| self.keys.get(id).is_some_and(|held| held == secret)),
            _ => false,
        }
    }

    /// The first secrets: one for the token, one for the access key.
    pub fn secrets(&self, user: &str) -> (Value, Value) {
        let (id, secret) = self.keys.iter().next().map_or(("", ""), |(id, secret)| (id, secret));
        (
            json!({ "user": user, "token": self.token }),
            json!({ "user": user, "keyId": id, "secretKey": secret }),
        )
    }
}

fn random() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
