//! The strategy of a program.

/// The strategy for which the program was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStrategy {
    /// The user changes its own password.
    SingleUser,
    /// Two users alternate, and a master changes the one that is not in use.
    MasterUser,
}
