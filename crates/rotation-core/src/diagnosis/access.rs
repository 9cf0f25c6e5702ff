//! Whether a version opens the target.

/// Whether a version's value opens the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// It does.
    LogsIn,
    /// The server rejects it.
    Refused,
    /// The version holds no value.
    NoValue,
    /// The value is not a login, or is a login for another server or user than the secret's.
    Unusable,
    /// The password is right, but the server gives no usable session: the password has expired or must be
    /// changed, or the session is not the one that applications need.
    NoSession,
    /// It was tried, but the answer did not come from the server itself: it came from a proxy or an access
    /// rule, or the server asked for no password.
    Unknown,
    /// It was not tried.
    NotTried,
}

impl Access {
    /// The words for a report: `AWSCURRENT logs in`.
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

    /// Whether the server may still accept it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NoSession | Self::Unknown | Self::NotTried)
    }

    /// Whether this value is known not to open the database. A value that cannot be used was not tried: it
    /// may belong to a strategy other than the one of this diagnosis.
    pub fn is_out(self) -> bool {
        matches!(self, Self::Refused | Self::NoValue)
    }
}
