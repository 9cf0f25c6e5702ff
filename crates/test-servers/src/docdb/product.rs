//! The server products, and where their set-up scripts put them.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// Where the set-up scripts put their downloads.
const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache");

/// A product that speaks MongoDB's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocdbProduct {
    /// MongoDB's own server, which `scripts/setup-mongodb` provides.
    MongoDb(MongoVersion),
    /// An independent server, which `scripts/setup-docdb` provides.
    ///
    /// It differs from MongoDB as follows: it stores no `customData` and no authentication restrictions,
    /// does not escape `=` and `,` in user names, shows a user its own account only with `viewUser`, and does
    /// not end the sessions of a dropped user.
    SecantusDb,
}

/// A version of MongoDB's own server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MongoVersion {
    /// 4.4.2
    V4_4,
    /// 5.0.4
    V5_0,
    /// 6.0.5
    V6_0,
}

impl MongoVersion {
    fn text(self) -> &'static str {
        match self {
            Self::V4_4 => "4.4",
            Self::V5_0 => "5.0",
            Self::V6_0 => "6.0",
        }
    }

    /// Why the set-up script had to leave this version out, where it had to: only the distribution's mirror
    /// decides that.
    pub fn left_out(self) -> Option<String> {
        fs::read_to_string(Path::new(CACHE).join(format!("mongodb-{self}.missing"))).ok()
    }

    fn folder(self) -> PathBuf {
        Path::new(CACHE).join(format!("mongodb-{}", self.text()))
    }
}

impl fmt::Display for MongoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for DocdbProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MongoDb(version) => write!(f, "MongoDB {version}"),
            Self::SecantusDb => f.write_str("SecantusDB"),
        }
    }
}

impl DocdbProduct {
    /// All products.
    pub(super) const ALL: [Self; 4] = [
        Self::MongoDb(MongoVersion::V4_4),
        Self::MongoDb(MongoVersion::V5_0),
        Self::MongoDb(MongoVersion::V6_0),
        Self::SecantusDb,
    ];

    /// The script that provides it.
    pub(super) fn script(self) -> String {
        match self {
            Self::MongoDb(version) => format!("setup-mongodb {version}"),
            Self::SecantusDb => "setup-docdb".to_owned(),
        }
    }

    /// The server's program, where the script has put it.
    pub(super) fn program(self) -> PathBuf {
        match self {
            Self::MongoDb(version) => version.folder().join("bin/mongod"),
            Self::SecantusDb => client_folder().join("bin/secantusd-py"),
        }
    }

    /// Libraries that the program brings with it.
    pub(super) fn libraries(self) -> PathBuf {
        match self {
            Self::MongoDb(version) => version.folder().join("lib"),
            Self::SecantusDb => PathBuf::new(),
        }
    }

    /// Python with MongoDB's own client.
    pub(super) fn python() -> PathBuf {
        client_folder().join("bin/python3")
    }

    /// Whether the server and the client are there.
    pub(super) fn is_there(self) -> bool {
        client_folder().join("installed").is_file() && self.program().is_file()
    }
}

fn client_folder() -> PathBuf {
    Path::new(CACHE).join("docdb")
}
