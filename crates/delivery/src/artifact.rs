//! What is delivered: each Lambda function by its name.

use anyhow::bail;

/// One mebibyte, in bytes.
const MIB: u64 = 1024 * 1024;

/// A name that operators use, and the functions that it stands for.
struct Source {
    /// Its name on the command line: an engine, or `network_discovery`.
    name: &'static str,
    functions: &'static [&'static str],
    /// The most bytes that its zip may have.
    size_bar: u64,
}

/// Everything that is delivered. A function of an engine is named `<engine>_<strategy>`.
const SOURCES: &[Source] = &[
    Source {
        name: "postgres",
        functions: &["postgres_single_user", "postgres_master_user"],
        size_bar: 11 * MIB / 4,
    },
    Source { name: "mysql", functions: &["mysql_single_user", "mysql_master_user"], size_bar: 3 * MIB },
    Source { name: "mariadb", functions: &["mariadb_single_user", "mariadb_master_user"], size_bar: 3 * MIB },
    Source { name: "docdb", functions: &["docdb_single_user", "docdb_master_user"], size_bar: 5 * MIB / 2 },
    Source {
        name: "redshift",
        functions: &["redshift_single_user", "redshift_master_user"],
        // The master user calls two services to find a server, and so contains one more SDK than the others.
        size_bar: 3 * MIB,
    },
    // Users whose passwords a master or the service sets: each has one function.
    Source { name: "valkey", functions: &["valkey_master_user"], size_bar: 5 * MIB / 2 },
    Source { name: "elasticache", functions: &["elasticache_single_user"], size_bar: 5 * MIB / 2 },
    Source { name: "network_discovery", functions: &["network_discovery"], size_bar: 3 * MIB },
];

/// A Lambda function that is delivered as `<name>/bootstrap.zip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The name of its program, and of its folder.
    pub name: &'static str,
    /// The most bytes that its zip may have.
    pub size_bar: u64,
    source: &'static str,
}

impl Artifact {
    /// The artifacts of these engines (and of `network_discovery`), all where none is named, in a fixed
    /// order.
    ///
    /// A whole artifact name such as `postgres_single_user` names that one alone.
    ///
    /// # Errors
    /// A name is unknown.
    pub fn chosen(names: &[String]) -> anyhow::Result<Vec<Self>> {
        let all = || SOURCES.iter().flat_map(Source::artifacts);
        for name in names {
            if !all().any(|artifact| artifact.answers_to(name)) {
                let known: Vec<&str> = SOURCES.iter().map(|source| source.name).collect();
                bail!("nothing is called {name}; there are {}", known.join(", "));
            }
        }
        let chosen = |artifact: &Self| names.is_empty() || names.iter().any(|name| artifact.answers_to(name));
        Ok(all().filter(chosen).collect())
    }

    /// The engine whose secrets it rotates; `None` where it rotates none.
    pub fn engine(&self) -> Option<&'static str> {
        self.strategy().map(|_| self.source)
    }

    /// `single_user` or `master_user`; `None` where it rotates nothing.
    pub fn strategy(&self) -> Option<&'static str> {
        self.name.strip_prefix(self.source)?.strip_prefix('_')
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.source == name
    }
}

impl Source {
    fn artifacts(&'static self) -> impl Iterator<Item = Artifact> {
        self.functions.iter().map(|name| Artifact { name, size_bar: self.size_bar, source: self.name })
    }
}
