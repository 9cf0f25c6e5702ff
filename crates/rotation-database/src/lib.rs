#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! Databases as targets: one protocol of logins and changes for every engine.
//!
//! ```text
//! Database<E> ── Strategy ──┬─ single user        current (else pending, previous) changes its own password
//!                           └─ alternating users  current logs in, the master reconciles the other user
//! E: Engine ─ connect(Login, Transport) ─> Session { probe, prove, plan, stage, commit }
//! D: DatabaseLookup ─ by_arn, by_host ─> Server { endpoints, others, follows }   the master's server
//! ```
//!
//! [`Database`] implements the two ports of `rotation-core`: [`Target`](rotation_core::Target) for a
//! rotation, and [`Diagnosable`](rotation_core::diagnosis::Diagnosable) for a doctor.

mod cause;
pub mod codes;
mod connect_error;
mod connection_text;
mod copies;
mod database_lookup;
mod diagnosis;
mod engine;
mod error;
pub mod finding_codes;
mod host;
mod login;
mod members;
mod ownership;
mod plan;
mod profile;
mod remediation;
mod remedies;
mod statement_error;
mod strategy;
mod test_query;
mod turn;

pub use cause::Cause;
pub use connect_error::{ConnectError, TlsFault};
pub use connection_text::ConnectionText;
pub use copies::RewriteFields;
pub use database_lookup::{
    DatabaseLookup, DatabaseLookupError, DatabaseLookupService, Endpoint, NoDatabaseLookup, Server,
    ServerArn, owner,
};
pub use engine::{Change, Engine, LoginMethod, SecondPassword, ServerFacts, Session, Transport};
pub use error::{DatabaseError, MASTER_SECRET};
pub use host::Host;
pub use login::{Credentials, Login, TlsMode, UserPair, Username, port};
pub use members::seed_list;
pub use ownership::{Equality, Mark, PairOwner, SecretIdentity, recognize};
pub use plan::{ELIDED, Necessity, Plan, PlannedStatement, Purpose};
pub use profile::{EngineProfile, NameLimit};
pub use remedies::Remedies;
pub use statement_error::{SINGLE_USER, StatementError, StatementFault, UserBar};
pub use strategy::{Database, DatabaseSettings, MasterSecret, Strategy};
pub use test_query::{CustomProof, LONGEST_PROOF, StatementRule, TestField, TestQuery};
pub use turn::Turn;
