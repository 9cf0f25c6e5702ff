//! A Secrets Manager and a database server in memory, behind one gate through which every external call
//! passes.
//!
//! ```text
//! Service ─ drives ─> Rotator ─┬─ Store   (SecretStore) ─┐
//!                              └─ Server  (Engine)       ├─> Gate: fault? turn? ─> effect ─> invariants
//!                                  └ Connection (Session)┘
//! ```

mod act;
mod database_lookup;
mod defect;
mod digest;
mod gate;
mod invariants;
mod places;
mod records;
mod remedy;
mod rights;
mod server;
mod service;
mod session;
mod sightings;
mod situation;
mod statement;
mod store;
mod turns;
mod two_passwords;
mod user;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

pub(crate) use act::Act;
pub(crate) use database_lookup::{Atlas, DatabaseLookupModel, SERVICE};
pub(crate) use defect::Defect;
pub(crate) use gate::{FAULTS, Fault, Gate};
pub(crate) use invariants::{Violation, Watch};
pub(crate) use places::Place;
pub(crate) use server::{Attempt, Badness, Kind, PROFILE, Replica, Server, ServerModel, ServerTls};
pub(crate) use service::{Clean, Service, Variant, invocation, policy};
pub(crate) use sightings::Sighting;
pub(crate) use situation::{Plan, Situation, document, grants};
pub(crate) use store::{
    ARN, FUNCTION, IDENTITY, MASTER, OTHER, OTHER_IDENTITY, SecretModel, Store, StoreModel, Value, version,
};
pub(crate) use turns::{History, Invocation, nobody_is_ready, poll_once};
pub(crate) use user::{Acting, Form, PairMark, User};

/// Everything outside of the rotation function.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) store: RefCell<StoreModel>,
    pub(crate) server: RefCell<ServerModel>,
    pub(crate) lookup: RefCell<DatabaseLookupModel>,
    pub(crate) gate: RefCell<Gate>,
    pub(crate) watch: RefCell<Watch>,
    /// Whether the operator has named the secret as the one that takes over its pair.
    pub(crate) adopting: Cell<bool>,
}

impl World {
    pub(crate) fn new(store: StoreModel, server: ServerModel) -> Rc<Self> {
        Rc::new(Self { store: RefCell::new(store), server: RefCell::new(server), ..Self::default() })
    }

    /// Runs a test's future on a clock that jumps to the next timer as soon as every task waits.
    pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(future)
    }
}
