//! Programs that `scripts/setup-moto` installs.

use std::path::PathBuf;

/// A program out of the venv; `None`, with a line that says so, where it is missing and `SKIP_MISSING=1`.
///
/// # Panics
/// It is missing, and nobody has asked to skip what is missing.
#[expect(clippy::disallowed_methods, reason = "the person who runs the tests says so in the environment")]
#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
pub(super) fn installed(program: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(".cache/moto/bin").join(program);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var("SKIP_MISSING").is_ok_and(|value| value == "1"),
        "{program} is missing: run scripts/setup-moto, or set SKIP_MISSING=1 to go without"
    );
    eprintln!("skipped: {program} is missing (scripts/setup-moto installs it)");
    None
}
