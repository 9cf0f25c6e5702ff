//! Packets in and out.

use std::{io, sync::Mutex};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{authority::TestCertificate, heard::listen};

use super::script::{Moment, MysqlMischief, Record, lock};

/// The largest packet that a client under test may send.
const PACKET_LIMIT: usize = 1024 * 1024;

/// The length of the largest packet, which means that more of it follows.
const LARGEST: usize = 0x00ff_ffff;

pub(super) struct Wire<'a, S> {
    stream: S,
    sequence: u8,
    pub(super) record: &'a Mutex<Record>,
}

impl<'a> Wire<'a, TcpStream> {
    pub(super) fn new(stream: TcpStream, record: &'a Mutex<Record>) -> Self {
        Self { stream, sequence: 0, record }
    }

    pub(super) async fn encrypt(
        self,
        certificate: &TestCertificate,
    ) -> io::Result<Wire<'a, TlsStream<TcpStream>>> {
        let stream = TlsAcceptor::from(certificate.server_config()).accept(self.stream).await?;
        Ok(Wire { stream, sequence: self.sequence, record: self.record })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<'_, S> {
    /// The payload of the client's next packet.
    pub(super) async fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await?;
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        self.sequence = head[3].wrapping_add(1);
        if length > PACKET_LIMIT {
            return Err(io::Error::other("the client's packet is too long"));
        }
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await?;
        lock(self.record).received.add(&payload);
        Ok(payload)
    }

    /// One packet.
    pub(super) async fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        let head = self.head(payload.len());
        self.push(&[&head, payload].concat()).await
    }

    /// The head of the next packet.
    fn head(&mut self, length: usize) -> [u8; 4] {
        let bytes = length.to_le_bytes();
        let head = [bytes[0], bytes[1], bytes[2], self.sequence];
        self.sequence = self.sequence.wrapping_add(1);
        head
    }

    async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        lock(self.record).sent += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Does what is due at this moment, until the client leaves; `false` where nothing is.
    pub(super) async fn turns_bad(&mut self, mischief: &MysqlMischief, now: Moment) -> io::Result<bool> {
        match *mischief {
            MysqlMischief::Silent(moment) if moment == now => self.wait_for_the_end().await?,
            MysqlMischief::Oversized(moment) if moment == now => {
                // It ends when the client leaves; what the client sent before still has to be recorded.
                let _ = self.push_without_end().await;
                self.wait_for_the_end().await?;
            }
            MysqlMischief::DripFeed(moment, interval) if moment == now => {
                let head = self.head(64 * 1024);
                for byte in head.into_iter().chain(std::iter::repeat(0)) {
                    let sent = self.push(&[byte]).await;
                    let end = timeout(interval, self.wait_for_the_end()).await;
                    if sent.is_err() || end.is_ok() {
                        break;
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// One packet of 16 MiB after another.
    async fn push_without_end(&mut self) -> io::Result<()> {
        loop {
            let head = self.head(LARGEST);
            self.push(&head).await?;
            let mut left = LARGEST;
            while left > 0 {
                let part = left.min(64 * 1024);
                self.push(&vec![0; part]).await?;
                left -= part;
            }
        }
    }

    /// Reads, records and never answers, until the client leaves. What was received is recorded even where
    /// this is cancelled.
    async fn wait_for_the_end(&mut self) -> io::Result<()> {
        listen(&mut self.stream, |bytes| lock(self.record).received.add(bytes)).await
    }
}

/// A number with the length of what follows.
pub(super) fn counted(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len().to_le_bytes();
    let head = match bytes.len() {
        0..=250 => vec![length[0]],
        251..=0xffff => vec![0xfc, length[0], length[1]],
        _ => vec![0xfd, length[0], length[1], length[2]],
    };
    [&head, bytes].concat()
}

/// `ERR_Packet`.
pub(super) fn error(code: u16, words: &[u8]) -> Vec<u8> {
    [&[0xff], code.to_le_bytes().as_slice(), b"#HY000", words].concat()
}

/// `OK_Packet` without content.
pub(super) const OK: [u8; 7] = [0, 0, 0, 2, 0, 0, 0];

/// `EOF_Packet`.
pub(super) const END: [u8; 5] = [0xfe, 0, 0, 2, 0];
