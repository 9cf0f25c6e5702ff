//! The suite of any rotation function against any database server.

pub mod conformance;
