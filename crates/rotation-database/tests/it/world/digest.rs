//! Whether two worlds are the same except for the texts of passwords, and which part of them a call sees.

use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{Acting, MASTER, Place, User, Value, World};

/// The sides of the world, each as a number that is equal where no call can tell the difference. A password
/// counts as the version that holds it.
#[derive(Clone, Copy, Hash)]
pub(crate) struct Sides {
    /// What `DescribeSecret` returns.
    labels: u64,
    /// What the versions hold.
    values: u64,
    /// The users, and who holds a lock.
    server: u64,
    /// What the first request of a session meets: clones whose sessions no longer act as the original and,
    /// where a proxy greets, the users.
    sessions: u64,
}

impl Sides {
    /// The part of the world on which the answer to this call may depend.
    pub(super) fn seen_by(&self, call: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        call.hash(&mut hasher);
        match call {
            "store: DescribeSecret" | "store: UpdateSecretVersionStage" => self.labels.hash(&mut hasher),
            "server: probe" => self.sessions.hash(&mut hasher),
            "server: plan" => {}
            _ if call.starts_with("store: ") => (self.labels, self.values).hash(&mut hasher),
            _ if call.starts_with("server: ") => self.server.hash(&mut hasher),
            _ => self.hash(&mut hasher),
        }
        hasher.finish()
    }
}

impl World {
    /// A number that is equal for worlds that no call can tell apart.
    pub(crate) fn digest(&self) -> u64 {
        hashed(&self.sides())
    }

    /// A number that is equal where no user of any server is different.
    pub(crate) fn users(&self) -> u64 {
        hashed(&self.server.borrow().all_users().collect::<Vec<_>>())
    }

    /// Whether something other than the server may answer, or a session may not be the right one.
    pub(crate) fn may_answer_unclearly(&self) -> bool {
        let server = self.server.borrow();
        !server.places.is_empty() || server.all_users().any(|(_, _, user)| user.acting == Acting::Parted)
    }

    pub(crate) fn sides(&self) -> Sides {
        let (store, server) = (self.store.borrow(), self.server.borrow());
        let secret = store.secret();
        let mut known = Vec::new();
        let mut labels = DefaultHasher::new();
        for (id, version) in &secret.versions {
            (id.as_str(), &version.labels).hash(&mut labels);
            if let Some(Value::Text(text)) = &version.value {
                let (username, password) = credentials(text);
                known.push((id.as_str(), username, password));
            }
        }
        (secret.rotation_enabled, secret.deleted).hash(&mut labels);
        let holder = |password: &str| known.iter().find(|(.., held)| held == password).map(|(id, ..)| *id);
        let mut values = DefaultHasher::new();
        for (id, username, password) in &known {
            (id, username, holder(password)).hash(&mut values);
        }
        store.secrets[MASTER].versions.len().hash(&mut values);
        let mut users = DefaultHasher::new();
        let mut sessions = DefaultHasher::new();
        for (port, name, user) in server.all_users() {
            (port, name).hash(&mut users);
            user.digest(&holder, &mut users);
            (user.acting == Acting::Parted).hash(&mut sessions);
        }
        let watch = self.watch.borrow();
        for (user, session) in &server.locks {
            (user, watch.sessions.get(session)).hash(&mut users);
        }
        server.kind.hash(&mut users);
        if server.places.values().any(|place| matches!(place, Place::Proxy(_))) {
            users.finish().hash(&mut sessions);
        }
        let (labels, values, sessions) = (labels.finish(), values.finish(), sessions.finish());
        Sides { labels, values, server: users.finish(), sessions }
    }
}

impl User {
    fn digest<'a>(&self, holder: &impl Fn(&str) -> Option<&'a str>, hasher: &mut DefaultHasher) {
        for password in [self.password.as_deref(), self.secondary.as_deref()] {
            let held = password.and_then(holder);
            (held, password.filter(|_| held.is_none())).hash(hasher);
        }
        let mut history: Vec<_> = self.history.iter().map(|password| holder(password)).collect();
        history.sort_unstable();
        (history, self.form, &self.grants, &self.owns, self.acting, &self.mark).hash(hasher);
    }
}

pub(super) fn hashed(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// User name and password of a document, or empty texts. Cached: explorations call it very often for the same
/// few texts.
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
