//! A server on loopback that sends a script, in frames of its protocol.

mod bson;
mod client;
mod protocol;

use std::{cell::Cell, future::Future, io::ErrorKind, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    time::timeout,
};

use client::Client;
pub(crate) use client::SERVER_WORDS;
pub(crate) use protocol::Protocol;

/// How often the client gets a turn while the server waits for its message. The client runs in the same
/// thread, so whatever it does in answer to a message, it does in fewer turns.
const TURNS: usize = 64;
/// How long the server waits for a message of the client after that. In most scripts the server listens to a
/// client that is itself waiting, which must cost no time. In the tests here the client always has a message
/// to send, and the system may deliver it late.
const PATIENCE: Duration = if cfg!(test) { Duration::from_secs(2) } else { Duration::ZERO };
/// The most messages of one script.
const MOST_STEPS: usize = 64;

/// One message of a script.
struct Step<'a> {
    /// Whether the client's next message is read first.
    answers: bool,
    /// Whether it is sent without a frame.
    is_raw: bool,
    message: &'a [u8],
}

/// Runs a client against the server, which knows the user's password. Returns the client's result, and what
/// it sent.
pub(crate) fn meet<T, F: Future<Output = T>>(
    protocol: Protocol,
    script: &[u8],
    password: &'static str,
    client: impl FnOnce(u16) -> F,
) -> (T, Vec<u8>) {
    thread_local! { static GROUND: Cell<Option<(Runtime, TcpListener)>> = const { Cell::new(None) }; }
    let (runtime, listener) = GROUND.take().unwrap_or_else(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port");
        (runtime, listener)
    });
    let port = listener.local_addr().expect("it is bound").port();
    let serve = async {
        let (stream, _) = listener.accept().await.expect("the client dials");
        // A client may open one more connection to check what is there. It must not wait for the next
        // script.
        let others = async {
            loop {
                drop(listener.accept().await);
            }
        };
        tokio::select! {
            heard = play(stream, protocol, script, password) => heard,
            () = others => unreachable!("it never ends"),
        }
    };
    let outcome = runtime.block_on(async { tokio::join!(client(port), serve) });
    // Not where the client panicked: its connection would stay in the queue for the next script.
    GROUND.set(Some((runtime, listener)));
    outcome
}

/// Sends everything in order, and then nothing more.
async fn play(mut stream: TcpStream, protocol: Protocol, script: &[u8], password: &'static str) -> Vec<u8> {
    let mut client = Client::new(password);
    // Most scripts make the client disconnect.
    for step in steps(script) {
        if step.answers {
            listen(&stream, &mut client).await;
        }
        let message = client.fill_in(step.message);
        let bytes = if step.is_raw { Some(message) } else { client.frame(protocol, &message) };
        if stream.write_all(&bytes.unwrap_or_default()).await.is_err() {
            break;
        }
    }
    // It ends by itself once nothing more is sent.
    let _ = stream.shutdown().await;
    let mut buffer = [0; 8192];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        client.hear(&buffer[..length]);
    }
    client.into_heard()
}

/// A script is a sequence of messages, each after a mark: `%0` sends it in answer to the client, `%1` at
/// once; `%2` and `%3` do the same without a frame.
fn steps(script: &[u8]) -> impl Iterator<Item = Step<'_>> {
    let marks: Vec<usize> = script
        .windows(2)
        .enumerate()
        .filter_map(|(at, mark)| matches!(mark, [b'%', b'0'..=b'3']).then_some(at))
        .take(MOST_STEPS)
        .collect();
    let ends = marks.iter().copied().skip(1).chain([script.len()]).collect::<Vec<_>>();
    marks.into_iter().zip(ends).map(|(start, end)| {
        let flags = script[start + 1] - b'0';
        Step { answers: flags & 1 == 0, is_raw: flags & 2 != 0, message: &script[start + 2..end] }
    })
}

/// Reads the client's next message, if it sends one before it receives more.
async fn listen(stream: &TcpStream, client: &mut Client) {
    let mut buffer = [0; 8192];
    for _ in 0..TURNS {
        match stream.try_read(&mut buffer) {
            Ok(length) => return client.hear(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => tokio::task::yield_now().await,
            Err(_) => return,
        }
    }
    if !PATIENCE.is_zero()
        && timeout(PATIENCE, stream.readable()).await.is_ok()
        && let Ok(length) = stream.try_read(&mut buffer)
    {
        client.hear(&buffer[..length]);
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpStream, panic::catch_unwind};

    use super::{Protocol, meet};

    /// A client that panics leaves nothing to the next one.
    #[test]
    fn panicking_client_leaves_nothing() {
        // It blocks, so that the server gets no turn in between.
        let say = |port: u16, what: &[u8]| {
            TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| stream.write_all(what)).unwrap();
        };
        let finding = async |port: u16| {
            say(port, b"first");
            panic!("a finding");
        };
        catch_unwind(|| meet(Protocol::Postgres, b"", "", finding)).map(drop).unwrap_err();
        let ((), heard) = meet(Protocol::Postgres, b"", "", async |port| say(port, b"second"));
        assert_eq!(heard, b"second");
    }
}
