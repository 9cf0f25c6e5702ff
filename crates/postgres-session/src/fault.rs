//! Why a statement failed, by SQLSTATE.

use std::{error::Error as _, io};

use rotation_database::{Cause, StatementError, StatementFault};
use tokio_postgres::{Error, error::DbError};

use crate::{
    refusal::LoginTarget,
    sqlstate::{PROXY, sqlstate},
    statement::Statement,
    violation::Violation,
};

/// The error of a statement; `lost` is how the connection ended, if it did.
pub(crate) fn statement_error(
    kind: &'static str,
    error: &Error,
    lost: Option<&Error>,
    place: &LoginTarget,
) -> StatementError {
    let answer = error.as_db_error().or_else(|| lost.and_then(Error::as_db_error));
    let (fault, source) = match answer {
        Some(answer) => {
            let code = sqlstate(answer);
            let refusal = place.late_refusal(answer).filter(|_| kind == Statement::PROBE);
            let fault = refusal.map_or_else(
                || by_code(kind, code, answer),
                |refusal| StatementFault::LoginRefused(Box::new(refusal)),
            );
            (fault, Some(Cause::new(format!("SQLSTATE {code}"))))
        }
        None => without_answer(error, lost),
    };
    StatementError { fault, statement: Some(kind), source, is_before_password: false }
}

/// The server sent no error, so the connection failed, unless the guard refused what it sent.
fn without_answer(error: &Error, lost: Option<&Error>) -> (StatementFault, Option<Cause>) {
    let io = [lost, Some(error)]
        .into_iter()
        .flatten()
        .find_map(|error| error.source()?.downcast_ref::<io::Error>());
    match io.and_then(io::Error::get_ref).and_then(|wrapped| wrapped.downcast_ref::<Violation>()) {
        Some(violation) => {
            let cause = Some(Cause::new(violation.to_string()));
            (StatementFault::Other { code: "protocol violation".to_owned() }, cause)
        }
        None => (StatementFault::ConnectionLost, io.map(database_net::os_cause)),
    }
}

/// Codes of "PostgreSQL Error Codes" (appendix A of the manual).
fn by_code(kind: &str, code: &str, answer: &DbError) -> StatementFault {
    match code {
        "25006" => StatementFault::ReadOnly,
        "0A000" if kind == Statement::BEGIN => StatementFault::ReadOnly,
        // The name of the role is not translated; with `rds.restrict_password_commands` the message contains
        // it.
        "42501" if answer.message().contains("rds_password") => StatementFault::PasswordsRestricted,
        "42501" => StatementFault::PrivilegeMissing { needed: "unknown".to_owned() },
        "42704" if kind == Statement::SET_PASSWORD => StatementFault::NoSuchUser,
        // The codes of `passwordcheck` and similar modules: invalid parameter, invalid password, a raised
        // exception.
        "22023" | "28P01" | "28000" | "P0001" if kind == Statement::SET_PASSWORD => {
            StatementFault::PasswordPolicy { rule: format!("SQLSTATE {code}") }
        }
        // Two rotations at once: lock not available, serialization, deadlock, the same name created twice.
        "55P03" | "40001" | "40P01" => StatementFault::Busy,
        "42710" | "23505" if kind == Statement::CREATE_ROLE => StatementFault::Busy,
        "XX000" if concurrently_updated(answer) => StatementFault::Busy,
        "57014" => StatementFault::TimedOut,
        // The server ended the session: it was idle in a transaction, or its transaction took too long. The
        // cause of neither is a lock.
        "25P03" | "25P04" => StatementFault::ConnectionLost,
        PROXY if kind == Statement::PROBE => StatementFault::Proxy,
        _ if code.starts_with("57P") || code.starts_with("08") => StatementFault::ConnectionLost,
        _ => StatementFault::Other { code: code.to_owned() },
    }
}

/// "tuple concurrently updated" and "tuple concurrently deleted" have no code of their own, but few errors
/// share theirs.
fn concurrently_updated(answer: &DbError) -> bool {
    matches!(answer.routine(), Some("simple_heap_update" | "simple_heap_delete"))
}
