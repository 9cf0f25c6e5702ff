//! What an operator does after a refusal: the remediation of its code.

use rotation_core::StagingLabel;

use super::{Acting, MASTER, OTHER, Place, Service, User, Value, World, document};

impl Service {
    /// Follows the hint of this code, where it concerns the database or its users.
    pub(crate) fn follow_hint(&self, code: &str) {
        self.world.follow_hint(code);
        self.world.accept();
    }
}

impl World {
    fn follow_hint(&self, code: &str) {
        let mut server = self.server.borrow_mut();
        match code {
            // The secret's user may log in where the master is, and the master secret names the secret's own
            // server.
            "MASTER_ENDPOINT_UNPROVEN" => {
                server.master_alone = false;
                for version in self.store.borrow_mut().secrets.get_mut(MASTER).unwrap().versions.values_mut()
                {
                    if let Some(Value::Text(text)) = &mut version.value {
                        *text = text.replace(r#""port":5433"#, r#""port":5432"#);
                    }
                }
            }
            // The pooler gets passwords from the database.
            "DB_PROXY_ANSWER" => {
                for place in server.places.values_mut().filter(|place| matches!(place, Place::Proxy(_))) {
                    *place = Place::Pooler;
                }
            }
            "DB_CLONE_EXCEEDS_ORIGINAL" => {
                let more = server.users.get("app_clone").map(User::holds).unwrap_or_default();
                if let Some(app) = server.users.get_mut("app") {
                    app.grants.extend(more);
                }
            }
            "DB_CLONE_NOT_RECOGNIZED" => self.adopting.set(true),
            "DB_USERS_OF_ANOTHER_SECRET" => {
                let mut store = self.store.borrow_mut();
                // The other secret gets a user of its own.
                let Some(other) = store.secrets.get_mut(OTHER) else { return };
                let current = other.holder(&StagingLabel::Current).unwrap().clone();
                let own = document("bystander", "bystander-password");
                other.versions.get_mut(&current).unwrap().value = Some(Value::Text(own));
                for user in server.users.values_mut().filter(|user| user.mark.is_some()) {
                    user.mark = None;
                }
            }
            "DB_SESSION_NOT_ORIGINAL" => {
                for user in server.users.values_mut().filter(|user| user.acting == Acting::Parted) {
                    user.acting = Acting::Original;
                }
            }
            _ => {}
        }
    }
}
