//! Who owns what the clone of a pair creates.

/// Whom the objects belong to that the clone of a pair creates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CloneObjects {
    /// The original: whichever user is live, there is one owner.
    #[default]
    Original,
    /// The clone itself, as with AWS's templates (`CLONE_OBJECTS=own`).
    Own,
}
