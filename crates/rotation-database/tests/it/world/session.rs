//! A connection to the server model, for its kinds of committing a change.

use std::{future::poll_fn, rc::Rc, task::Poll};

use rotation_core::{ChangeReport, Deadline, Password};
use rotation_database::{
    Cause, Change, Credentials, LoginMethod, PairOwner, Plan, Session, StatementError, StatementFault,
    TestQuery, Turn, UserPair, Username,
};

use super::{
    Defect, Kind, ServerModel, Sighting, World,
    places::Spot,
    rights::{Reconciliation, end_others, stored_form},
    statement::Statement,
    user::{PairMark, User},
};

/// A session. Dropping it rolls back what is not committed.
pub(crate) struct Connection {
    world: Rc<World>,
    id: u64,
    /// The server at the other end.
    pub(super) spot: Spot,
    pub(super) user: String,
    /// The password with which this session logged in.
    pub(super) password: String,
    /// The password with which the live user has logged in here.
    live_password: Option<String>,
    /// The secret for which it changes its own password.
    owner: Option<PairOwner>,
    staged: Vec<Statement>,
}

impl Connection {
    pub(super) fn new(world: &Rc<World>, id: u64, spot: Spot, credentials: &Credentials) -> Self {
        world.session_opens(id);
        let (user, password) = (credentials.username.to_string(), credentials.password.expose().into());
        let (live_password, owner, staged) = (None, None, Vec::new());
        Self { world: Rc::clone(world), id, spot, user, password, live_password, owner, staged }
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
            is_before_password: false,
        };
        self.world.call(name, || effect(&mut self.world.server.borrow_mut()), || Err(lost)).await
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Waits until no other session changes this user.
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

    /// Runs one statement, or several together. The watch checks a master that changes anything.
    async fn run(&self, name: &'static str, statements: &[Statement]) -> Result<(), StatementError> {
        let effect = |server: &mut ServerModel| {
            let mut changed = false;
            if server.refuses == Some(name) {
                return Err(StatementError::new(StatementFault::Other { code: "79".to_owned() }));
            }
            for statement in statements {
                changed |= statement.apply(server.users_at_mut(self.spot))?;
            }
            server.changes += usize::from(changed);
            if changed && self.user == "master" {
                self.world.master_wrote(self.id, self.spot);
            }
            Ok(())
        };
        self.call(name, effect).await
    }

    fn statements(
        &self,
        change: &Change<'_>,
        server: &ServerModel,
    ) -> Result<Vec<Statement>, StatementError> {
        let users = server.users_at(self.spot);
        match (change, Reconciliation::of(change, server, users)) {
            (_, Some(reconciliation)) => reconciliation.statements(self.live_password.as_deref()),
            (Change::OwnPassword { new }, None) => self.own_password(new, server, users.get(&self.user)),
            (Change::OtherUser { .. }, None) => unreachable!("a change of a pair is reconciled"),
        }
    }

    /// A password that was kept is ended before the new one is set, because a later attempt that finds the
    /// new one set has nothing more to do.
    fn own_password(
        &self,
        new: &Password,
        server: &ServerModel,
        own: Option<&User>,
    ) -> Result<Vec<Statement>, StatementError> {
        self.may_change(own, server.defect)?;
        let user = self.user.clone();
        let form = stored_form(self.method(), server.defect, server.setting);
        let keeps = server.kind.keeps_two_passwords() || server.defect == Some(Defect::KeepsSecondary);
        let mut statements = match own.filter(|_| !keeps) {
            Some(own) => end_others(&user, own, &self.password, form),
            None => Vec::new(),
        };
        statements.push(Statement::SetPassword { user, password: new.expose().into(), form });
        Ok(statements)
    }

    /// A user of another secret's pair belongs to that secret.
    fn may_change(&self, own: Option<&User>, defect: Option<Defect>) -> Result<(), StatementError> {
        let marked = own.and_then(|own| own.mark.as_ref()).and_then(|PairMark { secret, .. }| secret.clone());
        let own_pair = |secret: &String| {
            self.owner.as_ref().is_some_and(|owner| owner.adopt || owner.secret.as_str() == *secret)
        };
        match marked {
            Some(secret) if !own_pair(&secret) && defect != Some(Defect::IgnoresMark) => {
                Err(StatementError::new(StatementFault::OtherSecret { secret }))
            }
            _ => Ok(()),
        }
    }
}

/// The user that a change gives a password.
fn changed<'a>(own: &'a str, change: &Change<'a>) -> &'a str {
    match change {
        Change::OwnPassword { .. } => own,
        Change::OtherUser { next, .. } => Username::as_str(&next.username),
    }
}

impl Session for Connection {
    async fn probe(&mut self, pair: Option<&UserPair>) -> Result<(), StatementError> {
        let (user, password) = (&self.user, &self.password);
        let answer = |server: &mut ServerModel| server.answer(self.spot, user, password, pair);
        self.call("server: probe", answer).await?;
        self.world.answered(self.id, self.spot, user, password);
        Ok(())
    }

    fn method(&self) -> Option<LoginMethod> {
        Some(self.world.server.borrow().method.method())
    }

    fn live_logs_in_by(&mut self, password: &Password) {
        self.live_password = Some(password.expose().into());
    }

    fn act_for(&mut self, owner: &PairOwner) {
        self.owner = Some(owner.clone());
    }

    /// A division by zero is refused, as on a real server.
    async fn prove(&mut self, statement: &TestQuery, _: Deadline) -> Result<(), StatementError> {
        let fails = statement.expose().contains("1/0");
        let refusal = || StatementError {
            fault: StatementFault::PrivilegeMissing { needed: statement.expose().to_owned() },
            statement: Some("test query"),
            source: Some(Cause::new("SQLSTATE 22012")),
            is_before_password: false,
        };
        self.call("server: prove", |_| if fails { Err(refusal()) } else { Ok(()) }).await
    }

    async fn plan(&mut self, change: &Change<'_>, _: Deadline) -> Result<Plan, StatementError> {
        self.call("server: plan", |_| Ok(())).await?;
        let statements = self.statements(change, &self.world.server.borrow())?;
        let lacking = self.world.server.borrow().lacking;
        Ok(Plan {
            statements: statements.iter().map(Statement::planned).collect(),
            notes: Vec::new(),
            lacking: lacking.iter().map(|(needed, _)| (*needed).to_owned()).collect(),
            is_lacking_certain: lacking.is_some_and(|(_, is_certain)| is_certain),
        })
    }

    async fn stage(&mut self, change: &Change<'_>, turn: &Turn, _: Deadline) -> Result<(), StatementError> {
        let kind = self.world.server.borrow().kind;
        if let (true, Change::OtherUser { pair, .. }) = (kind.takes_turns(), change) {
            self.call("server: take turn", |_| Ok(())).await?;
            if kind != Kind::TurnSaidTooSoon {
                self.lock(pair.original.as_str()).await;
            }
            turn.taken();
            // A concurrent read of the labels goes first: the order in which most could go wrong.
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
        // The invocation has seen whose password it is.
        let names: Vec<_> = staged.iter().map(|one| one.planned().text).collect();
        self.world.session_stages(self.id, &names);
        self.staged = staged;
        Ok(())
    }

    async fn commit(mut self) -> Result<ChangeReport, StatementError> {
        let staged = std::mem::take(&mut self.staged);
        assert!(!staged.is_empty(), "commit without a staged change");
        let kind = self.world.server.borrow().kind;
        if matches!(kind, Kind::Transactional | Kind::RowLock | Kind::TurnSaidTooSoon) {
            self.run("server: commit", &staged).await?;
        } else if let ([Statement::SetPassword { password, .. }], true) =
            (&staged[..], kind.keeps_two_passwords())
        {
            self.change_beside(kind, password).await?;
        } else {
            for (at, statement) in staged.iter().enumerate() {
                let run = self.run(statement.name(), std::slice::from_ref(statement)).await;
                let is_last = at + 1 == staged.len();
                run.map_err(|error| if is_last { error } else { error.before_password() })?;
            }
        }
        Ok(ChangeReport::default())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.world.server.borrow_mut().locks.retain(|_, owner| *owner != self.id);
        self.world.session_ends(self.id);
    }
}
