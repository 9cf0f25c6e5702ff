//! What a failure is called: a stable code with its class. The set is open, as each target has failures of
//! its own; [`codes!`](crate::codes!) makes a table of them. What causes a code and how to fix it is no part
//! of a program: `docs/errors/CODE.md` has it.

use std::fmt;

/// What a failure asks of whoever called the step. It is `outcome` in the outcome line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The event, the labels or the values do not allow this step to act. Nothing was changed, and another
    /// call fails in the same way until an operator has corrected them.
    Refused,
    /// The failure may be transient: the service's next call may succeed.
    Retryable,
    /// Nothing failed and nothing was changed: the step was only described (dry run).
    DryRun,
    /// An operator has to fix something outside the secret: a permission, a network, a certificate, a
    /// database user.
    Failed,
}

impl Class {
    /// The word in the outcome line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Retryable => "retryable",
            Self::DryRun => "dry_run",
            Self::Failed => "failed",
        }
    }
}

/// A stable name for a kind of failure, for alarms and runbooks: `DB_LOCKED`. A name is never reused for
/// another failure.
///
/// Two codes are equal if their names are equal. A target's codes begin with its own prefix.
#[derive(Clone, Copy)]
pub struct Code(&'static Definition);

/// The definition of a code.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The name, as answers and log lines show it: `DB_LOCKED`.
    pub name: &'static str,
    /// What it asks of the caller.
    pub class: Class,
}

impl Code {
    /// A code. [`codes!`](crate::codes!) takes the meaning from the documentation of the constant.
    pub const fn new(definition: &'static Definition) -> Self {
        Self(definition)
    }

    /// The name, as answers and log lines show it: `DB_LOCKED`.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What it asks of the caller.
    pub const fn class(self) -> Class {
        self.0.class
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Code {}

impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Code {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.name.cmp(other.0.name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}

/// Prints the name, as everywhere else.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.name)
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.0.name == *name
    }
}

/// Makes a table of codes: a constant for each, `ALL` with all of them, and `MEANINGS` with what each means
/// in one sentence. A row is documented by that sentence, and names its class.
///
/// ```
/// rotation_core::codes! {
///     /// The token service does not answer.
///     TOKEN_SERVICE_DOWN = Retryable;
/// }
///
/// assert_eq!(TOKEN_SERVICE_DOWN.name(), "TOKEN_SERVICE_DOWN");
/// assert_eq!(MEANINGS, [(TOKEN_SERVICE_DOWN, " The token service does not answer.")]);
/// assert_eq!(ALL, [TOKEN_SERVICE_DOWN]);
/// ```
#[macro_export]
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $name:ident = $class:ident;)+) => {
        $(
            $(#[doc = $meaning])+
            pub const $name: $crate::Code = $crate::Code::new(&$crate::Definition {
                name: stringify!($name),
                class: $crate::Class::$class,
            });
        )+

        /// All codes, sorted by subject.
        pub const ALL: &[$crate::Code] = &[$($name,)+];

        /// What each of them means, in the same order. Nothing that runs needs it, so no function holds it.
        pub const MEANINGS: &[($crate::Code, &str)] = &[$(($name, concat!($($meaning,)+)),)+];
    };
}
