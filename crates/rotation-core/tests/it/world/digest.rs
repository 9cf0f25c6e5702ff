//! Whether two worlds are the same but for what passwords happen to read.

use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{MASTER, Value, World};

impl World {
    /// A number that is equal for worlds that no call can tell apart. A password counts as the version that holds it.
    pub(crate) fn digest(&self) -> u64 {
        let (store, server) = (self.store.borrow(), self.server.borrow());
        let versions = &store.secret().versions;
        let mut known = Vec::new();
        for (id, version) in versions {
            if let Some(Value::Text(text)) = &version.value {
                let (username, password) = credentials(text);
                known.push((id.as_str(), username, password));
            }
        }
        let holder = |password: &str| known.iter().position(|(_, _, held)| held == password);
        let mut hasher = DefaultHasher::new();
        for (id, version) in versions {
            (id.as_str(), &version.labels, version.value.is_some()).hash(&mut hasher);
        }
        for (id, username, password) in &known {
            (id, username, holder(password)).hash(&mut hasher);
        }
        for (name, user) in &server.users {
            let mut known = |password: Option<&str>| {
                let unknown = password.filter(|password| holder(password).is_none());
                (unknown, password.and_then(holder)).hash(&mut hasher);
            };
            known(user.password.as_deref());
            known(user.secondary.as_deref());
            let mut history: Vec<_> = user.history.iter().map(|password| holder(password)).collect();
            history.sort_unstable();
            (name, history, &user.grants, &user.clone_of).hash(&mut hasher);
        }
        let secret = store.secret();
        (secret.rotation_enabled, secret.deleted, store.secrets[MASTER].versions.len()).hash(&mut hasher);
        server.locks.hash(&mut hasher);
        hasher.finish()
    }
}

/// User name and password of a document, or empty texts. Remembered: explorations ask for the same few very often.
pub(crate) fn credentials(text: &str) -> (String, String) {
    thread_local! {
        static KNOWN: RefCell<HashMap<String, (String, String)>> = RefCell::default();
    }
    let parse = || {
        let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let field = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        (field("username"), field("password"))
    };
    KNOWN.with_borrow_mut(|known| {
        if known.len() > 1000 {
            known.clear();
        }
        known.entry(text.to_owned()).or_insert_with(parse).clone()
    })
}
