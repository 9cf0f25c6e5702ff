//! moto's server, which plays AWS's services: what stands in for those that we have no double of.

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
    /// Starts one of its own; `None`, with a line that says so, where it is missing and `SKIP_MISSING=1`.
    ///
    /// # Panics
    /// It is missing and nobody has asked to skip what is missing, or it does not start.
    pub async fn start() -> Option<Self> {
        let program = Self::program("moto_server")?;
        // moto cannot say which port it took, so a free one is looked for, and another if it has gone
        // meanwhile.
        for _ in 0..3 {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
            let address = listener.local_addr().expect("a bound listener has an address");
            drop(listener);
            let mut process = Command::new(&program)
                .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
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

    /// A program that `scripts/setup-moto` installs; `None`, with a line that says so, where it is missing
    /// and `SKIP_MISSING=1`.
    ///
    /// # Panics
    /// It is missing, and nobody has asked to skip what is missing.
    #[expect(clippy::disallowed_methods, reason = "the person who runs the tests says so in the environment")]
    #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
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
