//! TLS in front of a server that is built without it.

use std::{fmt, io, thread};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::authority::TestCertificate;

/// A port of 127.0.0.1 that takes TLS and passes on what is inside. It runs on a thread of its own and stops
/// when dropped.
pub struct TlsFront {
    port: u16,
    _stop: oneshot::Sender<()>,
}

impl TlsFront {
    /// In front of this port, with this certificate.
    ///
    /// # Errors
    /// No port is available.
    pub fn start(behind: u16, certificate: &TestCertificate) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let acceptor = TlsAcceptor::from(certificate.server_config());
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = accept(listener, behind, acceptor) => {}
                }
            });
        });
        Ok(Self { port, _stop: stop })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Debug for TlsFront {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsFront").field("port", &self.port).finish_non_exhaustive()
    }
}

async fn accept(listener: std::net::TcpListener, behind: u16, acceptor: TlsAcceptor) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    // The set ends every connection when this future is dropped.
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            let mut server = TcpStream::connect(("127.0.0.1", behind)).await?;
            let mut client = acceptor.accept(client).await?;
            copy_bidirectional(&mut client, &mut server).await.map(drop)
        });
        while connections.try_join_next().is_some() {}
    }
}
