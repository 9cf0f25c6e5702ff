//! The reader of a hint.

/// Who reads a hint. What to do next depends on who ran the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The operator of a function that Secrets Manager invokes.
    Operator,
    /// A person who runs the steps at a terminal, with their own credentials.
    Person,
}

impl Reader {
    /// The identity that needs a permission.
    pub fn role(self) -> &'static str {
        match self {
            Self::Operator => "the function's role",
            Self::Person => "the IAM identity that you use",
        }
    }

    /// The party that opens connections.
    pub fn caller(self) -> &'static str {
        match self {
            Self::Operator => "the function",
            Self::Person => "this machine",
        }
    }

    /// What to do after a transient failure. The service gives up a rotation after a few attempts.
    pub fn again(self) -> &'static str {
        match self {
            Self::Operator => "Secrets Manager calls again a few times; if it gives up, rotate again.",
            Self::Person => "Run the command again.",
        }
    }
}
