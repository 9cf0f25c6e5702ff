//! ElastiCache with one user, and the server that lets it in. A change takes effect when the user is active
//! again, which the fake is after it was described twice.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    net::IpAddr,
    rc::Rc,
};

use rotation_conformance::{Hook, Service, TargetBench};
use rotation_core::{Deadline, Invocation, Password, SecretDocument};
use rotation_database::{Cause, ConnectError, Login, StatementError, Transport};
use rotator_elasticache::{
    AclUser, ApiError, ApiFault, Company, LoginProof, ManagedUser, ManagedUserSettings, ManagedUserTarget,
    PasswordChange, Saved, Servers, Session, UserApi, UserArn, UserState,
};

use super::own::{FIRST, cut, policy};

/// How often a user is described as being modified.
const LOOKS: usize = 2;

#[derive(Clone)]
pub(super) struct FakeService {
    hook: Hook,
    state: Rc<State>,
}

struct State {
    /// Those that log in.
    effective: RefCell<Vec<String>>,
    /// Those of a change in progress.
    ordered: RefCell<Option<Vec<String>>>,
    looks: Cell<usize>,
}

impl FakeService {
    pub(super) fn new(hook: Hook) -> Self {
        let effective = RefCell::new(vec![FIRST.to_owned()]);
        let state = State { effective, ordered: RefCell::default(), looks: Cell::new(0) };
        Self { hook, state: Rc::new(state) }
    }

    /// One more look at the user.
    fn look(&self, arn: &UserArn) -> ManagedUser {
        let looks = self.state.looks.get() + 1;
        self.state.looks.set(looks);
        if looks > LOOKS
            && let Some(ordered) = self.state.ordered.take()
        {
            self.state.effective.replace(ordered);
        }
        let is_active = self.state.ordered.borrow().is_none();
        let count = match &*self.state.ordered.borrow() {
            Some(ordered) => ordered.len(),
            None => self.state.effective.borrow().len(),
        };
        ManagedUser {
            arn: arn.as_str().to_owned(),
            name: "app".to_owned(),
            state: if is_active { UserState::Active } else { UserState::Modifying },
            passwords: u32::try_from(count).ok(),
        }
    }
}

impl UserApi for FakeService {
    async fn user(&self, arn: &UserArn) -> Result<ManagedUser, ApiError> {
        let unavailable = |_| ApiError::new(arn.service(), "DescribeUsers", ApiFault::Unavailable);
        self.hook.call("DescribeUsers", || self.look(arn)).await.map_err(unavailable)
    }

    async fn set_passwords(&self, arn: &UserArn, passwords: [&Password; 2]) -> Result<(), ApiError> {
        let failed = |fault| ApiError::new(arn.service(), "ModifyUser", fault);
        let order = || {
            if self.state.ordered.borrow().is_some() {
                return Err(failed(ApiFault::Modifying));
            }
            let passwords = passwords.map(|password| password.expose().to_owned());
            self.state.ordered.replace(Some(passwords.to_vec()));
            self.state.looks.set(0);
            Ok(())
        };
        self.hook.call("ModifyUser", order).await.map_err(|_| failed(ApiFault::Unavailable))?
    }
}

/// A session of a server, whose commands nobody runs here.
pub(super) struct Opened;

impl Servers for FakeService {
    type Session = Opened;

    async fn open(&self, login: &Login, _: Transport, _: Deadline) -> Result<Opened, ConnectError> {
        let password = login.credentials.password.expose();
        let accepts = || self.state.effective.borrow().iter().any(|own| own == password);
        let is_accepted = self.hook.call("AUTH", accepts).await.map_err(cut)?;
        if is_accepted { Ok(Opened) } else { Err(ConnectError::Refused(Cause::new("WRONGPASS"))) }
    }
}

impl Session for Opened {
    fn peer(&self) -> Option<IpAddr> {
        None
    }

    async fn user(&mut self, _: &str) -> Result<Option<AclUser>, StatementError> {
        unreachable!("the service changes users, and no master")
    }

    async fn company(&mut self) -> Result<Company, StatementError> {
        unreachable!("the service changes users, and no master")
    }

    async fn save(&mut self) -> Result<Saved, StatementError> {
        unreachable!("the service changes users, and no master")
    }

    async fn change(&mut self, _: &str, _: &PasswordChange) -> Result<(), StatementError> {
        unreachable!("the service changes users, and no master")
    }
}

impl Service for FakeService {
    fn first(&self) -> SecretDocument {
        let text = format!(
            r#"{{"username":"app","password":"{FIRST}","user_arn":"arn:aws:elasticache:us-east-1:123456789012:user:app-1","host":"cache.example.com"}}"#
        );
        SecretDocument::parse(&text).unwrap()
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        let password = document.text("password").ok().flatten().unwrap_or_default();
        self.state.effective.borrow().contains(&password)
    }

    /// A change in progress counts: the kit asks right after the request that began it.
    fn accepted(&self) -> BTreeSet<String> {
        let list = self.state.ordered.borrow().clone();
        list.unwrap_or_else(|| self.state.effective.borrow().clone()).into_iter().collect()
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        document.text("password").ok().flatten().iter().map(|password| password.to_string()).collect()
    }
}

impl TargetBench for FakeService {
    type Target = ManagedUserTarget<Self, Self>;

    fn target(&self, invocation: &Invocation) -> Self::Target {
        let settings = ManagedUserSettings { passwords: policy(), logins: LoginProof::Auto };
        ManagedUserTarget::new(self.clone(), self.clone(), settings, invocation)
    }
}
