//! A guard between the server and the driver: messages that would reveal the password, keep the processor
//! busy or fill the memory never reach the driver.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use database_net::Stream;
use rotation_core::Password;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use crate::{digest, scram::Scram, violation::Violation};

/// The body of `AuthenticationOk`.
const AUTHENTICATION_OK: [u8; 4] = [0; 4];

/// Types of authentication requests ("Message Formats" in PostgreSQL's manual).
const OK: u32 = 0;
const CLEARTEXT: u32 = 3;
const CHALLENGE_OF_MD5: u32 = 5;

/// The longest message until the session is ready; the server's certificate is not among these.
const LONGEST_AT_STARTUP: usize = 64 * 1024;
/// The longest message afterwards: rows of the catalog are a few hundred bytes.
const LONGEST_IN_SESSION: usize = 1024 * 1024;
/// All that a server may send in one session.
const MOST_IN_SESSION: usize = 64 * 1024 * 1024;

/// The authentication that the server requested: empty where it let the client in without any.
pub(crate) type Asked = Arc<OnceLock<&'static str>>;

/// Filled once the server has accepted the client's identity.
pub(crate) type Admitted = Arc<OnceLock<()>>;

/// PostgreSQL's own names for the forms of a stored password (`password_encryption`), and Redshift's.
pub(crate) const MD5: &str = "md5";
pub(crate) const SCRAM: &str = "scram-sha-256";
pub(crate) const DIGEST: &str = "sha256";

/// A stream that releases only whole, inspected messages.
pub(crate) struct Guard<S> {
    inner: S,
    asked: Asked,
    admitted: Admitted,
    peer: Option<IpAddr>,
    /// Answers the server's challenges by SCRAM; the driver never sees them.
    scram: Scram,
    /// The password with which Redshift's challenge is answered, once; the driver never sees that challenge.
    digest_password: Option<Password>,
    /// The part of that answer that has yet to be sent.
    answer: Vec<u8>,
    /// Bytes of the server; those up to `released` have been inspected.
    bytes: Vec<u8>,
    taken: usize,
    released: usize,
    total: usize,
    ready: bool,
    refused: Option<Violation>,
}

impl<S> Guard<S> {
    pub(crate) fn new(inner: S, peer: Option<IpAddr>, scram: Scram) -> Self {
        Self {
            inner,
            asked: Asked::default(),
            admitted: Admitted::default(),
            peer,
            scram,
            digest_password: None,
            answer: Vec::new(),
            bytes: Vec::new(),
            taken: 0,
            released: 0,
            total: 0,
            ready: false,
            refused: None,
        }
    }

    /// The same, and a challenge of authentication type 13 is answered with this password.
    pub(crate) fn answering_digests(self, password: Password) -> Self {
        Self { digest_password: Some(password), ..self }
    }

    /// The authentication that the server requests, once it has.
    pub(crate) fn asked(&self) -> Asked {
        Arc::clone(&self.asked)
    }

    /// The address at the other end.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Set once the server has accepted the client's identity.
    pub(crate) fn admitted(&self) -> Admitted {
        Arc::clone(&self.admitted)
    }

    /// Checks every message that has arrived whole, and the head of the next one.
    fn inspect(&mut self) -> Result<(), Violation> {
        while let Some(head) = self.bytes.get(self.released..self.released + 5) {
            let kind = head[0];
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let length = usize::try_from(length).map_err(|_| Violation::TooLong)?;
            let longest = if self.ready { LONGEST_IN_SESSION } else { LONGEST_AT_STARTUP };
            if length < 4 {
                return Err(Violation::Malformed);
            }
            if length > longest {
                return Err(Violation::TooLong);
            }
            let end = self.released + 1 + length;
            let Some(body) = self.bytes.get(self.released + 5..end) else { break };
            if !self.ready {
                let answer = answer(kind, body, &mut self.scram, &mut self.digest_password)?;
                if let Some((method, answer)) = answer {
                    self.asked.get_or_init(|| method);
                    self.answer.extend_from_slice(&answer);
                    self.bytes.drain(self.released..end);
                    continue;
                }
                inspect_at_startup(kind, body, &self.scram)?;
                if asks_for_md5(kind, body) {
                    self.asked.get_or_init(|| MD5);
                }
                if kind == b'R' && body == AUTHENTICATION_OK {
                    self.admitted.get_or_init(|| ());
                }
            }
            // ReadyForQuery ends the startup.
            self.ready |= kind == b'Z';
            self.released = end;
        }
        Ok(())
    }

    /// Accepts what has arrived, or refuses all of it.
    fn admit(&mut self, arrived: &[u8]) -> io::Result<()> {
        self.bytes.drain(..self.taken);
        self.released -= self.taken;
        self.taken = 0;
        self.bytes.extend_from_slice(arrived);
        self.total += arrived.len();
        let outcome = if self.total > MOST_IN_SESSION { Err(Violation::TooMuch) } else { self.inspect() };
        outcome.map_err(|violation| {
            self.refused = Some(violation);
            io::Error::new(io::ErrorKind::InvalidData, violation)
        })
    }
}

/// The method that the server requests and the answer to it, where the driver does not answer itself.
fn answer(
    kind: u8,
    body: &[u8],
    scram: &mut Scram,
    digest_password: &mut Option<Password>,
) -> Result<Option<(&'static str, Vec<u8>)>, Violation> {
    if let Some(challenge) = digest::challenge(kind, body)
        && let Some(password) = digest_password.take()
    {
        return Ok(Some((DIGEST, digest::answer(challenge, &password)?)));
    }
    let Some((code, rest)) = authentication(kind, body) else { return Ok(None) };
    Ok(scram.answer(code, rest)?.map(|answer| (SCRAM, answer)))
}

/// The messages that belong to a startup: authentication, errors, notices, parameters, the key for
/// cancelling.
fn inspect_at_startup(kind: u8, body: &[u8], scram: &Scram) -> Result<(), Violation> {
    match kind {
        b'R' => inspect_authentication(body, scram),
        b'E' | b'N' | b'S' | b'K' | b'Z' | b'v' => Ok(()),
        _ => Err(Violation::Malformed),
    }
}

fn asks_for_md5(kind: u8, body: &[u8]) -> bool {
    authentication(kind, body).is_some_and(|(code, _)| code == CHALLENGE_OF_MD5)
}

/// The type of an authentication request, and what follows it.
fn authentication(kind: u8, body: &[u8]) -> Option<(u32, &[u8])> {
    let (code, rest) = body.split_first_chunk::<4>().filter(|_| kind == b'R')?;
    Some((u32::from_be_bytes(*code), rest))
}

fn inspect_authentication(body: &[u8], scram: &Scram) -> Result<(), Violation> {
    let (code, _) = authentication(b'R', body).ok_or(Violation::Malformed)?;
    match code {
        OK | CHALLENGE_OF_MD5 if scram.is_complete() => Ok(()),
        // The server owes its own proof.
        OK | CHALLENGE_OF_MD5 => Err(Violation::Malformed),
        CLEARTEXT => Err(Violation::Cleartext),
        other => Err(Violation::Method(other)),
    }
}

impl<S: AsyncWrite + Unpin> Guard<S> {
    /// Sends what is left of the answer to a challenge.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.answer.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.answer.is_empty() {
            let count = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.answer))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.answer.drain(..count);
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guard = &mut *self;
        loop {
            if let Some(violation) = guard.refused {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)));
            }
            let waiting = &guard.bytes[guard.taken..guard.released];
            if !waiting.is_empty() {
                let count = waiting.len().min(buf.remaining());
                buf.put_slice(&waiting[..count]);
                guard.taken += count;
                return Poll::Ready(Ok(()));
            }
            ready!(guard.poll_answer(cx))?;
            let mut chunk = [0_u8; 8192];
            let mut arrived = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut guard.inner).poll_read(cx, &mut arrived))?;
            if arrived.filled().is_empty() {
                // The end of the stream; the rest of a truncated message is useless.
                return Poll::Ready(Ok(()));
            }
            guard.admit(arrived.filled())?;
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl TlsStream for Guard<Stream> {
    fn channel_binding(&self) -> ChannelBinding {
        // The driver never gets to SCRAM.
        ChannelBinding::none()
    }
}

#[cfg(test)]
mod tests;
