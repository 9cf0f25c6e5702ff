//! What an engine adds to the hints of failures that its own statements or settings fix.

/// The engine's own words, statements and settings. A hint that would name a statement takes it from here, so
/// that nobody is told a statement of another engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedies {
    /// How an administrator lets a locked user log in again: a statement without names.
    pub unlock: &'static str,
    /// How an administrator prolongs a user or its password: a statement without names.
    pub prolong: &'static str,
    /// Where the server's access rules are.
    pub access_rules: &'static str,
    /// Which authentication the server should ask for: one or two sentences.
    pub authentication: &'static str,
    /// How a user is made known as the clone of another: a sentence that begins in lower case.
    pub make_clone: &'static str,
    /// The oldest servers that can be rotated: a sentence.
    pub oldest: &'static str,
    /// Which other reason the server gives no word of its own for when it refuses a password: a sentence, or
    /// nothing.
    pub also_refused: &'static str,
}

impl Remedies {
    /// For an engine that has no statements to name.
    pub const NONE: Self = Self {
        unlock: "as the manual of the engine says",
        prolong: "as the manual of the engine says",
        access_rules: "the server's settings",
        authentication: "Let the server ask for an authentication that does not give the password away.",
        make_clone: "make it one as the engine's documentation says",
        oldest: "Upgrade the server.",
        also_refused: "",
    };
}
