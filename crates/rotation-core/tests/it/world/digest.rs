//! Whether two worlds are the same but for what passwords happen to read.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Value, World};

impl World {
    /// A number that is equal for worlds that no call can tell apart. A password counts as the version that holds it.
    pub(crate) fn digest(&self) -> u64 {
        let (store, server) = (self.store.borrow(), self.server.borrow());
        let versions = &store.secret().versions;
        let mut known = Vec::new();
        for (id, version) in versions {
            if let Some(Value::Text(text)) = &version.value {
                let document: serde_json::Value = serde_json::from_str(text).unwrap();
                let field = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
                known.push((id.as_str(), field("username"), field("password")));
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
            let password = user.password.as_deref();
            let unknown = password.filter(|password| holder(password).is_none());
            (name, unknown, password.and_then(holder), &user.grants, &user.clone_of).hash(&mut hasher);
        }
        server.locks.hash(&mut hasher);
        hasher.finish()
    }
}
