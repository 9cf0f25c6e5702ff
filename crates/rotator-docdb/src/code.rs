//! The meaning of the server's error codes (`error_codes.yml` of MongoDB; DocumentDB uses the same numbers).
//! A message of the server may quote names and values, so nothing here reads one.

use rotation_database::{Cause, ConnectError, StatementFault};

use crate::document::Reader;

const NO_CODE: &str = "no code of the server";

/// A command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) i64);

impl Code {
    /// The server sent none.
    const NONE: Self = Self(0);
    const BAD_VALUE: Self = Self(2);
    pub(crate) const USER_NOT_FOUND: Self = Self(11);
    pub(crate) const UNAUTHORIZED: Self = Self(13);
    pub(crate) const AUTHENTICATION_FAILED: Self = Self(18);
    const SHUTDOWN_IN_PROGRESS: Self = Self(91);
    const INTERRUPTED_AT_SHUTDOWN: Self = Self(11600);
    const INTERRUPTED_BY_FAILOVER: Self = Self(11602);
    const MECHANISM_UNAVAILABLE: Self = Self(334);
    const USER_ALREADY_EXISTS: Self = Self(51003);

    /// The code of a reply, where the command failed.
    pub(crate) fn of(reply: Reader<'_>) -> Option<Self> {
        if reply.get("ok").is_some_and(super::document::Value::is_true) {
            return None;
        }
        Some(Self(reply.get("code").and_then(super::document::Value::as_int).unwrap_or(0)))
    }

    /// The command took effect on the primary, and it is not certain that it survives a failover.
    pub(crate) fn of_write_concern(reply: Reader<'_>) -> Option<Self> {
        let error = reply.get("writeConcernError")?.as_document()?;
        let code = Self(error.get("code").and_then(super::document::Value::as_int).unwrap_or(0));
        // Here even a server that is no longer primary has executed the command.
        Some(if code.is_not_primary() { Self::INTERRUPTED_BY_FAILOVER } else { code })
    }

    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::NONE => Cause::new(NO_CODE),
            Self(code) => Cause::new(format!("code {code}")),
        }
    }

    /// `NotWritablePrimary` and related codes: the command was not executed.
    fn is_not_primary(self) -> bool {
        matches!(self.0, 10107 | 13435 | 13436 | 10058)
    }

    /// The server stops or steps down while it works: the command may have been executed.
    fn is_interrupted(self) -> bool {
        matches!(
            self,
            Self::SHUTDOWN_IN_PROGRESS | Self::INTERRUPTED_AT_SHUTDOWN | Self::INTERRUPTED_BY_FAILOVER
        ) || self.0 == 189
    }

    /// A server's answer to an option that it does not know: `BadValue` (MongoDB 4.4), `FailedToParse`,
    /// `TypeMismatch`, `InvalidOptions`, `CommandNotSupported`, `NotImplemented`, DocumentDB's own 303, and
    /// the code of MongoDB from 5.0 on.
    pub(crate) fn is_about_the_form(self) -> bool {
        matches!(self.0, 2 | 9 | 14 | 72 | 115 | 238 | 303 | 40415)
    }

    /// `SASLprep` prohibits a character of the password, or leaves nothing of it. `BadValue` for a password
    /// has many other causes.
    fn is_about_the_password(self) -> bool {
        matches!(self.0, 50687 | 50692)
    }

    /// A step of a login was refused.
    pub(crate) fn refusal(self) -> ConnectError {
        let cause = self.cause();
        match self {
            // DocumentDB answers a wrong password with the code for a missing privilege.
            Self::AUTHENTICATION_FAILED | Self::UNAUTHORIZED => ConnectError::Refused(cause),
            Self::USER_NOT_FOUND => ConnectError::NoSuchUser(cause),
            Self::BAD_VALUE | Self::MECHANISM_UNAVAILABLE => ConnectError::AuthenticationMethod(cause),
            _ => self.greeting_fault(),
        }
    }

    /// The greeting, or anything before a login, was refused.
    pub(crate) fn greeting_fault(self) -> ConnectError {
        let cause = self.cause();
        match self.0 {
            _ if self.is_not_primary() => ConnectError::ReadOnly(cause),
            _ if self.is_interrupted() => ConnectError::NotReady(cause),
            // ExceededTimeLimit, MaxTimeMSExpired.
            262 | 50 => ConnectError::TimedOut,
            _ => ConnectError::Protocol(cause),
        }
    }

    /// A command of a session was refused; `needed` names what would permit it.
    pub(crate) fn statement_fault(self, needed: impl FnOnce() -> String) -> StatementFault {
        match self {
            Self::NONE => StatementFault::Other { code: NO_CODE.to_owned() },
            Self::UNAUTHORIZED => StatementFault::PrivilegeMissing { needed: needed() },
            Self::USER_NOT_FOUND => StatementFault::NoSuchUser,
            Self::USER_ALREADY_EXISTS => StatementFault::Busy,
            _ if self.is_about_the_password() => {
                StatementFault::PasswordPolicy { rule: format!("code {}", self.0) }
            }
            _ if self.is_not_primary() => StatementFault::ReadOnly,
            _ if self.is_interrupted() => StatementFault::ConnectionLost,
            // WriteConflict, and a transaction that lost against another.
            Self(112 | 251) => StatementFault::Busy,
            // WriteConcernFailed: executed, and no majority has it.
            Self(64) => StatementFault::MajorityMissing,
            // MaxTimeMSExpired, ExceededTimeLimit.
            Self(50 | 262) => StatementFault::TimedOut,
            Self(code) => StatementFault::Other { code: code.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: i64, login: &str, statement: &StatementFault) {
        let refusal = format!("{:?}", Code(code).refusal());
        assert!(refusal.starts_with(login), "{code}: {refusal}");
        assert_eq!(Code(code).statement_fault(|| "it".to_owned()), *statement, "{code}");
    }

    /// Codes of the server lead to the error of whoever can fix them.
    #[test]
    fn codes_by_who_can_fix_them() {
        let other = |code: &str| StatementFault::Other { code: code.to_owned() };
        check(18, "Refused", &other("18"));
        check(13, "Refused", &StatementFault::PrivilegeMissing { needed: "it".to_owned() });
        check(11, "NoSuchUser", &StatementFault::NoSuchUser);
        check(334, "AuthenticationMethod", &other("334"));
        for code in [10107, 13435, 13436, 10058] {
            check(code, "ReadOnly", &StatementFault::ReadOnly);
        }
        for code in [91, 189, 11600, 11602] {
            check(code, "NotReady", &StatementFault::ConnectionLost);
        }
        check(50, "TimedOut", &StatementFault::TimedOut);
        check(64, "Protocol", &StatementFault::MajorityMissing);
        check(112, "Protocol", &StatementFault::Busy);
        check(51003, "Protocol", &StatementFault::Busy);
        check(31, "Protocol", &other("31"));
        check(2, "AuthenticationMethod", &other("2"));
        check(0, "Protocol", &other(NO_CODE));
        for code in [50687, 50692] {
            check(code, "Protocol", &StatementFault::PasswordPolicy { rule: format!("code {code}") });
        }
    }
}
