//! Whether a version opens the target.

/// Whether a version's value opens the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// It does.
    LogsIn,
    /// The server says no to it.
    Refused,
    /// The version holds no value.
    NoValue,
    /// The value is none of a login, or one of another server or user than the secret's.
    Unusable,
    /// The password is right, and the server gives no usable session: it has expired, must be changed, or the
    /// session is not the one that applications need.
    NoSession,
    /// It was tried, and whoever answered did not speak for the server: a proxy, an access rule, or a server
    /// that asked for no password.
    Unknown,
    /// It was not tried.
    NotTried,
}

impl Access {
    /// As it is told: `AWSCURRENT logs in`.
    pub fn words(self) -> &'static str {
        match self {
            Self::LogsIn => "logs in",
            Self::Refused => "is refused",
            Self::NoValue => "has no value",
            Self::Unusable => "cannot be used",
            Self::NoSession => "has the right password and no usable session",
            Self::Unknown => "gave no clear answer",
            Self::NotTried => "was not tried",
        }
    }

    /// Whether the server may still let it in.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NoSession | Self::Unknown | Self::NotTried)
    }

    /// Whether it is known that this value does not open the database. A value that cannot be used was not
    /// tried: it may be one of a strategy that the secret is not looked at with.
    pub fn is_out(self) -> bool {
        matches!(self, Self::Refused | Self::NoValue)
    }
}
