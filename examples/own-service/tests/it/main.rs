//! The two functions: under the kit, and as programs against the service's own process.

mod functions;
mod kit;
