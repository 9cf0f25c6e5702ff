//! The guarantees, and whether they held.

use std::fmt::Write;

/// One guarantee.
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

/// One line for each bar, as `scripts/prove` collects them.
pub(crate) fn list(bars: &[Bar]) -> String {
    let mut text = String::new();
    for Bar { name, figure, holds } in bars {
        let verdict = if *holds { "" } else { " (MISSED)" };
        write!(text, "\nproof: {name}: {figure}{verdict}").expect("a String takes everything");
    }
    text
}
