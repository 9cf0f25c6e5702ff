//! Rotations of users of a real replica set whose primary changes.

mod client;
mod failovers;
mod majority;
mod members;
mod scene;
mod soak;
