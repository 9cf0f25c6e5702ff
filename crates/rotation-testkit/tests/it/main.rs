//! The testkit, tried with real programs: what the proofs of the other crates stand on must itself be proven.

mod authority;
mod lambda;
mod postgres;
