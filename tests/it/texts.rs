//! What must not occur in the repository, and what must agree.

use std::{fs, process::Command};

/// The tracked files that are text.
pub(crate) fn texts() -> Vec<(String, String)> {
    let root = super::root();
    let listing = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output().expect("git runs");
    let names = String::from_utf8(listing.stdout).expect("UTF-8 names");
    let read = |name: &str| fs::read_to_string(root.join(name)).ok().map(|text| (name.to_owned(), text));
    let texts: Vec<_> = names.split('\0').filter(|name| !name.is_empty()).filter_map(read).collect();
    assert!(texts.len() > 50, "the listing is empty; is this a checkout?");
    texts
}

/// The tracked texts whose name has this ending.
pub(crate) fn texts_of(ending: &str) -> impl Iterator<Item = (String, String)> {
    texts().into_iter().filter(move |(name, _)| name.rsplit('.').next() == Some(ending))
}

/// Whether the line names the host of a package registry. The names are in parts, so that this file contains
/// none.
fn names_a_registry(line: &str) -> bool {
    let hosts = [
        ["deb", "debian.org"],
        ["registry", "npmjs.org"],
        ["index", "crates.io"],
        ["files", "pythonhosted.org"],
    ];
    hosts.iter().any(|[first, rest]| line.contains(&format!("{first}.{rest}")))
}

/// No text names a package registry.
#[test]
fn no_registry_is_named() {
    for (name, text) in texts() {
        // Lock files of package managers name their registry by design.
        if name.rsplit('.').next() == Some("lock") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            assert!(!names_a_registry(line), "{name}:{} names a package registry", number + 1);
        }
    }
}

/// Every crate takes lints, version and license from the workspace.
#[test]
fn lints_version_and_license_are_shared() {
    // A separate workspace declares what it needs itself.
    let is_member =
        |(name, text): &(String, String)| name.ends_with("/Cargo.toml") && !text.contains("[workspace]");
    for (name, text) in texts().into_iter().filter(is_member) {
        for line in ["[lints]\nworkspace = true", "version.workspace = true", "license.workspace = true"] {
            assert!(text.contains(line), "{name} lacks `{line}`");
        }
        let pinned = text.lines().any(|line| line.contains("version = \""));
        assert!(!pinned, "{name} states a version; versions belong in the root");
    }
}

/// Scripts stop at the first error and run from any folder.
#[test]
fn scripts_stop_at_errors_and_run_anywhere() {
    for (name, text) in texts().into_iter().filter(|(_, text)| text.starts_with("#!/usr/bin/env bash")) {
        assert!(text.contains("set -euo pipefail"), "{name} continues after an error");
        // A finding works in its own folder, without files of this repository.
        let place =
            if name.starts_with("findings/") { "work=$(mktemp -d)" } else { "cd \"$(dirname \"$0\")/.." };
        assert!(text.contains(place), "{name} depends on where it is called");
    }
}
