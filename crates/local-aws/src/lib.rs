#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! Two services of AWS on this machine, for programs that rotate secrets and for their tests.
//!
//! ```text
//! AWS CLI, any SDK ─> LocalSecretsManager ─ RotateSecret ─> Function::invoke
//!                                                            ├ LambdaFunction: a program under the API
//!                                                            └ a closure of a test
//! ```
//!
//! [`LocalSecretsManager`] answers Secrets Manager's JSON protocol over HTTP or TLS and drives rotations like
//! the service. [`LambdaFunction`] starts any program that speaks the Lambda Runtime API, in any language,
//! and invokes it like Lambda. Neither needs an account, credentials or a network.
//!
//! The crate depends on no other crate of its workspace and knows nothing about the functions that it runs,
//! so that it can be published and used alone. It is not only for tests: a command may link it to offer a
//! local service.

mod function;
mod http;
mod lambda;
pub mod secrets_manager;

pub use function::{BoxFuture, Function, FunctionError};
pub use lambda::{InvocationReport, LambdaBuilder, LambdaFunction};
pub use secrets_manager::LocalSecretsManager;
