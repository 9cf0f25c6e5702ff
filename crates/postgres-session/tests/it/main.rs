//! Logins against real servers and against servers in bad faith.

mod laboratory;
mod logins;
mod quoting;
mod rogues;
mod statements;
mod tls;
mod verifiers;
