//! The server model as an engine that reports more than who logs in.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use rotation_core::{ChangeReport, Deadline};
use rotation_database::{
    Cause, Change, ConnectError, Engine, EngineProfile, Login, LoginMethod, Plan, ServerFacts, Session,
    StatementError, StatementFault, TestQuery, Transport, Turn, UserPair,
};

use crate::world::{PROFILE, Server};

/// What the engine reports.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The addresses of the host; `None` where it has none.
    pub(super) addresses: Option<Vec<IpAddr>>,
    /// The time until which the certificate chain is valid.
    pub(super) chain: Option<SystemTime>,
    pub(super) facts: ServerFacts,
    /// The number of refusals after which it locks a user.
    pub(super) refusals_until_locked: Option<u32>,
    /// Whether it accepts every login.
    pub(super) asks_for_no_password: bool,
    /// Whether a failover could roll back what it shows.
    pub(super) is_unconfirmed: bool,
    /// What the session's user lacks for a change.
    pub(super) lacking: Vec<String>,
    /// The notes of a plan.
    pub(super) notes: Vec<String>,
    /// The reason why a plan cannot be made.
    pub(super) unplannable: Option<StatementFault>,
}

impl Told {
    /// A server that reports nothing.
    pub(super) fn nothing() -> Self {
        Self { addresses: Some(Vec::new()), ..Self::default() }
    }
}

/// An engine. With `HOMES`, users belong to databases, which the field `authdb` names.
pub(super) struct Teller<const HOMES: bool> {
    pub(super) server: Server,
    pub(super) shown: Told,
}

pub(super) struct Telling {
    connection: <Server as Engine>::Session,
    shown: Told,
}

impl<const HOMES: bool> Engine for Teller<HOMES> {
    const PROFILE: EngineProfile =
        EngineProfile { home_field: if HOMES { Some("authdb") } else { None }, ..PROFILE };
    type Session = Telling;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Telling, ConnectError> {
        let connection = self.server.connect(login, transport, deadline).await?;
        Ok(Telling { connection, shown: self.shown.clone() })
    }

    async fn addresses(&self, _: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        self.shown.addresses.clone().ok_or(ConnectError::Dns(Cause::new("NXDOMAIN")))
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        self.shown.chain
    }
}

impl Session for Telling {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        self.connection.probe(None).await
    }

    fn is_settled(&self) -> bool {
        !self.shown.is_unconfirmed
    }

    /// Waits as long as the deadline allows.
    async fn settle(&mut self, deadline: Deadline) -> Result<(), StatementError> {
        tokio::time::sleep(deadline.remaining().saturating_sub(Duration::from_millis(50))).await;
        Err(StatementError::new(StatementFault::MajorityMissing))
    }

    fn method(&self) -> Option<LoginMethod> {
        self.shown.asks_for_no_password.then_some(LoginMethod::NONE)
    }

    async fn prove(&mut self, statement: &TestQuery, deadline: Deadline) -> Result<(), StatementError> {
        self.connection.prove(statement, deadline).await
    }

    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        let plan = self.connection.plan(change, deadline).await?;
        match &self.shown.unplannable {
            Some(fault) => Err(StatementError::new(fault.clone())),
            None => Ok(Plan { lacking: self.shown.lacking.clone(), notes: self.shown.notes.clone(), ..plan }),
        }
    }

    async fn stage(
        &mut self,
        change: &Change<'_>,
        turn: &Turn,
        deadline: Deadline,
    ) -> Result<(), StatementError> {
        self.connection.stage(change, turn, deadline).await
    }

    async fn commit(self) -> Result<ChangeReport, StatementError> {
        self.connection.commit().await
    }

    async fn refusals_until_locked(&mut self) -> Result<Option<u32>, StatementError> {
        Ok(self.shown.refusals_until_locked)
    }

    async fn facts(&mut self, _pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        Ok(self.shown.facts.clone())
    }
}
