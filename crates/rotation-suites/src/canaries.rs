//! Values that must not appear anywhere.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;

/// Values that no log, answer or error may contain, with their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Canaries(BTreeMap<String, String>);

impl Canaries {
    /// Adds a value. Short ones are left out: they would be found by chance.
    pub(super) fn add(&mut self, what: impl Into<String>, value: &str) {
        if value.len() >= 12 {
            self.0.insert(value.to_owned(), what.into());
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether a value with this name is searched for.
    pub(super) fn include(&self, what: &str) -> bool {
        self.0.values().any(|known| known == what)
    }

    /// The name of a value that was found, never the value. JSON and Rust's `Debug` write quotes and
    /// backslashes in their own way. The text is searched once for all values: a server's log is long.
    pub(super) fn find_in(&self, text: &str) -> Option<&str> {
        let written = |value: &str| {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            [value.to_owned(), escaped, value.replace('\'', "''")]
        };
        let names: Vec<_> = self.0.values().collect();
        let values = AhoCorasick::new(self.0.keys().flat_map(|value| written(value)));
        let found = values.expect("a few thousand values").find(text)?;
        Some(names[found.pattern().as_usize() / 3].as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value is found as it is, as JSON and Rust's `Debug` write it, and as SQL does, and is named.
    #[test]
    fn every_way_of_writing_is_found() {
        let mut canaries = Canaries::default();
        canaries.add("first", r#"one"quote\and'more"#);
        canaries.add("second", "another long value");
        for text in [r#"one"quote\and'more"#, r#"one\"quote\\and'more"#, r#"one"quote\and''more"#] {
            assert_eq!(canaries.find_in(&format!("before {text} after")), Some("first"), "{text}");
        }
        assert_eq!(canaries.find_in("of another long value."), Some("second"));
        assert_eq!(canaries.find_in(r#"one"quote and another value"#), None);
        assert_eq!(Canaries::default().find_in("anything"), None);
    }
}
