//! moto's server with two networks and a handful of databases in it.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

/// moto on a free port, until it is dropped.
pub(crate) struct Moto {
    address: SocketAddr,
    ids: Value,
    _process: Child,
}

impl Moto {
    /// `None` where it is missing and may be.
    pub(crate) async fn start() -> Option<Self> {
        let (server, python) = (installed("moto_server")?, installed("python")?);
        // moto cannot report which port it took, so the test looks for a free one, and for another if that
        // one has been taken meanwhile.
        for _ in 0..3 {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut process = Command::new(&server)
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
                    let ids = furnish(&python, address).await;
                    return Some(Self { address, ids, _process: process });
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
        panic!("moto does not start");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The id of something that `world.py` created.
    #[track_caller]
    pub(crate) fn id(&self, name: &str) -> &str {
        self.ids[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.ids))
    }

    /// The ids of several things, in their own order.
    #[track_caller]
    pub(crate) fn ids(&self, names: &[&str]) -> String {
        names.iter().map(|name| self.id(name)).collect::<Vec<_>>().join(",")
    }
}

async fn furnish(python: &PathBuf, address: SocketAddr) -> Value {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../network-discovery/tests/it/world.py");
    let output = Command::new(python).arg(script).arg(format!("http://{address}")).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests sets the variable")]
#[expect(clippy::print_stderr, reason = "a skipped test must report it")]
fn installed(program: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.cache/moto/bin").join(program);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var("SKIP_MISSING").is_ok_and(|value| value == "1"),
        "{program} is missing: run scripts/setup-moto, or set SKIP_MISSING=1 to go without"
    );
    eprintln!("skipped: {program} is missing (scripts/setup-moto installs it)");
    None
}
