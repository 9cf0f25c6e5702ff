//! The server's files: its folder, the data that `initdb` creates, its configuration.

use std::{
    fmt::Write as _,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{
    account::Account,
    authority::{TestAuthority, write_private},
};

use super::{LaunchError, PostgresBuilder, ServerTls, TestLogin, log};

/// The longest folder name that leaves room for a socket's name in `sockaddr_un` (108 bytes).
const SOCKET_FOLDER_LIMIT: usize = 80;

impl PostgresBuilder {
    /// Writes `postgresql.conf`, `pg_hba.conf` and the certificates over what `initdb` created.
    pub(super) fn configure(
        &self,
        account: Account,
        folder: &Path,
        authority: &TestAuthority,
    ) -> Result<(), LaunchError> {
        let data = folder.join("data");
        let method = if self.md5 { "md5" } else { "scram-sha-256" };
        let mut settings: Vec<(&str, String)> = vec![
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("unix_socket_directories", folder.to_string_lossy().into_owned()),
            ("password_encryption", method.to_owned()),
            ("log_line_prefix", log::LINE_PREFIX.to_owned()),
            ("log_connections", "on".to_owned()),
            ("log_disconnections", "on".to_owned()),
            ("log_statement", "all".to_owned()),
            ("lc_messages", "C".to_owned()),
            ("shared_buffers", "16MB".to_owned()),
            ("fsync", "off".to_owned()),
            ("full_page_writes", "off".to_owned()),
        ];
        let certificate = match &self.tls {
            ServerTls::Trusted => Some(authority.server()),
            ServerTls::Certificate(certificate) => Some(certificate.clone()),
            ServerTls::Off => None,
        };
        if let Some(certificate) = certificate {
            let (certificate_file, key_file) = (data.join("server.crt"), data.join("server.key"));
            certificate.write(&certificate_file, &key_file)?;
            account.own(&certificate_file)?;
            account.own(&key_file)?;
            settings.push(("ssl", "on".to_owned()));
        }
        if let Some(certificate) = &self.client_authority {
            write_owned(account, &data.join("clients.crt"), certificate)?;
            settings.push(("ssl_ca_file", "clients.crt".to_owned()));
        }
        settings.extend(self.settings.iter().map(|(name, value)| (name.as_str(), value.clone())));

        let mut text = String::from("include 'port.conf'\n");
        for (name, value) in settings {
            // In this file a quote is doubled and a backslash escapes.
            let value = value.replace('\\', "\\\\").replace('\'', "''");
            writeln!(text, "{name} = '{value}'").expect("a String takes everything");
        }
        write_owned(account, &data.join("postgresql.conf"), &text)?;

        let everybody = [format!("local all all {method}"), format!("host all all 127.0.0.1/32 {method}")];
        let access: Vec<&str> = self.access.iter().chain(&everybody).map(String::as_str).collect();
        write_owned(account, &data.join("pg_hba.conf"), &(access.join("\n") + "\n"))?;
        Ok(())
    }
}

/// A folder for the server, removed with the returned value.
pub(super) fn new_folder(account: Account) -> io::Result<tempfile::TempDir> {
    let preferred = std::env::temp_dir();
    let parent =
        if preferred.as_os_str().len() > SOCKET_FOLDER_LIMIT { PathBuf::from("/tmp") } else { preferred };
    let folder = tempfile::Builder::new().prefix("rotators-postgres-").tempdir_in(parent)?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
    account.own(folder.path())?;
    Ok(folder)
}

pub(super) fn initdb(
    account: Account,
    programs: &Path,
    folder: &Path,
    admin: &TestLogin,
) -> Result<(), LaunchError> {
    let password_file = folder.join("password");
    write_owned(account, &password_file, &admin.password)?;
    let output = account
        .command(programs.join("initdb"))
        .args(["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256"])
        .arg(format!("--username={}", admin.username))
        .arg(format!("--pwfile={}", password_file.display()))
        .arg("-D")
        .arg(folder.join("data"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()?;
    fs::remove_file(&password_file)?;
    if output.status.success() {
        Ok(())
    } else {
        Err(LaunchError::Initdb(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// Writes a file that only the server can read.
pub(super) fn write_owned(account: Account, path: &Path, text: &str) -> io::Result<()> {
    write_private(path, text.as_bytes())?;
    account.own(path)
}
