//! The local Secrets Manager, held against the rules of the real one and against servers and clients that we
//! did not write.

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
