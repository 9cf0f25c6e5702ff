//! Rotations of users of real PostgreSQL servers.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]

mod adoption;
mod alternating;
mod attributes;
mod barred;
mod conformance;
mod engine_suite;
mod excess;
mod fixture;
mod grantors;
mod growth;
mod hostile;
mod login_code;
mod marks;
mod names;
mod plan;
mod pooled_clone;
mod pooler;
mod pooler_login;
mod refusals;
mod sessions;
mod single_user;
mod storage;
mod test_query;
