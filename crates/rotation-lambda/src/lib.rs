#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! The Lambda function around `rotation-core`: runtime loop and outcome lines. This is the only crate that
//! knows the Lambda runtime.
//!
//! ```text
//! main ─> serve(name, settings)                                           any target
//!       | serve_single_user(engine) | serve_master_user(engine, lookup)  a database
//!   Environment ─> FunctionSettings ─> log, SecretsManager; settings(..)  once
//!   /next ─> Invocation ─> Target; RotationEvent ─> Rotator::rotate ─> outcome line, metrics  each event
//! main ─> serve_events(handler)                                           a function that rotates nothing
//! ```

mod core_files;
mod diagnosis;
mod dry_run;
mod events;
mod failure;
mod log;
mod metrics;
mod panic;
mod report;
mod serve;
mod time_limit;

/// What [`serve()`] passes to the settings of a target, and a client for services with an API of their own.
pub use rotation_aws::{Access, Answer, HttpClient, HttpError};
pub use rotation_config::{ConfigError, Environment, password_policy};

pub use events::{EventFailure, EventInvocation, serve_events};
pub use log::start_log;
pub use panic::{Panicked, caught};
pub use serve::{FunctionName, serve, serve_master_user, serve_single_user};
