//! The account that servers run under: the current one, or an unprivileged one where that is root.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, chown, symlink},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

/// PostgreSQL refuses to run as root, so a root test run uses the account `postgres`, or else `nobody`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account {
    Ours,
    Other { uid: u32, gid: u32 },
}

impl Account {
    pub(super) fn unprivileged() -> io::Result<Self> {
        if fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(Self::Ours);
        }
        let passwd = fs::read_to_string("/etc/passwd")?;
        ["postgres", "nobody"].iter().find_map(|name| find(&passwd, name)).ok_or_else(|| {
            io::Error::other("root must not run servers, and there is no account postgres or nobody")
        })
    }

    /// A command that will run under this account. As root, it also drops all other groups.
    pub(super) fn command(self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    pub(super) fn own(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Ours => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(uid), Some(gid)),
        }
    }

    /// Makes `target` a copy of `source`: folders of this account, the same files by hard links where
    /// possible.
    pub(super) fn link_tree(self, source: &Path, target: &Path) -> io::Result<()> {
        fs::create_dir(target)?;
        self.own(target)?;
        for entry in fs::read_dir(source)? {
            let entry = entry?;
            let (from, to) = (entry.path(), target.join(entry.file_name()));
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.link_tree(&from, &to)?;
            } else if kind.is_symlink() {
                symlink(fs::read_link(&from)?, &to)?;
            } else if fs::hard_link(&from, &to).is_err() {
                fs::copy(&from, &to)?;
            }
        }
        Ok(())
    }
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account::Other { uid, gid })
}
