//! Network discovery: decided on tables, looked up in moto, and answered by the artifact.

#![expect(clippy::unwrap_used, reason = "a test ends where what it prepares fails")]

mod addresses;
mod artifact;
mod decisions;
mod discovery;
mod errors_document;
mod lookups;
mod moto;
mod receiver;
mod requests;
mod serverless;
