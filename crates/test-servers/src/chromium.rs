//! A headless Chromium, for tests of pages: what it made of a page, and what the page asked of it.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use crate::account::Account;

/// Where `scripts/setup-chromium` unpacks it.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/chromium/chromium");

/// The longest that one page may take; it takes about two seconds.
const LIMIT: Duration = Duration::from_mins(2);

/// A page in Chromium. Each view of it is a process of its own, under an unprivileged account, with an empty
/// profile. It has no way to any network: every request goes to a proxy of ours, which refuses it and
/// records it.
#[derive(Debug)]
pub struct Chromium {
    program: PathBuf,
    folder: TempDir,
    account: Account,
}

/// What Chromium made of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The document after it was parsed, as HTML.
    pub dom: String,
    /// The lines that the page caused on the console, such as a violation of its policy.
    pub console: Vec<String>,
    /// The first line of each request that left the browser.
    pub requests: Vec<String>,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorScheme {
    /// Dark text on a light ground.
    Light,
    /// The other way round.
    Dark,
}

impl Chromium {
    /// Takes a page; `None`, with a line about it, where Chromium is missing and `SKIP_MISSING=1`.
    ///
    /// # Errors
    /// The page cannot be stored.
    ///
    /// # Panics
    /// Chromium is missing, and `SKIP_MISSING` is not 1.
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment is how the person who runs the tests chooses"
    )]
    #[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
    pub fn open(html: &str) -> io::Result<Option<Self>> {
        if !Path::new(PROGRAM).exists() {
            assert!(
                std::env::var("SKIP_MISSING").is_ok_and(|value| value == "1"),
                "Chromium is missing: run scripts/setup-chromium, or set SKIP_MISSING=1 to go without"
            );
            eprintln!("skipped: no Chromium (scripts/setup-chromium)");
            return Ok(None);
        }
        let (folder, account) = (tempfile::tempdir()?, Account::unprivileged()?);
        account.own(folder.path())?;
        fs::write(folder.path().join("page.html"), html)?;
        account.own(&folder.path().join("page.html"))?;
        Ok(Some(Self { program: Path::new(PROGRAM).canonicalize()?, folder, account }))
    }

    /// Loads the page and reads what became of it.
    ///
    /// # Errors
    /// Chromium cannot be started, fails, or does not end within two minutes.
    pub async fn visit(&self) -> io::Result<Visit> {
        let proxy = RefusingProxy::start()?;
        let (dom, log) = self.run(&proxy, &["--dump-dom", "--enable-logging=stderr"]).await?;
        let console = log.lines().filter(|line| line.contains(":CONSOLE:")).map(str::to_owned).collect();
        Ok(Visit { dom, console, requests: proxy.requests() })
    }

    /// A picture of the page as PNG, of that many pixels.
    ///
    /// # Errors
    /// As of [`Chromium::visit`].
    pub async fn picture(&self, scheme: ColorScheme, width: u32, height: u32) -> io::Result<Vec<u8>> {
        let file = self.folder.path().join("page.png");
        let scheme = match scheme {
            ColorScheme::Light => "--blink-settings=preferredColorScheme=1",
            ColorScheme::Dark => "--blink-settings=preferredColorScheme=0",
        };
        let (size, target) =
            (format!("--window-size={width},{height}"), format!("--screenshot={}", file.display()));
        self.run(&RefusingProxy::start()?, &[scheme, &size, &target]).await?;
        fs::read(file)
    }

    /// The page as it is printed, as PDF.
    ///
    /// # Errors
    /// As of [`Chromium::visit`].
    pub async fn print(&self) -> io::Result<Vec<u8>> {
        let file = self.folder.path().join("page.pdf");
        let target = format!("--print-to-pdf={}", file.display());
        self.run(&RefusingProxy::start()?, &["--no-pdf-header-footer", &target]).await?;
        fs::read(file)
    }

    /// Standard output and standard error.
    async fn run(&self, proxy: &RefusingProxy, arguments: &[&str]) -> io::Result<(String, String)> {
        let folder = self.folder.path();
        let mut command = Command::from(self.account.command(&self.program));
        command
            // The account may not be allowed to make a sandbox, and the page is ours.
            .args(["--no-sandbox", "--no-zygote", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg(format!("--proxy-server=http://{}", proxy.address))
            // Loopback, too, which is not sent to a proxy otherwise.
            .arg("--proxy-bypass-list=<-loopback>")
            .args(arguments)
            .arg(format!("file://{}", folder.join("page.html").display()))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", folder)
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let output =
            timeout(LIMIT, command.output()).await.map_err(|_| io::Error::other("Chromium hangs"))??;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let log = text(output.stderr);
        if !output.status.success() {
            return Err(io::Error::other(format!("Chromium failed ({}): {log}", output.status)));
        }
        Ok((text(output.stdout), log))
    }
}

/// Answers every request with 502 and records it, until it is dropped.
#[derive(Debug)]
struct RefusingProxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RefusingProxy {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (requests, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (list, end) = (Arc::clone(&requests), Arc::clone(&ended));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let line = refuse(&stream).unwrap_or_else(|error| format!("unreadable: {error}"));
                list.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Ok(Self { address, requests, ended, thread: Some(thread) })
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RefusingProxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes it where it waits for the next connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The first line of a request.
fn refuse(stream: &TcpStream) -> io::Result<String> {
    // A connection that asks nothing must not hold up the next one.
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let mut answer = stream;
    answer.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok(line.trim_end().to_owned())
}
