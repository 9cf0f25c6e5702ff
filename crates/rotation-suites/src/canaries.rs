//! Values that must not appear anywhere.

use std::collections::BTreeMap;

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
    /// backslashes in their own way.
    pub(super) fn find_in(&self, text: &str) -> Option<&str> {
        let holds = |value: &str| {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            text.contains(value) || text.contains(&escaped) || text.contains(&value.replace('\'', "''"))
        };
        self.0.iter().find(|(value, _)| holds(value)).map(|(_, what)| what.as_str())
    }
}
