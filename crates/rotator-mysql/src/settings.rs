//! What an operator chooses.

/// What an operator may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `DUAL_PASSWORD`.
    pub dual_password: DualPassword,
    /// `ALLOW_OLD_PASSWORD`: whether a second password that nobody here may end is accepted.
    pub allow_old_password: bool,
    /// `ALLOW_UNLOCKED`: whether a user is changed although the server refuses the lock by which rotations
    /// take turns.
    pub allow_unlocked: bool,
    /// `USERNAME_CHARACTER_LIMIT`: the longest name of a clone, where the server takes fewer characters than
    /// the newest one.
    pub name_limit: Option<usize>,
    /// `TLS_SELF_SIGNED`: what is done with a certificate that MariaDB has made for itself.
    pub self_signed: SelfSigned,
}

/// What is done with a self-signed certificate of MariaDB 11.4 or later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfSigned {
    /// It is refused.
    #[default]
    Refuse,
    /// It is taken if the server proves by the user's password that it is its own, which it can to accounts
    /// of `ed25519` and `parsec`.
    Prove,
}

/// Whether a user that changes its own password keeps the old one beside the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DualPassword {
    /// Where the server can and the user may.
    #[default]
    Auto,
    /// Or the change fails.
    Require,
    /// Never.
    Off,
}
