//! A local Secrets Manager, a local Lambda Runtime API and launchers of real database servers.

mod function;

pub use function::{BoxFuture, Function, FunctionError};
