//! What an error of the server means. Its text may quote names and commands, so only its first word is kept.

use rotation_database::{Cause, ConnectError, StatementError, StatementFault};

/// The most characters of a server's code that an error repeats.
const LONGEST_CODE: usize = 24;

/// The first word of a server's error: `WRONGPASS`, `NOPERM`, `ERR`.
pub(crate) fn code(error: &str) -> &str {
    let word = error.split(' ').next().unwrap_or_default();
    let is_code = word.len() <= LONGEST_CODE && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if is_code && !word.is_empty() { word } else { "no code" }
}

/// Of a login.
pub(crate) fn of_login(error: &str) -> ConnectError {
    let cause = || Cause::new(code(error));
    match code(error) {
        // The one answer for a wrong password, a user that does not exist, and one that is off.
        "WRONGPASS" => ConnectError::Refused(cause()),
        // Protected mode: the server takes no connections from other machines.
        "DENIED" => ConnectError::AccessRule(cause()),
        "LOADING" | "BUSY" | "MASTERDOWN" | "TRYAGAIN" => ConnectError::NotReady(cause()),
        "NOPROTO" => ConnectError::Unsupported(cause()),
        "ERR" if error.contains("max number of clients") => ConnectError::TooManyConnections(cause()),
        "ERR" if error.contains("unknown command") => ConnectError::Unsupported(cause()),
        _ => ConnectError::Protocol(cause()),
    }
}

/// Of a command that the master runs. `needed` is what an administrator runs where a permission is missing.
pub(crate) fn of_command(kind: &'static str, error: &str, needed: impl FnOnce() -> String) -> StatementError {
    let fault = match code(error) {
        "NOPERM" => StatementFault::PrivilegeMissing { needed: needed() },
        "READONLY" => StatementFault::ReadOnly,
        // A password that was to be removed, or kept, is gone: another session changed the user meanwhile.
        "ERR" if error.contains("password you are trying to remove") => StatementFault::Busy,
        code => StatementFault::Other { code: code.to_owned() },
    };
    StatementError {
        fault,
        statement: Some(kind),
        source: Some(Cause::new(code(error))),
        is_before_password: false,
    }
}

/// Whether `ACL SAVE` was refused because the server has no file for users.
pub(crate) fn has_no_file(error: &str) -> bool {
    code(error) == "ERR" && error.contains("not configured to use an ACL file")
}
