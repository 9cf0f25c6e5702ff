//! What people read while it runs.

use std::io::{self, Write};

/// Writes a line.
pub(crate) fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
