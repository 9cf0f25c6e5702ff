//! Finds the member that takes writes among those that a secret names.
//!
//! Each gets a greeting, which holds no password; the first that is the primary gets the login. What a member
//! reports about others only decides which of the listed ones is asked next: the function never connects to a
//! server that the secret does not name.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use database_net::os_cause;
use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Endpoint, Login, Transport};
use rustls::ClientConfig;

use crate::{
    dial::{dial, speaks_tls},
    document::Document,
    fault::connect_error,
    greeting::{self, Greeting, Refusal},
    wire::{Wire, WireError},
};

/// The most time that one member gets while others have not been asked yet: a rotation logs in several times
/// before its deadline, and one member may be silent each time.
const LONGEST_SHARE: Duration = Duration::from_secs(3);
/// Kept of a member's share, to name the failure after a TLS probe that was not answered.
const MARGIN: Duration = Duration::from_millis(100);

/// A server that takes writes, before any login.
pub(crate) struct Primary {
    pub(crate) wire: Wire,
    pub(crate) greeting: Greeting,
    /// The name of the secret's list by which it was reached.
    pub(crate) endpoint: Endpoint,
}

impl Primary {
    /// Asks the members in turn, each within a share of the deadline: a silent one leaves time for the
    /// others.
    ///
    /// # Errors
    /// That of the only server; of several, an error that an operator has to fix, else one that may pass.
    ///
    /// # Cancel safety
    /// Dropping the future closes the sockets.
    pub(crate) async fn find(
        login: &Login,
        message: &Document,
        transport: Transport,
        tls: &Arc<ClientConfig>,
        deadline: Deadline,
    ) -> Result<Self, ConnectError> {
        let mut untried: Vec<Endpoint> = login.endpoints().collect();
        let mut seen = Seen::default();
        while !untried.is_empty() {
            let share = share(deadline, untried.len());
            let endpoint = untried.remove(0);
            // A login at one server may be pinned to an address.
            let member =
                if login.others.is_empty() { login.clone() } else { login.only_at(endpoint.clone()) };
            let asked = share.bound(ask(&member, message, transport, tls, share)).await;
            match asked.unwrap_or_else(|_| Err(ConnectError::TimedOut.into())) {
                Ok((wire, greeting)) => return Ok(Self { wire, greeting, endpoint }),
                Err(refusal) => {
                    let named = refusal.primary.as_ref();
                    if let Some(next) = named.and_then(|named| place_of(named, &untried)) {
                        let next = untried.remove(next);
                        untried.insert(0, next);
                    }
                    seen.note(login, refusal);
                }
            }
        }
        Err(seen.verdict(login))
    }
}

/// How long one member may take while this number of members have not been asked yet.
fn share(deadline: Deadline, untried: usize) -> Deadline {
    match u32::try_from(untried).unwrap_or(u32::MAX) {
        0 | 1 => deadline,
        shares => deadline.at_most(LONGEST_SHARE.min(deadline.remaining() / shares)),
    }
}

async fn ask(
    login: &Login,
    message: &Document,
    transport: Transport,
    tls: &Arc<ClientConfig>,
    deadline: Deadline,
) -> Result<(Wire, Greeting), Refusal> {
    let mut wire = dial(login, transport, tls, deadline).await?;
    let address = wire.peer().map(|peer| SocketAddr::from((peer, login.port)));
    let reply = match wire.greet(message).await {
        Ok(reply) => reply,
        Err(error) => {
            let answers_tls = async |address| {
                let answer = speaks_tls(address, &login.host, tls);
                deadline.earlier(MARGIN).bound(answer).await.unwrap_or(false)
            };
            return Err(ungreeted(error, transport, address, answers_tls).await.into());
        }
    };
    let greeting = greeting::answer(reply.reader(), login.replica_set.as_deref())?;
    Ok((wire, greeting))
}

/// The greeting had no answer. A server that accepts TLS alone closes a connection in plaintext.
async fn ungreeted(
    error: WireError,
    transport: Transport,
    address: Option<SocketAddr>,
    answers_tls: impl AsyncFnOnce(SocketAddr) -> bool,
) -> ConnectError {
    match (&error, transport, address) {
        (WireError::Lost(io), Transport::Plaintext, Some(address)) if answers_tls(address).await => {
            ConnectError::TlsRequired(os_cause(io))
        }
        _ => connect_error(error),
    }
}

fn place_of(wanted: &Endpoint, list: &[Endpoint]) -> Option<usize> {
    list.iter().position(|member| member.is_same(wanted))
}

/// The answers of the members that are not the primary.
#[derive(Default)]
struct Seen {
    failure: Option<ConnectError>,
    /// The names that the members report for themselves.
    members: Vec<Endpoint>,
    /// The first primary that is not in the list.
    unlisted: Option<Endpoint>,
    was_one_silent: bool,
}

impl Seen {
    fn note(&mut self, login: &Login, refusal: Refusal) {
        self.was_one_silent |= refusal.me.is_none();
        self.members.extend(refusal.me);
        self.unlisted = self.unlisted.take().or(refusal.primary.filter(|named| !login.names(named)));
        if self.failure.as_ref().is_none_or(|known| weight(&refusal.error) > weight(known)) {
            self.failure = Some(refusal.error);
        }
    }

    fn verdict(self, login: &Login) -> ConnectError {
        // A list may name the members differently than they name each other: the silent one may be the
        // primary.
        let may_be_alias = self.was_one_silent && self.members.iter().any(|member| !login.names(member));
        let unlisted =
            self.unlisted.filter(|named| place_of(named, &self.members).is_none() && !may_be_alias);
        // The error of a listed member comes first: that one may be the primary.
        let is_clear = self.failure.as_ref().is_none_or(|failure| weight(failure) < STAYS);
        // A single host is the writer's endpoint, unless the secret names the set.
        let names_set = !login.others.is_empty() || login.replica_set.is_some();
        match unlisted {
            Some(primary) if names_set && is_clear => {
                ConnectError::PrimaryNotListed(Cause::new(format!("the primary is {}", primary.address())))
            }
            _ => self.failure.unwrap_or(ConnectError::TimedOut),
        }
    }
}

/// The weight of an error that an operator has to fix.
const STAYS: u8 = 2;

/// The failure that best explains why no member could be used: a permanent one comes before a transient one.
fn weight(error: &ConnectError) -> u8 {
    match error {
        ConnectError::Unreachable(_) | ConnectError::TimedOut | ConnectError::Dns(_) => 0,
        ConnectError::ReadOnly(_) | ConnectError::NotReady(_) => 1,
        _ => STAYS,
    }
}
