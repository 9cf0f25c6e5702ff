//! One connection, from both sides, up to its fault.

use std::{future::pending, io};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use super::{
    fault::{Action, Fault, Point},
    framing::Framing,
    state::Shared,
};

const BUFFER: usize = 16 * 1024;

/// What has to be done after a piece of what the client sent.
enum Step {
    Continue,
    /// Returned at once, which closes both sides.
    Close,
    Fault(Action),
}

/// Passes bytes both ways until a side closes or the fault occurs.
pub(super) async fn relay(
    client: TcpStream,
    server: TcpStream,
    fault: Fault,
    shared: &Shared,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    Relay {
        client,
        server,
        fault,
        shared,
        framing: Framing::new(shared.preface),
        waiting: Vec::new(),
        messages: 0,
        bytes: 0,
    }
    .run()
    .await
}

struct Relay<'a> {
    client: TcpStream,
    server: TcpStream,
    fault: Fault,
    shared: &'a Shared,
    framing: Framing,
    /// What the client sent and the server has not received.
    waiting: Vec<u8>,
    messages: usize,
    bytes: u64,
}

impl Relay<'_> {
    async fn run(mut self) -> io::Result<()> {
        let mut from_client = vec![0; BUFFER];
        let mut from_server = vec![0; BUFFER];
        loop {
            tokio::select! {
                read = self.client.read(&mut from_client) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    self.shared.heard(&from_client[..read]);
                    self.waiting.extend_from_slice(&from_client[..read]);
                    match self.forward().await? {
                        Step::Continue => {}
                        Step::Close => return Ok(()),
                        Step::Fault(action) => {
                            self.shared.failed();
                            return self.fail(action).await;
                        }
                    }
                }
                read = self.server.read(&mut from_server) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    self.client.write_all(&from_server[..read]).await?;
                }
            }
        }
    }

    /// Sends on complete messages, up to the fault.
    async fn forward(&mut self) -> io::Result<Step> {
        if let Fault::At(Point::Byte(limit), action) = self.fault {
            return self.forward_bytes(limit, action).await;
        }
        while let Some(length) = self.framing.first_message(&self.waiting) {
            let message: Vec<u8> = self.waiting.drain(..length).collect();
            self.messages += 1;
            self.shared.counted(self.messages);
            if let Fault::Delay(delay) = self.fault {
                sleep(delay).await;
            }
            if let Fault::At(Point::Message(number), action) = self.fault
                && number == self.messages
            {
                if matches!(action, Action::CutReply | Action::HangReply) {
                    self.server.write_all(&message).await?;
                }
                return Ok(Step::Fault(action));
            }
            if self.framing.is_ssl_request(&message) {
                if let Step::Close = self.negotiate_tls(&message).await? {
                    return Ok(Step::Close);
                }
            } else {
                self.framing.started();
                self.server.write_all(&message).await?;
            }
        }
        Ok(Step::Continue)
    }

    /// Sends on bytes as they are received, up to the limit.
    async fn forward_bytes(&mut self, limit: u64, action: Action) -> io::Result<Step> {
        let room = usize::try_from(limit - self.bytes).unwrap_or(usize::MAX);
        let bytes: Vec<u8> = self.waiting.drain(..room.min(self.waiting.len())).collect();
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.server.write_all(&bytes).await?;
        Ok(if self.bytes == limit { Step::Fault(action) } else { Step::Continue })
    }

    /// Passes the server's one byte on, or answers `N` in its place.
    async fn negotiate_tls(&mut self, request: &[u8]) -> io::Result<Step> {
        let answer = if self.fault == Fault::StripTls {
            b'N'
        } else {
            self.server.write_all(request).await?;
            match self.server.read_u8().await {
                Ok(answer) => answer,
                Err(_) => return Ok(Step::Close),
            }
        };
        self.framing.answered(answer);
        self.client.write_all(&[answer]).await?;
        Ok(Step::Continue)
    }

    /// Returning closes both sides; with a hang both sockets stay open for as long as the proxy does.
    async fn fail(mut self, action: Action) -> io::Result<()> {
        match action {
            Action::Cut => return Ok(()),
            Action::Hang => pending().await,
            Action::CutReply | Action::HangReply => {}
        }
        // The server may act only on what follows the message (`Sync`), so it receives that, too.
        self.server.write_all(&self.waiting).await?;
        let mut from_client = vec![0; BUFFER];
        let mut from_server = vec![0; BUFFER];
        loop {
            tokio::select! {
                read = self.client.read(&mut from_client) => match read? {
                    0 => return Ok(()),
                    read => self.server.write_all(&from_client[..read]).await?,
                },
                // The answer, or the end where the message has none, shows that the server has acted.
                read = self.server.read(&mut from_server) => match (read?, action) {
                    (_, Action::CutReply) => return Ok(()),
                    (0, _) => pending().await,
                    _ => {}
                },
            }
        }
    }
}
