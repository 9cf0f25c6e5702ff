//! Rotations of users of real PostgreSQL servers.

mod adoption;
mod alternating;
mod attributes;
mod conformance;
mod equality;
mod laboratory;
mod names;
mod refusals;
mod single_user;
