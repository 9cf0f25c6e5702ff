//! From built programs to functions in an account.
//!
//! ```text
//! scripts/package   built programs ─> program::check ─> archive::pack ─> trial::run ─> Manifest
//! delivery custom   any program, likewise, without a manifest
//! scripts/deploy    Manifest ─> Release ─> bucket ─> change set, shown ─> stack, watched ─> rotate-secret
//! scripts/undeploy  stack ─> gone; the secret stays
//! ```
//!
//! The scripts call the program `delivery`; nothing of it runs on Lambda.

pub mod archive;
mod arguments;
mod artifact;
mod aws_cli;
pub mod bucket;
mod console;
pub mod custom;
pub mod deploy;
mod manifest;
mod network;
pub mod pack;
pub mod parameters;
pub mod plan;
pub mod program;
mod rotation;
mod site;
mod stack;
pub mod trial;
pub mod undeploy;

pub use artifact::Artifact;
pub use manifest::{Entry, Manifest};
