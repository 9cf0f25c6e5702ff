//! What a proxy does next, and what it has seen.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::logins::Logins;

/// What happens to a command or to its reply.
#[derive(Clone, Debug, PartialEq)]
pub enum ProxyAction {
    /// It is passed on unchanged.
    Pass,
    /// The client gets this reply. If it replaces a command, the server receives nothing.
    Answer(Value),
    /// The connection ends here.
    Cut,
    /// From here on nothing is passed on, and nothing is closed.
    Hang,
}

/// Decides about a command (no reply yet), and then about the server's reply to it.
pub(super) type Script = dyn Fn(&Value, Option<&Value>) -> ProxyAction + Send + Sync;

/// The state that a proxy and its connections share.
pub(super) struct Shared {
    pub(super) server: u16,
    pub(super) acceptor: TlsAcceptor,
    pub(super) connector: TlsConnector,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) script: Option<Arc<Script>>,
    pub(super) commands: Vec<Value>,
    pub(super) connections: usize,
    pub(super) logins: BTreeMap<String, Logins>,
    pub(super) log: String,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
