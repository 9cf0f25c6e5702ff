//! The configuration of a server, and its start.

use std::{
    fmt::Write as _,
    fs, io,
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use crate::{
    account::Account,
    authority::{TestAuthority, TestCertificate, write_private},
    guardian::Guardian,
    postgres::TestLogin,
};

use super::{TlsFront, ValkeyProduct, ValkeyServer};

/// Where `scripts/setup-valkey` puts both.
const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache");
/// How long a server may take until it accepts connections.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How often other ports are tried when another process took those that were free.
const PORT_ATTEMPTS: usize = 5;

/// The configuration of a [`ValkeyServer`].
#[derive(Clone)]
pub struct ValkeyBuilder {
    product: ValkeyProduct,
    certificate: Option<TestCertificate>,
    has_acl_file: bool,
    settings: Vec<(String, String)>,
}

impl ValkeyBuilder {
    pub(super) fn new(product: ValkeyProduct) -> Self {
        Self { product, certificate: None, has_acl_file: true, settings: Vec::new() }
    }

    /// This certificate in place of a valid one of the server's authority.
    #[must_use]
    pub fn certificate(mut self, certificate: TestCertificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// The users are in the configuration, and there is no file for them.
    #[must_use]
    pub fn without_acl_file(mut self) -> Self {
        self.has_acl_file = false;
        self
    }

    /// Sets an option of the server.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server and waits until it accepts connections.
    ///
    /// # Errors
    /// The program is missing or does not start, with the end of its log.
    pub fn start(self) -> io::Result<ValkeyServer> {
        let account = Account::unprivileged()?;
        let folder = tempfile::Builder::new().prefix("rotators-valkey-").tempdir_in("/tmp")?;
        let path = folder.path();
        account.own(path)?;
        let password = uuid::Uuid::new_v4().simple().to_string();
        let admin = TestLogin { username: "admin".to_owned(), password };
        let authority = TestAuthority::new();
        let certificate = self.certificate.clone().unwrap_or_else(|| authority.server());
        let mut command = program(self.product, account)?;
        command.arg(path.join("valkey.conf"));
        let mut attempts = 0;
        let (guardian, plain_port, tls_port) = loop {
            attempts += 1;
            let ports = [free_port()?, free_port()?];
            self.configure(account, path, &admin, &certificate, ports)?;
            let guardian = Guardian::start(account, path, &path.join("log"), &command)?;
            match wait_until_ready(&guardian, path, ports[0]) {
                Ok(()) => break (guardian, ports[0], ports[1]),
                Err(error) if attempts == PORT_ATTEMPTS => return Err(error),
                // The guardian of the failed start has removed the folder.
                Err(_) => {
                    drop(guardian);
                    fs::create_dir_all(path)?;
                    account.own(path)?;
                }
            }
        };
        let front = match self.product {
            ValkeyProduct::Redis7 => None,
            ValkeyProduct::Valkey9 => Some(TlsFront::start(plain_port, &certificate)?),
        };
        Ok(ValkeyServer {
            product: self.product,
            plain_port,
            tls_port: front.as_ref().map_or(tls_port, TlsFront::port),
            // From here on the guardian removes it.
            folder: folder.keep(),
            admin,
            authority: Arc::new(authority),
            front,
            guardian: Mutex::new(guardian),
        })
    }

    fn configure(
        &self,
        account: Account,
        folder: &Path,
        admin: &TestLogin,
        certificate: &TestCertificate,
        [plain, tls]: [u16; 2],
    ) -> io::Result<()> {
        let place = folder.display();
        let mut text = format!(
            "bind 127.0.0.1\nport {plain}\ndir {place}\nsave \"\"\nappendonly no\n\
             acllog-max-len 5000\n"
        );
        if self.product == ValkeyProduct::Redis7 {
            let (certificate_file, key_file) = (folder.join("server.crt"), folder.join("server.key"));
            certificate.write(&certificate_file, &key_file)?;
            account.own(&certificate_file)?;
            account.own(&key_file)?;
            writeln!(
                text,
                "tls-port {tls}\ntls-cert-file {place}/server.crt\ntls-key-file {place}/server.key\n\
                 tls-auth-clients no"
            )
            .expect("a String takes everything");
        }
        let users = format!("user {} on >{} ~* &* +@all\nuser default off\n", admin.username, admin.password);
        if self.has_acl_file {
            writeln!(text, "aclfile {place}/users.acl").expect("a String takes everything");
            write_owned(account, &folder.join("users.acl"), &users)?;
        } else {
            text += &users;
        }
        for (name, value) in &self.settings {
            writeln!(text, "{name} {value}").expect("a String takes everything");
        }
        write_owned(account, &folder.join("valkey.conf"), &text)
    }
}

/// The server's program, with its own C library where it is Debian's.
fn program(product: ValkeyProduct, account: Account) -> io::Result<Command> {
    let missing = |_| io::Error::other(format!("{product} is not on this machine: run scripts/setup-valkey"));
    match product {
        ValkeyProduct::Valkey9 => {
            let program = Path::new(CACHE).join("valkey/valkey-server").canonicalize().map_err(missing)?;
            Ok(account.command(program))
        }
        ValkeyProduct::Redis7 => {
            let root = Path::new(CACHE).join("redis").canonicalize().map_err(missing)?;
            let program = root.join("usr/bin/redis-server").canonicalize().map_err(missing)?;
            // Where Debian has merged `/lib64` and `/lib` into `/usr`, and where it has not.
            let loader = ["usr/lib64", "lib64"].map(|lib| root.join(lib).join("ld-linux-x86-64.so.2"));
            let loader = loader.into_iter().find_map(|it| it.canonicalize().ok());
            let loader = loader.ok_or_else(|| io::Error::other("the package has no loader"))?;
            let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
            let libraries = libraries.map(|lib| root.join(lib).display().to_string()).join(":");
            let mut command = account.command(loader);
            command.arg("--library-path").arg(libraries).arg(program);
            Ok(command)
        }
    }
}

fn free_port() -> io::Result<u16> {
    // Another process may take it before the server does; then others are tried.
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Waits until the server accepts connections.
pub(super) fn wait_until_ready(guardian: &Guardian, folder: &Path, port: u16) -> io::Result<()> {
    let limit = Instant::now() + START_LIMIT;
    while !guardian.server_runs() || TcpStream::connect(("127.0.0.1", port)).is_err() {
        if Instant::now() > limit || !guardian.server_runs() {
            return Err(io::Error::other(fs::read_to_string(folder.join("log")).unwrap_or_default()));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Writes a file that only the server can read.
fn write_owned(account: Account, path: &Path, text: &str) -> io::Result<()> {
    write_private(path, text.as_bytes())?;
    account.own(path)
}
