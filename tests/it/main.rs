//! Tests across crates, and the rules of the repository.

mod arrows;
mod builds;
mod circles;
mod codes;
mod copies;
mod guarantees;
mod links;
mod names;
mod own_service;
mod readme;
mod reference;
mod remedies;
mod sizes;
mod skeleton;
mod texts;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are below the root").to_owned()
}

/// The folder `src` of every crate, and of the properties that the fuzz targets test.
fn source_folders() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).expect("the crates");
    let mut folders: Vec<_> = crates.map(|entry| entry.expect("a folder").path().join("src")).collect();
    folders.push(root().join("fuzz/properties/src"));
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders
}
