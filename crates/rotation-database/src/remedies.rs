//! What an engine adds to the hints of failures that its own statements or settings fix.

/// The engine's own words, statements and settings. A hint that names a statement takes it from here, so that
/// no hint has a statement of another engine. `USER` stands for the user, `HOST` for the host of an account
/// and `PASSWORD` for the password in the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedies {
    /// How an administrator sets the password of a user: a statement or a command.
    pub set_password: &'static str,
    /// How an administrator lets a locked user log in again: a statement.
    pub unlock: &'static str,
    /// How an administrator prolongs a user or its password: a statement.
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
        set_password: "the engine's statement that sets a password",
        unlock: "the engine's statement that unlocks a user",
        prolong: "the engine's statement that extends a validity",
        access_rules: "the server's settings",
        authentication: "Let the server ask for an authentication method that does not expose the password.",
        make_clone: "give it the same privileges",
        oldest: "Upgrade the server.",
        also_refused: "",
    };
}
