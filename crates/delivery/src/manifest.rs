//! What was built, for programs that read it: `manifest.json` and `SHA256SUMS`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::archive::ENTRY;

/// The artifacts of one run, with where they come from.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The commit that was built; with `-dirty` where the work tree had changes.
    pub commit: String,
    /// The compiler's version, in its own words.
    pub compiler: String,
    /// By name.
    pub artifacts: BTreeMap<String, Entry>,
}

/// One artifact.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The engine whose secrets it rotates; absent where it rotates none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub engine: Option<String>,
    /// `single_user` or `master_user`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub strategy: Option<String>,
    /// The zip, from the folder of the manifest.
    pub path: String,
    /// The size of the zip in bytes.
    pub size: u64,
    /// The zip's SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// In Lambda's form.
    pub architecture: String,
    /// The newest C library that its symbols require.
    pub glibc: String,
}

impl Manifest {
    /// In the form that `sha256sum --check` reads, in the folder of the manifest.
    pub fn sums(&self) -> String {
        let lines = self.artifacts.values().map(|entry| [&entry.sha256, "  ", &entry.path, "\n"].concat());
        lines.collect()
    }
}

/// Where an artifact's zip is, relative to the folder of the manifest.
pub(crate) fn path(artifact: &str) -> String {
    format!("{artifact}/{ENTRY}.zip")
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let digits = digest.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).expect("four bits are one digit")).collect()
}
