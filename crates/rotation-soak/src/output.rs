//! The output while the program runs.

use std::io::{self, Write};

/// Writes a line.
pub(crate) fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
