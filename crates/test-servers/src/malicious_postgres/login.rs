//! What follows the startup message.

use std::io;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use super::{
    script::PostgresMischief,
    session,
    wire::{Wire, authentication, error, message, ready},
};

const GIB: u32 = 1 << 30;

/// Acts as scripted after the startup message has been received.
pub(super) async fn login<S: AsyncRead + AsyncWrite + Unpin>(
    mut wire: Wire<'_, S>,
    mischief: &PostgresMischief,
) -> io::Result<()> {
    match mischief {
        PostgresMischief::CleartextPassword => {
            wire.send(&authentication(3, &[])).await?;
            refuse(wire).await
        }
        PostgresMischief::Md5Password => {
            wire.send(&authentication(5, b"salt")).await?;
            refuse(wire).await
        }
        PostgresMischief::Asks(kind, words) => {
            wire.send(&authentication(*kind, words)).await?;
            refuse(wire).await
        }
        PostgresMischief::ScramIterations(iterations) => {
            wire.send(&authentication(10, b"SCRAM-SHA-256\0\0")).await?;
            let first = wire.read().await?;
            let challenge =
                format!("r={}mischief,s=c2FsdHNhbHRzYWx0c2FsdA==,i={iterations}", nonce(&first.body));
            wire.send(&authentication(11, challenge.as_bytes())).await?;
            refuse(wire).await
        }
        PostgresMischief::DripFeed(interval) => {
            // A notice, which a client accepts at any time, as long as the protocol allows.
            let mut bytes = [b"N".as_slice(), &GIB.to_be_bytes()].concat().into_iter();
            loop {
                let sent = wire.send(&[bytes.next().unwrap_or(b'M')]).await;
                let end = timeout(*interval, wire.wait_for_the_end()).await;
                if sent.is_err() || end.is_ok() {
                    return Ok(());
                }
            }
        }
        PostgresMischief::OversizedMessage(sent) => {
            wire.send(&[b"R".as_slice(), &GIB.to_be_bytes()].concat()).await?;
            let zeros = vec![0; (*sent).min(64 * 1024)];
            for _ in 0..sent.div_ceil(zeros.len().max(1)) {
                // What the client sent before it left still has to be recorded.
                if wire.send(&zeros).await.is_err() {
                    break;
                }
            }
            wire.wait_for_the_end().await
        }
        PostgresMischief::RefusesLogin(code, text) => wire.send(&error("FATAL", code, text)).await,
        PostgresMischief::Answers(answers) => {
            wire.send(&welcome()).await?;
            session::serve(wire, answers).await
        }
        PostgresMischief::Silent => wire.wait_for_the_end().await,
    }
}

/// Reads one more message, the credential if the client is deceived, and refuses it.
async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(mut wire: Wire<'_, S>) -> io::Result<()> {
    wire.read().await?;
    wire.send(&error("FATAL", "28P01", "password authentication failed")).await
}

/// `AuthenticationOk`, the parameters that clients read, `BackendKeyData`, `ReadyForQuery`.
fn welcome() -> Vec<u8> {
    let parameter = |name: &str, value: &str| message(b'S', format!("{name}\0{value}\0").as_bytes());
    [
        authentication(0, &[]),
        parameter("server_version", "16.14"),
        parameter("server_encoding", "UTF8"),
        parameter("client_encoding", "UTF8"),
        parameter("standard_conforming_strings", "on"),
        parameter("in_hot_standby", "off"),
        message(b'K', &[0; 8]),
        ready(b'I'),
    ]
    .concat()
}

/// The client's nonce in its `SASLInitialResponse`: after `r=`, up to the end.
fn nonce(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.rsplit_once("r=").map_or_else(String::new, |(_, nonce)| nonce.to_owned())
}
