//! For whom a hint is.

/// Who reads a hint: what to do next depends on who asked for the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The operator of a function that Secrets Manager invokes.
    Operator,
    /// A person who runs the steps at a terminal, with credentials of their own.
    Person,
}

impl Reader {
    /// Who must be allowed something.
    pub fn role(self) -> &'static str {
        match self {
            Self::Operator => "the function's role",
            Self::Person => "the IAM identity that you use",
        }
    }

    /// Who opens connections.
    pub fn caller(self) -> &'static str {
        match self {
            Self::Operator => "the function",
            Self::Person => "this machine",
        }
    }

    /// After a failure that passes by itself. The service gives a rotation up after a few attempts.
    pub fn again(self) -> &'static str {
        match self {
            Self::Operator => "Secrets Manager calls again a few times; if it gives up, rotate again.",
            Self::Person => "Run the command again.",
        }
    }
}
