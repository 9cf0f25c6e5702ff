//! The HTTP/1.1 server of both services.

use std::{error::Error, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// How connections are served.
#[derive(Clone, Default)]
pub(crate) struct Connections {
    /// TLS before HTTP; plain HTTP without.
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
    /// How long a client may take for its handshake, and for the head of a request, before its connection is
    /// closed.
    pub(crate) idle_limit: Option<Duration>,
}

/// Answers requests until it is dropped, which also closes every connection. An error of `respond` closes the
/// connection without an answer.
pub(crate) async fn serve<R, F, E>(listener: TcpListener, connections: Connections, respond: R)
where
    R: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Full<Bytes>>, E>> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    let Connections { tls, idle_limit } = connections;
    let tls = tls.map(TlsAcceptor::from);
    // The set ends every connection when this future is dropped.
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: some connection has to end first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // A small answer must not wait for the acknowledgement of the previous one.
        let _ = stream.set_nodelay(true);
        let (tls, respond) = (tls.clone(), respond.clone());
        open.spawn(async move {
            let Some(acceptor) = tls else {
                return connection(stream, idle_limit, respond).await;
            };
            let limit = idle_limit.unwrap_or(Duration::MAX);
            if let Ok(Ok(stream)) = tokio::time::timeout(limit, acceptor.accept(stream)).await {
                connection(stream, idle_limit, respond).await;
            }
        });
    }
}

async fn connection<R, F, E>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    idle_limit: Option<Duration>,
    respond: R,
) where
    R: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<Full<Bytes>>, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(idle_limit);
    // How a connection ends is up to the client, or to the test that asked for it.
    let _ = server.serve_connection(TokioIo::new(stream), service_fn(respond)).await;
}
