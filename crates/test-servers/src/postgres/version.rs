//! The versions of PostgreSQL, and where their programs are.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// Filled by `scripts/setup-postgres`, below the root of the repository.
const CACHE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/postgres");

/// Where Debian's packages put PostgreSQL.
const MACHINE: &str = "/usr/lib/postgresql";

/// A major version of PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostgresVersion(u16);

impl PostgresVersion {
    /// The oldest that is tested: no `scram_iterations`, any CREATEROLE user may grant any role.
    pub const V14: Self = Self(14);
    /// The first with privileges on parameters (`GRANT SET ON PARAMETER`).
    pub const V15: Self = Self(15);
    /// The first with ADMIN rules for CREATEROLE and with `scram_iterations`.
    pub const V16: Self = Self(16);
    /// The first with `transaction_timeout` and event triggers on login.
    pub const V17: Self = Self(17);
    /// The newest that is tested.
    pub const V18: Self = Self(18);
    /// All that the suite runs against.
    pub const TESTED: [Self; 3] = [Self::V14, Self::V16, Self::V18];
    /// These and the versions in between, for what differs by version and for one round of everything.
    pub const EVERY: [Self; 5] = [Self::V14, Self::V15, Self::V16, Self::V17, Self::V18];

    /// A version by its major number.
    pub fn new(major: u16) -> Self {
        Self(major)
    }

    /// The major number.
    pub fn major(self) -> u16 {
        self.0
    }

    /// The versions that this machine can start, oldest first.
    pub fn available() -> Vec<Self> {
        let mut versions: Vec<Self> = [CACHE, MACHINE]
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Self))
            .filter(|version| version.programs().is_some())
            .collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    /// Whether a test of this version has to run: also `true` where the version is missing, so that the test
    /// fails, unless `SKIP_MISSING=1` leaves it out.
    pub fn is_to_be_tested(self) -> bool {
        #[expect(clippy::disallowed_methods, reason = "the switch of the whole test run, not of a function")]
        let skip = std::env::var_os("SKIP_MISSING").is_some_and(|value| value == "1");
        !skip || self.programs().is_some()
    }

    /// The folder with `initdb` and `postgres`: from the cache, else the machine's own.
    pub(super) fn programs(self) -> Option<PathBuf> {
        [CACHE, MACHINE]
            .iter()
            .map(|folder| Path::new(folder).join(self.0.to_string()).join("bin"))
            .find(|folder| ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file()))
    }
}

impl fmt::Display for PostgresVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {}", self.0)
    }
}
