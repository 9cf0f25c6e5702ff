//! What was promised, and whether it held.

use std::fmt::Write;

/// One promise.
pub(crate) struct Bar {
    name: String,
    figure: String,
    pub(crate) holds: bool,
}

impl Bar {
    pub(crate) fn new(name: impl Into<String>, figure: impl std::fmt::Display, holds: bool) -> Self {
        Self { name: name.into(), figure: figure.to_string(), holds }
    }
}

/// One line a bar.
pub(crate) fn list(bars: &[Bar]) -> String {
    let mut text = String::from("\nBars\n");
    for bar in bars {
        let verdict = if bar.holds { "holds" } else { "MISSED" };
        writeln!(text, "{verdict:<7} {:<72} {}", bar.name, bar.figure).expect("a String takes everything");
    }
    text
}
