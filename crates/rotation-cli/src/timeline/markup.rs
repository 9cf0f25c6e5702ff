//! What the parts of a page are written with: escapes, and the words that charts and table share.

use std::fmt::Write as _;

use super::{Carried, Row, Source};
use crate::screen::tamed;

/// Whose credential a version holds, or a dash.
pub(super) fn user(row: &Row) -> &str {
    row.user.as_deref().unwrap_or("-")
}

/// The labels in words.
pub(super) fn carried(carried: &Carried) -> String {
    match carried {
        Carried::Absent => String::new(),
        Carried::Unknown => "not known".to_owned(),
        Carried::Labels(labels, _) if labels.is_empty() => "no label".to_owned(),
        Carried::Labels(labels, Source::Read) => labels.join(", "),
        Carried::Labels(labels, Source::Inferred) => format!("{} (inferred)", labels.join(", ")),
    }
}

/// Appends; a `String` refuses nothing.
pub(super) fn put(html: &mut String, text: std::fmt::Arguments<'_>) {
    html.write_fmt(text).expect("a String takes everything");
}

/// As HTML shows it, in text and in quoted attributes alike.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for sign in tamed(text, false).chars() {
        match sign {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
