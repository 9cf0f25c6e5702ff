//! What a relay counts.

use rotation_bench::{Passed, Relay};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Every byte both ways, each connection, and each question that waited for an answer.
#[tokio::test]
async fn a_relay_counts_what_passes() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let relay = Relay::start(listener.local_addr().unwrap().port()).await.unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = [0; 4];
        for _ in 0..3 {
            stream.read_exact(&mut question).await.unwrap();
            stream.write_all(b"an answer").await.unwrap();
        }
    };
    let client = async {
        let mut stream = TcpStream::connect(("127.0.0.1", relay.port())).await.unwrap();
        let mut answer = [0; 9];
        for _ in 0..3 {
            stream.write_all(b"what").await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
        }
    };
    tokio::join!(server, client);
    assert_eq!(relay.passed(), Passed { connections: 1, round_trips: 3, bytes: 3 * (4 + 9) });
}
