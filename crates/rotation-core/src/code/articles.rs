//! The articles of `docs/errors.md`, by what they are about.

pub(super) mod connections;
pub(super) mod database;
pub(super) mod directory;
pub(super) mod labels;
pub(super) mod secrets;
pub(super) mod service;
