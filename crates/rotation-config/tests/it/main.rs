//! What settings mean, and what is refused at start.

mod config;
mod endpoints;
