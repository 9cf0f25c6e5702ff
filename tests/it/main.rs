//! Tests that cross the crates, and the rules of the repository.

mod arrows;
mod codes;
mod copies;
mod texts;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand below the root").to_owned()
}
