//! Names and values inside statements, by Redshift's rules.

use rotation_database::{StatementError, StatementFault};

pub(crate) use postgres_session::quote_identifier;

/// A value in single quotes, those inside doubled ("Literals" in the manual).
///
/// # Errors
/// Where the value holds a backslash, which Redshift reads as an escape, or NUL.
pub(crate) fn quote_literal(value: &str) -> Result<String, StatementError> {
    if value.contains(['\\', '\0']) {
        return Err(StatementError::new(StatementFault::Other {
            code: "a backslash in a name or value".to_owned(),
        }));
    }
    Ok(format!("'{}'", value.replace('\'', "''")))
}

/// Names, each quoted, with commas between them.
pub(crate) fn literals<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<String, StatementError> {
    let quoted = values.into_iter().map(quote_literal).collect::<Result<Vec<_>, _>>()?;
    Ok(quoted.join(", "))
}
