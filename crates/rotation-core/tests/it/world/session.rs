//! A connection to the server model, in its kinds of making a change final.

use std::{collections::BTreeSet, future::poll_fn, rc::Rc, task::Poll};

use rotation_core::{
    Deadline,
    database::{
        Cause, Change, Committed, Credentials, ELIDED, Necessity, Plan, PlannedStatement, Purpose, Session,
        StatementError, StatementFault, TestStatement, Turn, UserPair, Username,
    },
};

use super::{Kind, ServerModel, Sighting, User, World};

/// A session; dropping it takes back what is not final.
pub(crate) struct Connection {
    world: Rc<World>,
    id: u64,
    pub(super) user: String,
    /// What this session logged in with.
    pub(super) password: String,
    staged: Vec<Statement>,
}

/// One statement of a staged change.
#[derive(Clone, Debug)]
enum Statement {
    /// Makes a user that cannot log in yet.
    Create {
        user: String,
        clone_of: String,
    },
    Grant {
        user: String,
        grant: String,
    },
    Revoke {
        user: String,
        grant: String,
    },
    SetPassword {
        user: String,
        password: String,
    },
}

impl Statement {
    fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "server: create user",
            Self::Grant { .. } => "server: grant",
            Self::Revoke { .. } => "server: revoke",
            Self::SetPassword { .. } => "server: set password",
        }
    }

    fn planned(&self) -> PlannedStatement {
        let (kind, text, purpose) = match self {
            Self::Create { user, .. } => ("create user", format!("create {user}"), Purpose::Equality),
            Self::Grant { user, grant } => ("grant", format!("grant {grant} to {user}"), Purpose::Equality),
            Self::Revoke { user, grant } => {
                ("revoke", format!("revoke {grant} from {user}"), Purpose::Equality)
            }
            Self::SetPassword { user, .. } => {
                ("set password", format!("set password of {user} to {ELIDED}"), Purpose::Password)
            }
        };
        PlannedStatement { kind, text, purpose, necessity: Necessity::Always }
    }

    fn apply(&self, server: &mut ServerModel) -> Result<(), StatementError> {
        let (Self::Create { user, .. }
        | Self::Grant { user, .. }
        | Self::Revoke { user, .. }
        | Self::SetPassword { user, .. }) = self;
        if let Self::Create { clone_of, .. } = self {
            let clone = User { clone_of: Some(clone_of.clone()), ..User::default() };
            if !server.users.contains_key(user) {
                server.users.insert(user.clone(), clone);
                server.changes += 1;
            }
            return Ok(());
        }
        let Some(model) = server.users.get_mut(user) else {
            return Err(StatementError::new(StatementFault::NoSuchUser));
        };
        let before = model.clone();
        match self {
            Self::Create { .. } => {}
            Self::Grant { grant, .. } => drop(model.grants.insert(grant.clone())),
            Self::Revoke { grant, .. } => drop(model.grants.remove(grant)),
            Self::SetPassword { password, .. } => model.password = Some(password.clone()),
        }
        server.changes += usize::from(*model != before);
        Ok(())
    }
}

impl Connection {
    pub(crate) fn new(world: &Rc<World>, id: u64, credentials: &Credentials) -> Self {
        world.session_opens(id);
        let (user, password) = (credentials.username.to_string(), credentials.password.expose().into());
        Self { world: Rc::clone(world), id, user, password, staged: Vec::new() }
    }

    pub(super) async fn call<T>(
        &self,
        name: &'static str,
        mut effect: impl FnMut(&mut ServerModel) -> Result<T, StatementError>,
    ) -> Result<T, StatementError> {
        let lost = StatementError {
            fault: StatementFault::ConnectionLost,
            statement: None,
            source: Some(Cause::new("connection reset")),
        };
        self.world.call(name, || effect(&mut self.world.server.borrow_mut()), || Err(lost)).await
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Waits until nobody else changes this user.
    async fn lock(&self, user: &str) {
        if self.world.server.borrow().locks.contains_key(user) {
            self.world.sight(Sighting::WaitedForAnother);
        }
        poll_fn(|_| {
            let owner = *self.world.server.borrow_mut().locks.entry(user.into()).or_insert(self.id);
            if owner == self.id { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn statements(
        &self,
        change: &Change<'_>,
        server: &ServerModel,
    ) -> Result<Vec<Statement>, StatementError> {
        match change {
            Change::OwnPassword { new } => {
                Ok(vec![Statement::SetPassword { user: self.user.clone(), password: new.expose().into() }])
            }
            Change::OtherUser { pair, next, .. } => {
                let mut statements = equal_rights(pair, server)?;
                let (user, password) = (next.username.to_string(), next.password.expose().into());
                statements.push(Statement::SetPassword { user, password });
                Ok(statements)
            }
        }
    }
}

/// What brings the clone's grants to equal the original's, whoever of the two is live.
fn equal_rights(pair: &UserPair, server: &ServerModel) -> Result<Vec<Statement>, StatementError> {
    let fault = |fault| Err(StatementError::new(fault));
    let Some(original) = server.users.get(pair.original.as_str()) else {
        return fault(StatementFault::NoSuchUser);
    };
    let user = pair.clone.to_string();
    let mut statements = Vec::new();
    let held = match server.users.get(&user) {
        Some(clone) if clone.clone_of.as_deref() != Some(pair.original.as_str()) => {
            return fault(StatementFault::CloneNotRecognized);
        }
        Some(clone) => clone.grants.clone(),
        None => {
            statements.push(Statement::Create { user: user.clone(), clone_of: pair.original.to_string() });
            BTreeSet::default()
        }
    };
    let grant = |grant: &String| Statement::Grant { user: user.clone(), grant: grant.clone() };
    let revoke = |grant: &String| Statement::Revoke { user: user.clone(), grant: grant.clone() };
    statements.extend(original.grants.difference(&held).map(grant));
    statements.extend(held.difference(&original.grants).map(revoke));
    Ok(statements)
}

/// The user that a change gives a password.
fn changed<'a>(own: &'a str, change: &Change<'a>) -> &'a str {
    match change {
        Change::OwnPassword { .. } => own,
        Change::OtherUser { next, .. } => Username::as_str(&next.username),
    }
}

impl Session for Connection {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        self.call("server: probe", |_| Ok(())).await
    }

    /// What divides by zero is refused, as a server does.
    async fn prove(&mut self, statement: &TestStatement, _: Deadline) -> Result<(), StatementError> {
        let fails = statement.expose().contains("1/0");
        let refusal = || StatementError {
            fault: StatementFault::PrivilegeMissing { needed: statement.expose().to_owned() },
            statement: Some("test statement"),
            source: Some(Cause::new("SQLSTATE 22012")),
        };
        self.call("server: prove", |_| if fails { Err(refusal()) } else { Ok(()) }).await
    }

    async fn plan(&mut self, change: &Change<'_>, _: Deadline) -> Result<Plan, StatementError> {
        self.call("server: plan", |_| Ok(())).await?;
        let statements = self.statements(change, &self.world.server.borrow())?;
        Ok(Plan { statements: statements.iter().map(Statement::planned).collect(), ..Plan::default() })
    }

    async fn stage(&mut self, change: &Change<'_>, turn: &Turn, _: Deadline) -> Result<(), StatementError> {
        let kind = self.world.server.borrow().kind;
        if let (true, Change::OtherUser { pair, .. }) = (kind.takes_turns(), change) {
            self.call("server: take turn", |_| Ok(())).await?;
            if kind != Kind::TurnSaidTooSoon {
                self.lock(pair.original.as_str()).await;
            }
            turn.taken();
            // Whoever asks the labels now is let through first: the order in which most could go wrong.
            tokio::task::yield_now().await;
        }
        let busy = || StatementError::new(StatementFault::Busy);
        self.call("server: stage", |server| if server.busy { Err(busy()) } else { Ok(()) }).await?;
        let locks = match change {
            Change::OwnPassword { .. } => kind != Kind::Autocommit,
            Change::OtherUser { .. } => kind.locks_what_it_stages(),
        };
        if locks {
            self.lock(changed(&self.user, change)).await;
        }
        let waits = self.world.server.borrow().waits;
        if !waits.is_zero() {
            // To the nanosecond, which a timer is not.
            tokio::time::advance(waits).await;
        }
        let staged = self.statements(change, &self.world.server.borrow())?;
        // Whose password it is, its invocation has seen.
        let names: Vec<_> = staged.iter().map(|one| one.planned().text).collect();
        self.world.session_stages(self.id, &names);
        self.staged = staged;
        Ok(())
    }

    async fn commit(mut self) -> Result<Committed, StatementError> {
        let staged = std::mem::take(&mut self.staged);
        assert!(!staged.is_empty(), "commit without a staged change");
        let kind = self.world.server.borrow().kind;
        if matches!(kind, Kind::Transactional | Kind::RowLock | Kind::TurnSaidTooSoon) {
            let all = |server: &mut ServerModel| staged.iter().try_for_each(|one| one.apply(server));
            self.call("server: commit", all).await?;
        } else if let ([Statement::SetPassword { password, .. }], true) =
            (&staged[..], kind.keeps_two_passwords())
        {
            self.change_beside(kind, password).await?;
        } else {
            for statement in &staged {
                self.call(statement.name(), |server| statement.apply(server)).await?;
            }
        }
        Ok(Committed::default())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.world.server.borrow_mut().locks.retain(|_, owner| *owner != self.id);
        self.world.session_ends(self.id);
    }
}
