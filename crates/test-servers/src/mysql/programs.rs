//! Where a server's programs and their files are, and how they are started.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::account::Account;

use super::{MysqlFlavor, MysqlVersion};

/// Where `scripts/setup-mysql` and `scripts/setup-mariadb` put their downloads.
const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache");

/// An unpacked or installed server.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    version: MysqlVersion,
    /// The folder that contains `usr`.
    root: PathBuf,
}

impl Programs {
    pub(super) fn find(version: MysqlVersion) -> Option<Self> {
        let cached = |name: &str| Path::new(CACHE).join(name);
        let roots: &[PathBuf] = match version {
            MysqlVersion::MySql9 => &[cached("mysql")],
            MysqlVersion::MariaDb10 => &[cached("mariadb"), PathBuf::from("/")],
            MysqlVersion::MariaDb11 => &[cached("mariadb-11.8")],
        };
        let found = roots.iter().map(|root| Self { version, root: root.clone() });
        found
            .filter_map(|programs| Some(Self { root: programs.root.canonicalize().ok()?, ..programs }))
            .find(|programs| programs.server().is_file())
    }

    fn server(&self) -> PathBuf {
        self.root.join(match self.version.flavor() {
            MysqlFlavor::MySql => "usr/sbin/mysqld",
            MysqlFlavor::MariaDb => "usr/sbin/mariadbd",
        })
    }

    /// The programs with MariaDB's own name, since 11.
    fn own_name(&self) -> &'static str {
        match self.version {
            MysqlVersion::MySql9 | MysqlVersion::MariaDb10 => "mysql",
            MysqlVersion::MariaDb11 => "mariadb",
        }
    }

    pub(super) fn share(&self) -> PathBuf {
        self.root.join("usr/share").join(self.own_name())
    }

    /// The lines of a configuration file with the paths of everything.
    pub(super) fn places(&self) -> String {
        let (root, share) = (self.root.display(), self.share());
        let share = share.display();
        format!(
            "basedir={root}/usr\nlc-messages-dir={share}\ncharacter-sets-dir={share}/charsets\n\
             plugin-dir={root}/usr/lib/mysql/plugin\n"
        )
    }

    /// The server with this configuration file. One that was unpacked with its own C library also has its own
    /// loader.
    pub(super) fn command(&self, account: Account, configuration: &Path) -> Command {
        let loaders =
            ["usr/lib64", "lib64"].map(|folder| self.root.join(folder).join("ld-linux-x86-64.so.2"));
        let own = loaders.into_iter().find(|loader| loader.is_file()).filter(|_| self.root != Path::new("/"));
        let mut command = match own {
            Some(loader) => {
                let folders = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/mysql/private"];
                let folders = folders.map(|folder| self.root.join(folder).display().to_string());
                let mut command = account.command(loader);
                command.arg("--library-path").arg(folders.join(":")).arg(self.server());
                command
            }
            None => account.command(self.server()),
        };
        command
            .arg(format!("--defaults-file={}", configuration.display()))
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
    }

    /// Creates the data of a new server.
    pub(super) fn initialize(&self, account: Account, configuration: &Path, data: &Path) -> io::Result<()> {
        let mut command = self.command(account, configuration);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        // Meanwhile the server would log megabytes of its own statements, which no test needs.
        command.args(["--skip-log-bin", "--general-log=0"]);
        let output = match self.version.flavor() {
            MysqlFlavor::MySql => command.arg("--initialize-insecure").stdin(Stdio::null()).output()?,
            MysqlFlavor::MariaDb => {
                fs::create_dir(data)?;
                account.own(data)?;
                // What `mariadb-install-db` does, without the additional programs that it needs.
                let mut statements = String::from("create database mysql;\nuse mysql;\n");
                for file in ["system_tables.sql", "system_tables_data.sql"] {
                    let file = format!("{}_{file}", self.own_name());
                    statements += &fs::read_to_string(self.share().join(file))?;
                }
                let script = data.with_extension("sql");
                fs::write(&script, statements)?;
                let output = command
                    .args(["--bootstrap", "--skip-grant-tables"])
                    .stdin(fs::File::open(&script)?)
                    .output()?;
                fs::remove_file(&script)?;
                output
            }
        };
        if output.status.success() {
            return Ok(());
        }
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

impl MysqlVersion {
    /// Whether a test of this server has to run: also `true` where it is missing, so that the test fails,
    /// unless `SKIP_MISSING=1` leaves it out.
    pub fn is_to_be_tested(self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the switch of the whole test run, not of a function")]
        let skip = std::env::var_os("SKIP_MISSING").is_some_and(|value| value == "1");
        !skip || Programs::find(self).is_some()
    }
}
