//! How a program rotates.

/// Which of the two ways of rotating the program was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStrategy {
    /// The user changes its own password.
    SingleUser,
    /// Two users take turns, and a master changes the one that is not in use.
    MasterUser,
}
