//! A recording proxy between clients and a server: counts logins, keeps the commands, and imitates servers
//! that are not available.
//!
//! ```text
//! client ── TLS ──> DocdbProxy ── TLS ──> DocdbServer
//!                    └ script(command, None)         before the server receives it
//!                      script(command, Some(reply))  before the client receives it
//! ```

mod relay;
mod state;

use std::{
    io,
    sync::{Arc, Mutex},
    thread,
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{authority::TestCertificate, logins::Logins};

use super::DocdbServer;
pub use state::ProxyAction;
use state::Shared;

/// A recording proxy in front of one server. It runs on a thread of its own and stops when dropped.
pub struct DocdbProxy {
    port: u16,
    shared: Arc<Shared>,
    _stop: oneshot::Sender<()>,
}

impl DocdbProxy {
    /// Listens on 127.0.0.1 with a valid certificate of the server's authority.
    ///
    /// # Errors
    /// When no port is available.
    pub fn start(server: &DocdbServer) -> io::Result<Self> {
        Self::with_certificate(server, &server.authority().server())
    }

    /// The same with this certificate.
    ///
    /// # Errors
    /// When no port is available.
    pub fn with_certificate(server: &DocdbServer, certificate: &TestCertificate) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            server: server.port(),
            acceptor: TlsAcceptor::from(certificate.server_config()),
            connector: TlsConnector::from(trusting(server)),
            state: Mutex::default(),
        });
        let (port, (stop, stopped)) = (listener.local_addr()?.port(), oneshot::channel::<()>());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = accept(listener, accepting) => {}
                }
            });
        });
        Ok(Self { port, shared, _stop: stop })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets this script decide about all commands from now on.
    pub fn set_script(&self, script: impl Fn(&Value, Option<&Value>) -> ProxyAction + Send + Sync + 'static) {
        self.shared.state().script = Some(Arc::new(script));
    }

    /// Lets everything pass again.
    pub fn clear_script(&self) {
        self.shared.state().script = None;
    }

    /// How many connections clients have opened so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// The commands that clients have sent since they were last taken, passwords included.
    pub fn commands(&self) -> Vec<Value> {
        self.shared.state().commands.clone()
    }

    /// Takes the commands that clients have sent since the last look, passwords included.
    pub fn take_commands(&self) -> Vec<Value> {
        std::mem::take(&mut self.shared.state().commands)
    }

    /// How often this user's logins were accepted and refused so far.
    pub fn logins(&self, username: &str) -> Logins {
        self.shared.state().logins.get(username).copied().unwrap_or_default()
    }

    /// A line for each login, in the form of other servers' own logs.
    pub fn log(&self) -> String {
        self.shared.state().log.clone()
    }
}

impl std::fmt::Debug for DocdbProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocdbProxy").field("port", &self.port).finish_non_exhaustive()
    }
}

fn trusting(server: &DocdbServer) -> Arc<ClientConfig> {
    let authority = CertificateDer::from_pem_slice(server.authority().certificate_pem().as_bytes());
    let mut roots = RootCertStore::empty();
    roots.add(authority.expect("it made its own certificate")).expect("it is an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.expect("ring knows the versions that rustls does");
    Arc::new(versions.with_root_certificates(roots).with_no_client_auth())
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    // The set ends every connection when this future is dropped.
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await?;
        shared.state().connections += 1;
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A client or a server that closes the connection ends it, and that is all.
            let _ = relay::relay(client, &shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
