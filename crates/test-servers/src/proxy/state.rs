//! What a proxy does next, and what it has seen.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{fault::Fault, framing::Preface};

/// The size of the record of what clients sent, in bytes.
const RECORD_LIMIT: usize = 1024 * 1024;

/// What a proxy and its connections share.
pub(super) struct Shared {
    /// `host:port` of the server.
    pub(super) server: String,
    pub(super) preface: Preface,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    /// For the following connections, in order; then `otherwise`.
    pub(super) script: VecDeque<Fault>,
    pub(super) otherwise: Fault,
    pub(super) connections: usize,
    /// Connections that have met their fault.
    pub(super) faults: usize,
    /// Of the newest connection.
    pub(super) messages: usize,
    pub(super) received: Vec<u8>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn opened(&self) -> Fault {
        let mut state = self.state();
        state.connections += 1;
        state.messages = 0;
        state.script.pop_front().unwrap_or(state.otherwise)
    }

    pub(super) fn heard(&self, bytes: &[u8]) {
        let mut state = self.state();
        let room = RECORD_LIMIT.saturating_sub(state.received.len());
        state.received.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    pub(super) fn failed(&self) {
        self.state().faults += 1;
    }

    pub(super) fn counted(&self, messages: usize) {
        self.state().messages = messages;
    }
}
