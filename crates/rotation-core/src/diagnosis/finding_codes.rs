//! The findings that every diagnosis may have.

crate::finding_codes! {
    /// As it should be.
    OK = "ok",
        "What was checked is right.",
        "Nothing.";
    /// It was not checked.
    NOT_CHECKED = "note",
        "No login was asked for or came through, the engine does not tell, or the caller may not look; the \
         sentence says which.",
        "Let the caller look, where it matters, or ask the function, which looks from inside its VPC by its \
         own role.";
}
