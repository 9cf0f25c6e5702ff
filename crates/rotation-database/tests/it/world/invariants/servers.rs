//! What a rotation must not break at the servers: what the live user reaches, which passwords log in, and
//! where a master may write.

use rotation_core::StagingLabel;

use crate::world::{ARN, MASTER, Value, World, digest::credentials, places::Spot, user::reach};

impl World {
    /// A session's first request was answered.
    pub(in crate::world) fn answered(&self, session: u64, spot: Spot, user: &str, password: &str) {
        let store = self.store.borrow();
        let mut watch = self.watch.borrow_mut();
        let Some(actor) = watch.sessions.get(&session).map(|session| session.actor) else { return };
        let secret = store.secret();
        let opened = secret.versions.iter().filter(|(_, version)| match &version.value {
            Some(Value::Text(text)) => {
                let (username, held) = credentials(text);
                username == user && held == password
            }
            _ => false,
        });
        let (current, own) = (secret.holder(&StagingLabel::Current), watch.tokens.get(&actor).cloned());
        let proven = watch.proven.entry(actor).or_default();
        for (version, _) in opened {
            proven.insert((spot.server, Some(version.clone())));
            if current == Some(version) || own.as_ref() == Some(version) {
                proven.insert((spot.server, None));
            }
        }
    }

    /// A master has changed something at this server. For I10, AWSCURRENT or the invocation's own version
    /// must have been answered there before: the AWSCURRENT at the time of the answer, or the present one.
    pub(in crate::world) fn master_wrote(&self, session: u64, spot: Spot) {
        let current = self.store.borrow().secret().holder(&StagingLabel::Current).cloned();
        let mut watch = self.watch.borrow_mut();
        let Some(actor) = watch.sessions.get(&session).map(|session| session.actor) else { return };
        let proven = watch.proven.get(&actor);
        let has = |version| proven.is_some_and(|proven| proven.contains(&(spot.server, version)));
        watch.overstepped = !has(None) && !has(current);
    }

    /// An invocation begins: what earlier invocations have proved no longer counts.
    pub(in crate::world) fn begins(&self, actor: usize) {
        self.watch.borrow_mut().proven.remove(&actor);
    }

    /// Records what the present live user can reach.
    pub(super) fn takes_for_live(&self) {
        let reached = reach(&self.server.borrow().users, &self.live_user());
        self.watch.borrow_mut().reach = reached;
    }

    /// Whether AWSCURRENT of each other secret, except the master's, logs in.
    pub(super) fn others_log_in(&self) -> bool {
        let (store, server) = (self.store.borrow(), self.server.borrow());
        let others = store.secrets.iter().filter(|(arn, _)| ![ARN, MASTER].contains(&arn.as_str()));
        others.into_iter().all(|(_, secret)| match secret.value(&StagingLabel::Current) {
            Some(Value::Text(text)) => {
                let (username, password) = credentials(text);
                server.admits(&username, &password)
            }
            _ => false,
        })
    }

    /// Checks the server's own password list, for any login method.
    pub(super) fn old_passwords_are_refused(&self, pair: bool) -> bool {
        let (store, server) = (self.store.borrow(), self.server.borrow());
        let under = |label| match store.secret().value(&label) {
            Some(Value::Text(text)) => Some(credentials(text)),
            _ => None,
        };
        let current = under(StagingLabel::Current);
        let two = pair || server.kind.keeps_two_passwords();
        let previous = under(StagingLabel::Previous).filter(|_| two);
        let Some((live, _)) = &current else { return true };
        let known = [&current, &previous];
        let users = server.users.iter().filter(|(name, _)| *name == live || pair && name.starts_with("app"));
        users.into_iter().all(|(name, user)| {
            user.passwords().all(|held| {
                known
                    .iter()
                    .any(|known| known.as_ref().is_some_and(|(user, known)| user == name && known == held))
            })
        })
    }
}
