//! The local Secrets Manager, compared with the rules of the real one, with independent servers, and with
//! independent clients.

mod aws_cli;
mod backend;
mod conformance;
mod external;
mod function;
mod rotation;
mod rules;
mod state;
mod trouble;
mod wire;
