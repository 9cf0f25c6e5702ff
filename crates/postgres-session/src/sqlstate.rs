//! The code with which a server refuses.

use tokio_postgres::error::DbError;

/// `protocol_violation`: the code that poolers give to all errors of their own. A client that keeps the
/// protocol never gets it from the server itself.
pub(crate) const PROXY: &str = "08P01";

/// Stands for a text that is not a code.
const UNREADABLE: &str = "unreadable";

/// The SQLSTATE of an answer. A text in its place that is not a code comes from the server, has any length,
/// and must not get into an error.
pub(crate) fn sqlstate(answer: &DbError) -> &str {
    read(answer.code().code())
}

/// Five digits or capital letters ("PostgreSQL Error Codes", appendix A of the manual).
fn read(code: &str) -> &str {
    let is_one =
        code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if is_one { code } else { UNREADABLE }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that is no SQLSTATE code is not repeated in an error.
    #[test]
    fn invalid_codes_are_not_repeated() {
        for code in ["28P01", "00000", "XX000"] {
            assert_eq!(read(code), code);
        }
        for words in ["", "28P0", "28P01x", "28p01", "28P0\u{e9}", "28P 1", "the password is"] {
            assert_eq!(read(words), UNREADABLE);
        }
    }
}
