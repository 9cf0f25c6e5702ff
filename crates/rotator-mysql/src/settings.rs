//! The engine's settings.

/// The engine's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `DUAL_PASSWORD`.
    pub dual_password: DualPassword,
    /// `ALLOW_OLD_PASSWORD`: whether a second password that the session's user may not discard is accepted.
    pub allow_old_password: bool,
    /// `ALLOW_UNLOCKED`: whether a user is changed although the server refuses the lock by which rotations
    /// take turns.
    pub allow_unlocked: bool,
    /// `USERNAME_CHARACTER_LIMIT`: the longest name of a clone, where the server accepts fewer characters
    /// than the newest one.
    pub name_limit: Option<usize>,
    /// `TLS_SELF_SIGNED`: how a certificate is handled that MariaDB has made for itself.
    pub self_signed: SelfSigned,
}

/// How a self-signed certificate of MariaDB 11.4 or later is handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfSigned {
    /// It is refused.
    #[default]
    Refuse,
    /// It is accepted if the server proves by the user's password that it is its own, which is possible with
    /// accounts of `ed25519` and `parsec`.
    Prove,
}

/// Whether a user that changes its own password keeps the old one in addition to the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DualPassword {
    /// Where the server can and the user may.
    #[default]
    Auto,
    /// Always; the change fails where that is not possible.
    Require,
    /// Never.
    Off,
}
