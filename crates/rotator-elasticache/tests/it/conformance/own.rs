//! A server of one's own with a user and its master. Its rules are those that real servers showed: a change
//! of a user is made as a whole, and refused where a hash that is to be removed is not there.

use std::{cell::RefCell, collections::BTreeSet, net::IpAddr, rc::Rc};

use rotation_conformance::{Hook, Service, Stop, TargetBench};
use rotation_core::{
    Applied, Authority, Deadline, Intent, Invocation, Password, PasswordPolicy, PasswordRule,
    PasswordSettings, RelatedSecrets, RotationError, SecretDocument, SecretStore, Target, Versions,
};
use rotation_database::{Cause, ConnectError, Login, StatementError, StatementFault, Transport};
use rotator_elasticache::{
    AclUser, Company, OwnUser, OwnUserSettings, PasswordChange, PasswordHash, Saved, Servers, Session,
};

pub(super) const FIRST: &str = "first-password-0123456789";
const MASTER: &str = "master-password-0123456789";

/// The users are in memory, and those of the file come back after a restart.
#[derive(Clone)]
pub(super) struct FakeServer {
    hook: Hook,
    passwords: Rc<RefCell<Vec<PasswordHash>>>,
    saved: Rc<RefCell<Vec<PasswordHash>>>,
}

impl FakeServer {
    pub(super) fn new(hook: Hook) -> Self {
        let first = vec![hash(FIRST)];
        Self { hook, passwords: Rc::new(RefCell::new(first.clone())), saved: Rc::new(RefCell::new(first)) }
    }
}

pub(super) fn hash(password: &str) -> PasswordHash {
    PasswordHash::of(&Password::parse(password).unwrap())
}

pub(super) fn policy() -> PasswordPolicy {
    const RULE: PasswordRule =
        PasswordRule { shortest: 16, longest: 128, forbidden: "", required: &[], default_exclusions: "\"\\" };
    PasswordPolicy::new(PasswordSettings::default(), &RULE).unwrap()
}

pub(super) fn cut(_: Stop) -> ConnectError {
    ConnectError::Unreachable(Cause::new("cut"))
}

fn lost(_: Stop) -> StatementError {
    StatementError::new(StatementFault::ConnectionLost)
}

impl Servers for FakeServer {
    type Session = Self;

    async fn open(&self, login: &Login, _: Transport, _: Deadline) -> Result<Self, ConnectError> {
        let (name, password) =
            (login.credentials.username.as_str(), login.credentials.password.expose().to_owned());
        let accepts = || match name {
            "master" => password == MASTER,
            _ => self.passwords.borrow().contains(&hash(&password)),
        };
        let is_accepted = self.hook.call("AUTH", accepts).await.map_err(cut)?;
        if is_accepted { Ok(self.clone()) } else { Err(ConnectError::Refused(Cause::new("WRONGPASS"))) }
    }
}

impl Session for FakeServer {
    fn peer(&self) -> Option<IpAddr> {
        None
    }

    async fn user(&mut self, _: &str) -> Result<Option<AclUser>, StatementError> {
        let user =
            || AclUser { is_on: true, takes_any_password: false, passwords: self.passwords.borrow().clone() };
        self.hook.call("ACL GETUSER", user).await.map(Some).map_err(lost)
    }

    async fn company(&mut self) -> Result<Company, StatementError> {
        self.hook.call("ROLE", || Company::Alone).await.map_err(lost)
    }

    async fn save(&mut self) -> Result<Saved, StatementError> {
        let save = || self.saved.borrow_mut().clone_from(&self.passwords.borrow());
        self.hook.call("ACL SAVE", save).await.map(|()| Saved::Saved).map_err(lost)
    }

    async fn change(&mut self, _: &str, change: &PasswordChange) -> Result<(), StatementError> {
        let make = || change.apply(&mut self.passwords.borrow_mut());
        let is_made = self.hook.call("ACL SETUSER", make).await.map_err(lost)?;
        if is_made { Ok(()) } else { Err(StatementError::new(StatementFault::Busy)) }
    }
}

impl Service for FakeServer {
    fn first(&self) -> SecretDocument {
        document(FIRST, "arn:aws:secretsmanager:us-east-1:123456789012:secret:master-AbCdEf")
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        let password = document.text("password").ok().flatten().unwrap_or_default();
        // After a restart as well.
        [&self.passwords, &self.saved].iter().all(|list| list.borrow().contains(&hash(&password)))
    }

    fn accepted(&self) -> BTreeSet<String> {
        let count = self.passwords.borrow().len();
        assert!(count <= 2, "a rule of this target: at most two passwords, and there are {count}");
        self.passwords.borrow().iter().map(|hash| position(hash).to_string()).collect()
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        document.text("password").ok().flatten().iter().map(|password| password.to_string()).collect()
    }
}

/// A text of its own for each hash, which itself does not print.
fn position(hash: &PasswordHash) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    hash.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn document(password: &str, master: &str) -> SecretDocument {
    let text = format!(
        r#"{{"engine":"valkey","host":"cache.example.com","username":"app","password":"{password}","masterarn":"{master}"}}"#
    );
    SecretDocument::parse(&text).unwrap()
}

impl TargetBench for FakeServer {
    type Target = WithMaster;

    fn target(&self, invocation: &Invocation) -> WithMaster {
        let settings = OwnUserSettings { passwords: policy(), master: None, allow_unsaved: false };
        WithMaster(OwnUser::new(self.clone(), settings, invocation))
    }
}

/// The kit's store has one secret, so the master's is added here.
pub(super) struct WithMaster(OwnUser<FakeServer>);

fn with_master(versions: &Versions) -> Versions {
    let master = document(MASTER, "").with_text("username", "master");
    Versions {
        secret: versions.secret.clone(),
        current: versions.current.clone(),
        pending: versions.pending.clone(),
        related: Some(master),
    }
}

impl Target for WithMaster {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        self.0.propose(current, store).await
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        self.0.apply(&with_master(versions), authority, related).await
    }

    async fn plan(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        self.0.plan(&with_master(versions), related).await
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.0.verify(pending).await
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        self.0.rotated_fields()
    }
}
