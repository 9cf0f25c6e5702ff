//! What must hold at every boundary of a call, whatever fails.

mod servers;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use rotation_core::{CredentialSource, Knowledge, StagingLabel, State, VersionId};
use rotation_database::{TlsMode, Transport};

use super::{
    Plan, ServerModel, ServerTls, Sighting, User, Value, World, digest::credentials, places::Spot,
    user::reach,
};

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// `I1` to `I10` as in semantics.md; `I2 of another secret`; `TLS`; `STATE` where a journal states
    /// something that is not true; `kept` where no version that the secret keeps, labeled or not, logs in;
    /// `mark` where a pair does not carry its secret's mark after a rotation; `hints` where following the
    /// hints fixes nothing.
    pub(crate) invariant: &'static str,
    /// The call right before the violation.
    pub(crate) after: &'static str,
    /// Whether the labels that allow the call had moved in the gap between the invocation's read of them and
    /// this write.
    pub(crate) unseen: bool,
}

/// Checks the world between calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    pub(crate) plan: Option<Plan>,
    pub(crate) violations: Vec<Violation>,
    /// Users that must not change, by the port of their server and by name.
    protected: BTreeMap<(u16, String), Protected>,
    /// What the live user could reach when it was recorded as live.
    reach: BTreeSet<String>,
    /// Which versions were answered in the present invocation of an actor, by the port of the server; `None`
    /// where it was AWSCURRENT then, or the actor's own.
    proven: BTreeMap<usize, BTreeSet<(u16, Option<VersionId>)>>,
    /// Whether the present call is a master's at a server at which the live password was not proved.
    overstepped: bool,
    /// Whether whose turn it is depends on which of two invocations comes first.
    pub(crate) pair_is_free: bool,
    /// The token that each invocation acts for.
    pub(crate) tokens: BTreeMap<usize, VersionId>,
    /// The AWSCURRENT next to which each invocation's token was pending at its last read of the labels. A
    /// read is stale as soon as the invocation makes any call but the write for which it read.
    looked: BTreeMap<usize, VersionId>,
    /// What is broken now: reported once, for the call that broke it.
    broken: BTreeSet<&'static str>,
    /// The part of it that a manual change broke.
    by_hand: BTreeSet<&'static str>,
    /// The version on which a manual change left AWSCURRENT although it does not log in.
    left: Option<VersionId>,
    pub(crate) sighted: BTreeSet<Sighting>,
    /// Open sessions of the database.
    pub(super) sessions: BTreeMap<u64, OpenSession>,
    pub(crate) certificate_failed: bool,
    /// The number of statements of journals that were compared with the world.
    pub(crate) statements: usize,
}

/// A session of the database.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct OpenSession {
    /// The user of the session.
    pub(super) actor: usize,
    /// What it has staged.
    pub(super) staged: u64,
}

/// What must not change about a user.
#[derive(Clone, Debug, Hash)]
enum Protected {
    Whole(User),
    /// The original in use: a rotation may end its second password, and give it what an idle clone owns.
    Live(User),
    /// A clone in use: a rotation may update its grants.
    Password(User),
}

impl Protected {
    fn is_intact(&self, (port, name): &(u16, String), server: &ServerModel) -> bool {
        let spot = Spot { server: *port, greeted: false };
        let Some(now) = server.users_at(spot).get(name) else { return false };
        match self {
            Self::Whole(user) => user.is_intact(now),
            Self::Live(user) => user.gets_no_password(now) && user.with_passwords_of(now).is_intact(now),
            Self::Password(user) => user.gets_no_password(now),
        }
    }
}

impl Watch {
    /// A password is about to be sent.
    pub(crate) fn transport(&mut self, transport: Transport, asked: TlsMode, offered: ServerTls) {
        let downgraded = self.certificate_failed || offered == ServerTls::Good;
        if transport == Transport::Plaintext && asked != TlsMode::Off && downgraded {
            self.report("TLS", "server: connect", false);
        }
    }

    pub(crate) fn report(&mut self, invariant: &'static str, after: &'static str, unseen: bool) {
        self.violations.push(Violation { invariant, after, unseen });
    }
}

impl World {
    /// Lets a call take effect and checks what it did.
    pub(crate) fn observed<T>(&self, actor: usize, name: &'static str, effect: &mut impl FnMut() -> T) -> T {
        let token = self.watch.borrow().tokens.get(&actor).cloned();
        let pending = token.as_ref().is_none_or(|token| self.is_pending(token));
        let beside = self.store.borrow().secret().holder(&StagingLabel::Current).cloned().filter(|_| pending);
        let turned_away = match name {
            "store: DescribeSecret" | "server: connect" | "server: take turn" | "server: probe" => true,
            // An invocation that has its turn stages and reads the labels concurrently.
            "server: stage" => {
                let single = self.watch.borrow().plan.is_some_and(Plan::is_single);
                single || !self.server.borrow().kind.takes_turns()
            }
            _ => false,
        };
        if turned_away {
            let mut watch = self.watch.borrow_mut();
            watch.looked.remove(&actor);
            if let ("store: DescribeSecret", Some(current)) = (name, &beside) {
                watch.looked.insert(actor, current.clone());
            }
        }
        let live = self.store.borrow().secret().holder(&StagingLabel::Current).cloned();
        let before = self.revision();
        let outcome = effect();
        if self.revision() != before {
            let looked = self.watch.borrow().looked.get(&actor).cloned();
            let unseen = looked.is_some() && looked != beside;
            if std::mem::take(&mut self.watch.borrow_mut().overstepped) {
                self.watch.borrow_mut().report("I10", name, unseen);
            }
            if !pending {
                self.watch.borrow_mut().report("I4", name, unseen);
                self.sight(Sighting::WroteInTheGap);
            }
            self.check(name, unseen);
            if self.store.borrow().secret().holder(&StagingLabel::Current) != live.as_ref() {
                if !unseen {
                    self.check_finished(name);
                }
                self.takes_for_live();
            }
        }
        outcome
    }

    fn revision(&self) -> (usize, usize) {
        (self.store.borrow().writes, self.server.borrow().changes)
    }

    pub(crate) fn is_pending(&self, token: &VersionId) -> bool {
        let store = self.store.borrow();
        let secret = store.secret();
        secret.rotation_enabled && !secret.deleted && secret.holds(token, &StagingLabel::Pending)
    }

    /// I1, I2 and I6, which hold at every boundary: reports what this call has broken.
    fn check(&self, after: &'static str, unseen: bool) {
        let broken = self.broken();
        let mut watch = self.watch.borrow_mut();
        let before = std::mem::replace(&mut watch.broken, broken.clone());
        watch.by_hand.retain(|invariant| broken.contains(invariant));
        for invariant in broken.difference(&before) {
            watch.report(invariant, after, unseen);
        }
    }

    /// Accepts the world as it is now, after a manual change.
    pub(crate) fn accept(&self) {
        let plan = self.watch.borrow().plan;
        if let Some(plan) = plan {
            self.protect(plan);
            self.takes_for_live();
        }
        let (broken, refused) = (self.broken(), !self.logs_in(&StagingLabel::Current));
        let left = self.store.borrow().secret().holder(&StagingLabel::Current).cloned().filter(|_| refused);
        let mut watch = self.watch.borrow_mut();
        (watch.broken, watch.by_hand, watch.left) = (broken.clone(), broken, left);
    }

    fn broken(&self) -> BTreeSet<&'static str> {
        let mut broken = BTreeSet::new();
        let Some(plan) = self.watch.borrow().plan else { return broken };
        let [current, pending, previous] =
            [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous]
                .map(|label| self.logs_in(&label));
        if !(current || pending || previous) {
            broken.insert("I1");
        }
        // Between the database's commit and the label move, pending is what logs in.
        let has_gap = plan.is_single() && !self.server.borrow().kind.keeps_two_passwords();
        if !(current || has_gap && pending) {
            broken.insert("I2");
        }
        if self.version_that_logs_in().is_none() {
            broken.insert("kept");
        }
        if !self.others_log_in() {
            broken.insert("I2 of another secret");
        }
        let (server, watch) = (self.server.borrow(), self.watch.borrow());
        if !watch.protected.iter().all(|(name, protected)| protected.is_intact(name, &server)) {
            broken.insert("I6");
        }
        if !watch.reach.is_subset(&reach(&server.users, &self.live_user())) {
            broken.insert("I8");
        }
        broken
    }

    /// A number that is equal where the watch will report the same of the same world.
    pub(crate) fn watched(&self) -> u64 {
        let (watch, server) = (self.watch.borrow(), self.server.borrow());
        let sessions: Vec<_> = watch.sessions.values().collect();
        let in_the_gap = watch.violations.iter().any(|violation| violation.unseen);
        let mut hasher = DefaultHasher::new();
        (&watch.looked, &watch.broken, &watch.by_hand, &watch.left, sessions, in_the_gap).hash(&mut hasher);
        watch.reach.hash(&mut hasher);
        for (name, protected) in &watch.protected {
            // What is intact follows from the world.
            let lost = Some(protected).filter(|protected| !protected.is_intact(name, &server));
            (name, std::mem::discriminant(protected), lost).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// I3 and I9: after finishSecret AWSCURRENT logs in, the clone has exactly the original's privileges and
    /// carries its secret's mark, and no password but those of AWSCURRENT and AWSPREVIOUS opens a user of the
    /// secret.
    pub(crate) fn check_finished(&self, after: &'static str) {
        let pair = self.watch.borrow().plan.is_some_and(|plan| !plan.is_single());
        let mut broken = Vec::new();
        let (mut holds, mut marked) = (self.logs_in(&StagingLabel::Current), true);
        if pair {
            let server = self.server.borrow();
            let grants = |user: &str| server.users.get(user).map(|user| user.grants.clone());
            holds &= grants("app_clone").is_none_or(|clone| Some(clone) == grants("app"));
            marked = server.users.get("app_clone").is_none_or(User::is_ours);
        }
        for (invariant, holds) in
            [("I3", holds), ("I9", self.old_passwords_are_refused(pair)), ("mark", marked)]
        {
            broken.extend((!holds).then_some(invariant));
        }
        let current = self.store.borrow().secret().holder(&StagingLabel::Current).cloned();
        let mut watch = self.watch.borrow_mut();
        let by_hand = watch.by_hand.contains("I2") || watch.left.is_some() && watch.left == current;
        for invariant in broken.into_iter().filter(|_| !by_hand) {
            watch.report(invariant, after, false);
        }
    }

    /// What an invocation states about the credentials must be true.
    pub(crate) fn check_state(&self, state: Option<&State>) {
        let labels = [
            (CredentialSource::Current, StagingLabel::Current),
            (CredentialSource::Pending, StagingLabel::Pending),
            (CredentialSource::Previous, StagingLabel::Previous),
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

    /// A version that opens the database, of all that the secret still keeps, whatever their labels.
    pub(crate) fn version_that_logs_in(&self) -> Option<VersionId> {
        let (store, server) = (self.store.borrow(), self.server.borrow());
        let found = store.secret().versions.iter().find(|(_, version)| {
            let Some(Value::Text(text)) = &version.value else { return false };
            let (username, password) = credentials(text);
            server.admits(&username, &password)
        });
        found.map(|(id, _)| id.clone())
    }

    /// Records what must not change while the user whose turn is next is changed.
    fn protect(&self, plan: Plan) {
        let live = self.live_user();
        let next = match live.strip_suffix("_clone") {
            _ if plan.is_single() => live.clone(),
            Some(original) => original.to_owned(),
            None => format!("{live}_clone"),
        };
        let (server, mut watch) = (self.server.borrow(), self.watch.borrow_mut());
        let free = |name: &str| name == next || watch.pair_is_free && name.starts_with("app");
        let protected = server.all_users().filter(|(port, name, _)| *port != 0 || !free(name));
        let protected = protected.map(|(port, name, user)| {
            let is_live = port == 0 && *name == live && !plan.is_single();
            let keep = match is_live {
                true if name.ends_with("_clone") => Protected::Password,
                true => Protected::Live,
                false => Protected::Whole,
            };
            ((port, name.clone()), keep(user.clone()))
        });
        watch.protected = protected.collect();
    }
}
