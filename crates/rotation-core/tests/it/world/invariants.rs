//! What must hold at every boundary of a call, whatever fails.

use std::collections::BTreeMap;

use rotation_core::{
    Knowledge, StagingLabel, State, VersionId,
    database::{Credential, TlsMode, Transport},
};

use super::{Plan, User, Value, World, digest::credentials};

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// `I1` to `I6` as in docs/semantics.md, `TLS`, or `STATE` where a journal says what is not so.
    pub(crate) invariant: &'static str,
    /// Right after which call.
    pub(crate) after: &'static str,
    /// Whether the invocation that made the call had lost `AWSPENDING` in the gap between its look at the labels and
    /// this write.
    pub(crate) unseen: bool,
}

/// Looks at the world between calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    pub(crate) plan: Option<Plan>,
    pub(crate) violations: Vec<Violation>,
    /// Users as they must stay. A user that is only to keep its password has no grants here.
    pub(crate) protected: BTreeMap<String, Protected>,
    /// The token that each invocation acts for.
    pub(crate) tokens: BTreeMap<usize, VersionId>,
    /// Whether each invocation's token was pending when it looked last. A look is stale as soon as the invocation
    /// turns to anything but the write that it looked for.
    looked: BTreeMap<usize, bool>,
    pub(crate) certificate_failed: bool,
    /// How many statements of journals were held against the world.
    pub(crate) statements: usize,
}

/// What of a user must stay.
#[derive(Clone, Debug)]
pub(crate) enum Protected {
    Whole(User),
    /// A clone in use: rotation may bring its grants up to date.
    Password(User),
}

impl Watch {
    /// A password is about to travel.
    pub(crate) fn transport(&mut self, transport: Transport, asked: TlsMode) {
        if transport == Transport::Plaintext && asked != TlsMode::Off && self.certificate_failed {
            self.report("TLS", "server: connect", false);
        }
    }

    pub(crate) fn report(&mut self, invariant: &'static str, after: &'static str, unseen: bool) {
        self.violations.push(Violation { invariant, after, unseen });
    }
}

impl World {
    /// Lets a call take effect and looks at what it did.
    pub(crate) fn observed<T>(&self, actor: usize, name: &'static str, effect: &mut impl FnMut() -> T) -> T {
        let token = self.watch.borrow().tokens.get(&actor).cloned();
        let pending = token.as_ref().is_none_or(|token| self.is_pending(token));
        if name == "store: DescribeSecret" {
            self.watch.borrow_mut().looked.insert(actor, pending);
        }
        if ["server: connect", "server: stage", "server: probe"].contains(&name) {
            self.watch.borrow_mut().looked.remove(&actor);
        }
        let before = self.revision();
        let outcome = effect();
        if self.revision() != before {
            let unseen = !pending && self.watch.borrow().looked.get(&actor) == Some(&true);
            if !pending {
                self.watch.borrow_mut().report("I4", name, unseen);
            }
            self.check(name, unseen);
        }
        outcome
    }

    fn revision(&self) -> (usize, usize) {
        (self.store.borrow().writes, self.server.borrow().changes)
    }

    fn is_pending(&self, token: &VersionId) -> bool {
        self.store.borrow().secret().holds(token, &StagingLabel::Pending)
    }

    /// I1, I2 and I6, which hold at every boundary.
    pub(crate) fn check(&self, after: &'static str, unseen: bool) {
        let Some(plan) = self.watch.borrow().plan else { return };
        let [current, pending, previous] =
            [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous]
                .map(|label| self.logs_in(&label));
        let mut broken = Vec::new();
        if !(current || pending || previous) {
            broken.push("I1");
        }
        let live = match plan {
            // Between the database's commit and the label move, pending is what logs in.
            Plan::SingleUser => current || pending,
            Plan::Alternating | Plan::AlternatingByField => current,
        };
        if !live {
            broken.push("I2");
        }
        let intact = |(name, protected): (&String, &Protected)| {
            let server = self.server.borrow();
            let Some(now) = server.users.get(name) else { return false };
            match protected {
                Protected::Whole(user) => now == user,
                Protected::Password(user) => now.password == user.password && now.clone_of == user.clone_of,
            }
        };
        if !self.watch.borrow().protected.iter().all(intact) {
            broken.push("I6");
        }
        for invariant in broken {
            self.watch.borrow_mut().report(invariant, after, unseen);
        }
    }

    /// I3: after finishSecret, AWSCURRENT logs in and the clone may do exactly what the original may.
    pub(crate) fn check_finished(&self, after: &'static str) {
        let plan = self.watch.borrow().plan;
        let mut holds = self.logs_in(&StagingLabel::Current);
        if plan != Some(Plan::SingleUser) {
            let server = self.server.borrow();
            let grants = |user: &str| server.users.get(user).map(|user| user.grants.clone());
            holds &= grants("app_clone").is_none_or(|clone| Some(clone) == grants("app"));
        }
        if !holds {
            self.watch.borrow_mut().report("I3", after, false);
        }
    }

    /// What an invocation says of the credentials must be so.
    pub(crate) fn check_state(&self, state: Option<&State>) {
        let labels = [
            (Credential::Current, StagingLabel::Current),
            (Credential::Pending, StagingLabel::Pending),
            (Credential::Previous, StagingLabel::Previous),
        ];
        for (credential, label) in labels {
            let said = match state.and_then(|state| state.knowledge(credential)) {
                Some(Knowledge::LogsIn | Knowledge::Set) => true,
                Some(Knowledge::DoesNot) => false,
                Some(Knowledge::NotTried(_) | Knowledge::Unanswered | Knowledge::MaySet) | None => continue,
            };
            let so = self.logs_in(&label);
            let mut watch = self.watch.borrow_mut();
            watch.statements += 1;
            if said != so {
                watch.report("STATE", "the end of the invocation", false);
            }
        }
    }

    /// Whether the document under a label opens the database.
    pub(crate) fn logs_in(&self, label: &StagingLabel) -> bool {
        let store = self.store.borrow();
        let Some(Value::Text(text)) = store.secret().value(label) else { return false };
        let (username, password) = credentials(text);
        self.server.borrow().admits(&username, &password)
    }

    /// Records what must stay as it is while the user whose turn is next changes.
    pub(crate) fn protect(&self, next: &str, live: Option<&str>) {
        let server = self.server.borrow();
        let protected = server.users.iter().filter(|(name, _)| *name != next).map(|(name, user)| {
            let is_live_clone = Some(name.as_str()) == live && user.clone_of.is_some();
            let keep = if is_live_clone { Protected::Password } else { Protected::Whole };
            (name.clone(), keep(user.clone()))
        });
        self.watch.borrow_mut().protected = protected.collect();
    }
}
