//! The name of a failure: a stable code with its class and an article. The set is open, because each target
//! has failures of its own; [`codes!`](crate::codes!) makes a table of them.

use std::fmt;

/// What a failure asks of the caller of the step. The outcome line has it as `outcome`.
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

/// The documentation of a code. It is separate from the code, so that a function's binary contains none of
/// these texts.
#[derive(Clone, Copy, Debug)]
pub struct CodeArticle {
    /// Which code.
    pub code: Code,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// Its causes and remediation.
    pub article: Article,
}

/// Causes and remediation of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Article {
    /// What causes it, the most likely cause first.
    pub causes: &'static str,
    /// What to do, for the operator of a function. The remediation that a failure itself returns is more
    /// exact, because it knows the case.
    pub remediation: &'static str,
    /// The statement or policy to add, ready to paste: its language and its text.
    pub add: Option<(&'static str, &'static str)>,
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

impl Article {
    /// An article without a statement, policy or command.
    pub const fn new(causes: &'static str, remediation: &'static str) -> Self {
        Self { causes, remediation, add: None }
    }

    /// An article with SQL to run.
    pub const fn with_sql(causes: &'static str, remediation: &'static str, add: &'static str) -> Self {
        Self { causes, remediation, add: Some(("sql", add)) }
    }

    /// An article with a statement of an IAM policy to add.
    pub const fn with_policy(causes: &'static str, remediation: &'static str, add: &'static str) -> Self {
        Self { causes, remediation, add: Some(("json", add)) }
    }

    /// An article with a command to run.
    pub const fn with_command(causes: &'static str, remediation: &'static str, add: &'static str) -> Self {
        Self { causes, remediation, add: Some(("sh", add)) }
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

/// Makes a table of codes: a constant for each, `ALL` with all of them, and `ARTICLES` with their
/// documentation. The doc comment of a row is the code's meaning. The row names its class and the module that
/// holds its [`Article`] under the same name.
///
/// ```
/// mod articles {
///     use rotation_core::Article;
///     pub(super) const TOKEN_SERVICE_DOWN: Article = Article::new("It is being updated.", "Wait.");
/// }
///
/// rotation_core::codes! {
///     /// The token service does not answer.
///     TOKEN_SERVICE_DOWN = Retryable, articles;
/// }
///
/// assert_eq!(TOKEN_SERVICE_DOWN.name(), "TOKEN_SERVICE_DOWN");
/// assert_eq!(ARTICLES[0].meaning.trim(), "The token service does not answer.");
/// assert_eq!(ALL, [TOKEN_SERVICE_DOWN]);
/// ```
#[macro_export]
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $name:ident = $class:ident, $articles:ident;)+) => {
        $(
            $(#[doc = $meaning])+
            pub const $name: $crate::Code = $crate::Code::new(&$crate::Definition {
                name: stringify!($name),
                class: $crate::Class::$class,
            });
        )+

        /// All codes, sorted by subject.
        pub const ALL: &[$crate::Code] = &[$($name,)+];

        /// The documentation of each code, in the same order.
        pub const ARTICLES: &[$crate::CodeArticle] = &[$($crate::CodeArticle {
            code: $name,
            meaning: concat!($($meaning,)+),
            article: $articles::$name,
        },)+];
    };
}
