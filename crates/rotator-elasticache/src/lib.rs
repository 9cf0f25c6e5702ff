//! Users of ElastiCache, MemoryDB, and of Valkey or Redis servers of one's own, as targets of a rotation.
//!
//! ```text
//! OwnUser            valkey_master_user        a master runs ACL SETUSER by hashes
//! ManagedUserTarget  elasticache_single_user   ModifyUser of ElastiCache, UpdateUser of MemoryDB
//!   Servers ─ open(Login) ─> Session     RESP over TLS: HELLO, AUTH, ACL
//!   UserApi ─ user, set_passwords        Aws (feature `lambda`), or a fake
//! ```
//!
//! Each user has two passwords, that of AWSCURRENT and that of AWSPREVIOUS. A rotation puts AWSPENDING in the
//! place of the older one, so no application is locked out at any moment. A login is never the proof that
//! something else does not log in: own servers list the hashes of all passwords, and the service replaces the
//! whole list.
//!
//! Nothing here has met a real ElastiCache or MemoryDB: see the how-to.

mod acl;
pub mod codes;
mod connection;
mod error;
mod login;
mod managed_secret;
mod managed_user;
mod own_secret;
mod own_user;
mod profile;
mod refusal;
mod resp;
mod server;
mod settings;
mod user_api;

#[cfg(feature = "lambda")]
mod aws;

#[cfg(feature = "lambda")]
pub use aws::Aws;

pub use acl::{AclUser, PasswordChange, PasswordHash};
pub use connection::{Connection, Network};
pub use error::ElastiCacheError;
pub use managed_user::{LoginProof, ManagedUserSettings, ManagedUserTarget};
pub use own_user::{OwnUser, OwnUserSettings};
pub use resp::{Malformed, Reply, command};
pub use server::{Company, Saved, Servers, Session};
pub use user_api::{ApiError, ApiFault, ManagedUser, UserApi, UserArn, UserService, UserState};
