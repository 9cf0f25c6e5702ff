//! The findings that every diagnosis may have.

crate::finding_codes! {
    /// As it should be.
    OK = Ok;
    /// It was not checked.
    NOT_CHECKED = Note;
}
