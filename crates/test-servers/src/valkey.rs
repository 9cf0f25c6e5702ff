//! Redis and Valkey, started for tests and the demo, with users in a file and with TLS.
//!
//! Valkey's build has no TLS, so a [`TlsFront`] speaks it in front of the server; Redis speaks it itself.

mod builder;
mod client;
mod tls_front;

// Circle: a builder starts the server, and the server gives out its builder.
use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{authority::TestAuthority, guardian::Guardian, postgres::TestLogin, server::DatabaseServer};

pub use builder::ValkeyBuilder;
pub use client::{ValkeyAnswer, ValkeyClient};
pub use tls_front::TlsFront;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValkeyProduct {
    /// Redis 7.0 of Debian bookworm, which speaks TLS.
    Redis7,
    /// Valkey 9 of Python's package index, behind a TLS front.
    Valkey9,
}

impl ValkeyProduct {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Redis7, Self::Valkey9];
}

impl fmt::Display for ValkeyProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis7 => "Redis 7.0",
            Self::Valkey9 => "Valkey 9",
        })
    }
}

/// A running server on loopback, with its own folder. It listens on one port with TLS and on another without,
/// for preparation and inspection. Dropping it ends it and removes its files.
pub struct ValkeyServer {
    product: ValkeyProduct,
    /// Without TLS.
    plain_port: u16,
    tls_port: u16,
    folder: PathBuf,
    admin: TestLogin,
    authority: Arc<TestAuthority>,
    front: Option<TlsFront>,
    guardian: Mutex<Guardian>,
}

impl ValkeyServer {
    /// Prepares a server; [`ValkeyBuilder::start`] starts it.
    pub fn builder(product: ValkeyProduct) -> ValkeyBuilder {
        ValkeyBuilder::new(product)
    }

    /// Which server it is.
    pub fn product(&self) -> ValkeyProduct {
        self.product
    }

    /// The name to connect to, which the server's certificate carries.
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The TCP port on 127.0.0.1 that takes TLS.
    pub fn port(&self) -> u16 {
        self.tls_port
    }

    /// The TCP port on 127.0.0.1 without TLS.
    pub fn plain_port(&self) -> u16 {
        self.plain_port
    }

    /// The authority that signed the server's certificate, unless another certificate was given.
    pub fn authority(&self) -> &TestAuthority {
        &self.authority
    }

    /// A user that may do everything. A rotation must never need it.
    pub fn admin(&self) -> &TestLogin {
        &self.admin
    }

    /// Runs a command as the administrator, over the port without TLS.
    ///
    /// # Errors
    /// The server does not answer. An error that it answers is an answer.
    pub fn command(&self, words: &[&str]) -> io::Result<ValkeyAnswer> {
        ValkeyClient::log_in(self.plain_port, &self.admin)?.command(words)
    }

    /// Whether this login opens the server now.
    pub fn opens(&self, login: &TestLogin) -> bool {
        ValkeyClient::log_in(self.plain_port, login).is_ok()
    }

    /// How many passwords a user has; `None` where there is no such user.
    pub fn passwords(&self, user: &str) -> Option<usize> {
        match self.command(&["ACL", "GETUSER", user]).ok()? {
            ValkeyAnswer::List(fields) => fields.chunks(2).find_map(|pair| match pair {
                [ValkeyAnswer::Text(name), ValkeyAnswer::List(hashes)] if name == "passwords" => {
                    Some(hashes.len())
                }
                _ => None,
            }),
            _ => None,
        }
    }

    /// How many logins of this user the server's own log of refusals has.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn refused_logins(&self, user: &str) -> io::Result<u64> {
        let ValkeyAnswer::List(entries) = self.command(&["ACL", "LOG", "5000"])? else { return Ok(0) };
        let count = |entry: &ValkeyAnswer| {
            let ValkeyAnswer::List(fields) = entry else { return 0 };
            let field = |name: &str| {
                fields.chunks(2).find(|pair| pair[0] == ValkeyAnswer::Text(name.into())).map(|pair| &pair[1])
            };
            let is = |name: &str, text: &str| field(name) == Some(&ValkeyAnswer::Text(text.to_owned()));
            match field("count") {
                Some(ValkeyAnswer::Number(count)) if is("reason", "auth") && is("username", user) => {
                    u64::try_from(*count).unwrap_or_default()
                }
                _ => 0,
            }
        };
        Ok(entries.iter().map(count).sum())
    }

    /// Ends the server with SIGKILL and starts it again with the users of its file. Blocks until it accepts
    /// connections.
    ///
    /// # Errors
    /// It does not come back.
    pub fn crash(&self) -> io::Result<()> {
        let mut guardian = self.guardian.lock().unwrap_or_else(PoisonError::into_inner);
        guardian.restart("KILL")?;
        builder::wait_until_ready(&guardian, &self.folder, self.plain_port)
    }

    /// Ends the server, and leaves its ports unanswered.
    ///
    /// # Errors
    /// The guardian has ended.
    pub fn stop(&self) -> io::Result<()> {
        self.guardian.lock().unwrap_or_else(PoisonError::into_inner).stop("TERM")
    }

    /// Everything in its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl DatabaseServer for ValkeyServer {
    fn title(&self) -> String {
        self.product.to_string()
    }

    fn engine(&self) -> &'static str {
        "valkey"
    }

    fn host(&self) -> &'static str {
        self.host()
    }

    fn port(&self) -> u16 {
        self.port()
    }

    fn authority_pem(&self) -> &str {
        self.authority.certificate_pem()
    }

    fn log(&self) -> String {
        self.log()
    }
}

impl fmt::Debug for ValkeyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValkeyServer")
            .field("product", &self.product)
            .field("port", &self.tls_port)
            .field("front", &self.front)
            .finish_non_exhaustive()
    }
}
