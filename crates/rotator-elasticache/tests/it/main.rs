//! Rotations of users of real servers, of ElastiCache's double and of fakes.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps, and reports the value")]
#![expect(clippy::print_stdout, reason = "the soak reports its figures")]

mod conformance;
mod demo;
mod elasticache;
mod errors_document;
mod fixture;
mod interruption;
mod judges;
mod memorydb;
mod own_servers;
mod protocol;
mod refusals;
mod soak;
mod transport;
