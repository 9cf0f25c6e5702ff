//! How bad what was found is.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing, or not looked at.
    Note,
    /// Works now, and will not always.
    Warning,
    /// Rotations fail or applications are shut out.
    Fault,
}

impl Severity {
    /// For machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}
