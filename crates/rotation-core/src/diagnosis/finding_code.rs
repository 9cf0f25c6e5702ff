//! The name of a finding: a failure's code, or a stable code of its own with an article. The set is open;
//! [`finding_codes!`](crate::finding_codes!) makes a table.

use crate::code::Code;

/// A stable name for what was found. A name is never reused for another finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// What documents tell about a finding that is no failure of a rotation.
#[derive(Clone, Copy, Debug)]
pub struct FindingArticle {
    /// Which finding.
    pub code: FindingCode,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// How bad it is.
    pub severity: &'static str,
    /// What brings it about.
    pub causes: &'static str,
    /// What to do. A finding's own words are more exact: they know the case.
    pub remediation: &'static str,
}

/// Makes a table of findings' codes: a constant for each, `ALL` with all of them, and `ARTICLES` with
/// what documents tell. A row is documented by what it means,
/// and holds severity, causes and remediation.
#[macro_export]
macro_rules! finding_codes {
    ($(
        $(#[doc = $meaning:literal])+ $name:ident = $severity:literal, $causes:literal, $remediation:literal;
    )+) => {
        $(
            $(#[doc = $meaning])+
            pub const $name: $crate::diagnosis::FindingCode =
                $crate::diagnosis::FindingCode::Own(stringify!($name));
        )+

        /// All of them, in the order of the checks.
        pub const ALL: &[$crate::diagnosis::FindingCode] = &[$($name,)+];

        /// What documents tell about each of them, in the same order.
        pub const ARTICLES: &[$crate::diagnosis::FindingArticle] = &[$($crate::diagnosis::FindingArticle {
            code: $name,
            meaning: concat!($($meaning,)+),
            severity: $severity,
            causes: $causes,
            remediation: $remediation,
        },)+];
    };
}
