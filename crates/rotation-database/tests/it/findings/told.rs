//! The server model as an engine that tells more of itself than who logs in.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use rotation_core::{ChangeReport, Deadline};
use rotation_database::{
    Cause, Change, ConnectError, Engine, EngineProfile, Login, LoginMethod, Plan, ServerFacts, Session,
    StatementError, StatementFault, TestStatement, Transport, Turn, UserPair,
};

use crate::world::{PROFILE, Server};

/// What it tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The addresses of the host; `None` where it has none.
    pub(super) addresses: Option<Vec<IpAddr>>,
    /// Until when the certificate chain verifies.
    pub(super) chain: Option<SystemTime>,
    pub(super) facts: ServerFacts,
    /// After how many refusals it locks a user.
    pub(super) refusals_until_locked: Option<u32>,
    /// Whether it lets everybody in.
    pub(super) asks_for_no_password: bool,
    /// Whether a failover could take back what it shows.
    pub(super) is_unconfirmed: bool,
    /// What the session's user lacks for a change.
    pub(super) lacking: Vec<String>,
    /// Beside a plan.
    pub(super) notes: Vec<String>,
    /// Why a plan cannot be made.
    pub(super) unplannable: Option<StatementFault>,
}

impl Told {
    /// A server that has nothing to tell.
    pub(super) fn nothing() -> Self {
        Self { addresses: Some(Vec::new()), ..Self::default() }
    }
}

/// An engine. `HOMES` are its users defined in databases, as the field `authdb` says.
pub(super) struct Teller<const HOMES: bool> {
    pub(super) server: Server,
    pub(super) told: Told,
}

pub(super) struct Telling {
    connection: <Server as Engine>::Session,
    told: Told,
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
        Ok(Telling { connection, told: self.told.clone() })
    }

    async fn addresses(&self, _: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        self.told.addresses.clone().ok_or(ConnectError::Dns(Cause::new("NXDOMAIN")))
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        self.told.chain
    }
}

impl Session for Telling {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        self.connection.probe(None).await
    }

    fn is_settled(&self) -> bool {
        !self.told.is_unconfirmed
    }

    /// Waits as long as it may.
    async fn settle(&mut self, deadline: Deadline) -> Result<(), StatementError> {
        tokio::time::sleep(deadline.remaining().saturating_sub(Duration::from_millis(50))).await;
        Err(StatementError::new(StatementFault::MajorityMissing))
    }

    fn method(&self) -> Option<LoginMethod> {
        self.told.asks_for_no_password.then_some(LoginMethod::NONE)
    }

    async fn prove(&mut self, statement: &TestStatement, deadline: Deadline) -> Result<(), StatementError> {
        self.connection.prove(statement, deadline).await
    }

    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        let plan = self.connection.plan(change, deadline).await?;
        match &self.told.unplannable {
            Some(fault) => Err(StatementError::new(fault.clone())),
            None => Ok(Plan { lacking: self.told.lacking.clone(), notes: self.told.notes.clone(), ..plan }),
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
        Ok(self.told.refusals_until_locked)
    }

    async fn facts(&mut self, _pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        Ok(self.told.facts.clone())
    }
}
