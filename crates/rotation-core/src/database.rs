//! Databases as targets: one protocol of logins and changes for every engine.
//!
//! ```text
//! Database<E> ── Strategy ──┬─ single user         current (else pending, else previous) changes its own password
//!                           └─ alternating users   current proves itself, the master brings the other user to equal
//! E: Engine ─ connect(Login, Transport) ─> Session { probe, prove, plan, stage, commit }
//! D: Directory ─ by_arn, by_host ─> Server { endpoints, others, follows }      where the master's server is, if need be
//! ```

mod connect_error;
mod connection_text;
pub(crate) mod copies;
mod diagnosis;
mod directory;
mod engine;
mod error;
mod login;
mod members;
mod ownership;
mod password;
mod plan;
mod remedies;
mod statement_error;
pub(crate) mod strategy;
mod test_statement;
mod turn;

pub use connect_error::{ConnectError, TlsFault};
pub use connection_text::ConnectionText;
pub use copies::RewriteFields;
pub use directory::{
    Directory, DirectoryError, DirectoryFault, DirectoryService, Endpoint, NoDirectory, Server, ServerArn,
    owner,
};
pub use engine::{
    Change, Committed, Engine, EngineProfile, LoginMethod, NameLimit, PasswordDemand, SecondPassword,
    ServerFacts, Session, Transport,
};
pub use error::{Credential, TargetError};
pub use login::{Credentials, Host, Login, TlsMode, UserPair, Username, port};
pub use members::seed_list;
pub use ownership::{Equality, Mark, PairOwner, SecretIdentity, recognize};
pub use password::{
    CharacterClass, NoRandomness, Password, PasswordPolicy, PasswordRule, PasswordSettings, PasswordSource,
    PolicyError,
};
pub use plan::{ELIDED, Necessity, Plan, PlannedStatement, Purpose};
pub use remedies::Remedies;
pub use statement_error::{Cause, SINGLE_USER, StatementError, StatementFault, UserBar};
pub use strategy::{Database, MasterSecret, Strategy};
pub use test_statement::{CustomProof, LONGEST_PROOF, StatementRule, TestField, TestStatement};
pub use turn::Turn;
