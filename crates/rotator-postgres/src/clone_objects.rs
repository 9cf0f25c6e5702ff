//! Who owns what the clone of a pair creates.

/// The owner of the objects that the clone of a pair creates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CloneObjects {
    /// The original: there is one owner, whichever user is live.
    #[default]
    Original,
    /// The clone itself, as with AWS's templates (`CLONE_OBJECTS=own`).
    Own,
}
