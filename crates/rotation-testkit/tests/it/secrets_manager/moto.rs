//! moto's server.

use std::{
    net::{SocketAddr, TcpListener},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use super::tools::installed;

/// moto on a free port, until it is dropped.
pub(super) struct Moto {
    pub(super) address: SocketAddr,
    _process: Child,
}

impl Moto {
    /// `None` where it is missing and may be.
    pub(super) async fn start() -> Option<Self> {
        let program = installed("moto_server")?;
        // moto cannot say which port it took, so a free one is looked for, and another if it has gone meanwhile.
        for _ in 0..3 {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut process = Command::new(&program)
                .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_mins(1) && process.try_wait().unwrap().is_none() {
                if TcpStream::connect(address).await.is_ok() {
                    return Some(Self { address, _process: process });
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
        panic!("moto does not start");
    }
}
