//! moto's server, which imitates AWS's services: the replacement for those without a test double here.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

/// moto on a free port, until it is dropped.
#[derive(Debug)]
pub struct Moto {
    address: SocketAddr,
    _process: Child,
}

impl Moto {
    /// Starts one of its own; `None`, with a message, where it is missing and `SKIP_MISSING=1`.
    ///
    /// # Panics
    /// It is missing and `SKIP_MISSING` is not set, or it does not start.
    pub async fn start() -> Option<Self> {
        let program = Self::program("moto_server")?;
        // moto cannot report which port it took, so this looks for a free one, and for another if that one
        // has been taken meanwhile.
        for _ in 0..3 {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
            let address = listener.local_addr().expect("a bound listener has an address");
            drop(listener);
            let mut process = Command::new(&program)
                .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
                // It takes a second to fill an account with images of machines.
                .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("moto's program runs");
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_mins(1) && matches!(process.try_wait(), Ok(None)) {
                if TcpStream::connect(address).await.is_ok() {
                    return Some(Self { address, _process: process });
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
        panic!("moto does not start");
    }

    /// A program that `scripts/setup-moto` installs; `None`, with a message, where it is missing
    /// and `SKIP_MISSING=1`.
    ///
    /// # Panics
    /// It is missing, and `SKIP_MISSING` is not set.
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests sets the variable")]
    #[expect(clippy::print_stderr, reason = "a skipped test must report it")]
    pub fn program(name: &str) -> Option<PathBuf> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let path = root.join(".cache/moto/bin").join(name);
        if path.exists() {
            return Some(path);
        }
        assert!(
            std::env::var("SKIP_MISSING").is_ok_and(|value| value == "1"),
            "{name} is missing: run scripts/setup-moto, or set SKIP_MISSING=1 to go without"
        );
        eprintln!("skipped: {name} is missing (scripts/setup-moto installs it)");
        None
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of all its services.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}
