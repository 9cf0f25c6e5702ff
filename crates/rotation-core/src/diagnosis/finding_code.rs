//! What a finding is called: a failure's code, or a stable code of its own. The set is open;
//! [`finding_codes!`](crate::finding_codes!) makes a table.

use super::Severity;
use crate::code::Code;

/// A stable name for what was found. A name is never reused for another finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingCode {
    /// A rotation fails, or would fail, with this code.
    Failure(Code),
    /// Something else, by its own name.
    Own(&'static str),
}

impl FindingCode {
    /// The name, as answers show it: `PENDING_STUCK`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failure(code) => code.name(),
            Self::Own(name) => name,
        }
    }
}

/// What a finding's own code means, and how bad such a finding may be.
pub type FindingMeaning = (FindingCode, &'static str, &'static [Severity]);

/// Makes a table of findings' codes: a constant for each, `ALL` with all of them, and `MEANINGS` with what
/// each means. A row is documented by that sentence, and holds the severities that such a finding may have.
#[macro_export]
macro_rules! finding_codes {
    ($($(#[doc = $meaning:literal])+ $name:ident = $($severity:ident),+;)+) => {
        $(
            $(#[doc = $meaning])+
            pub const $name: $crate::diagnosis::FindingCode =
                $crate::diagnosis::FindingCode::Own(stringify!($name));
        )+

        /// All of them, in the order of the checks.
        pub const ALL: &[$crate::diagnosis::FindingCode] = &[$($name,)+];

        /// What each of them means, in the same order. Nothing that runs needs it, so no function holds it.
        pub const MEANINGS: &[$crate::diagnosis::FindingMeaning] = &[$((
            $name,
            concat!($($meaning,)+),
            &[$($crate::diagnosis::Severity::$severity),+],
        ),)+];
    };
}
