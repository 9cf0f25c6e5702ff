//! Names and values inside statements, for statements that take no parameters (`ALTER ROLE`, `GRANT`).

/// A name as PostgreSQL reads it back byte for byte: in double quotes, those inside doubled. NUL is left out,
/// as no name contains it and a statement would end there.
///
/// Follows `quote_identifier` of the server, but always quotes, so that no list of keywords is needed.
pub fn quote_identifier(name: &str) -> String {
    quoted(name, '"')
}

/// A value as PostgreSQL reads it back, whatever the value of `standard_conforming_strings`: in single
/// quotes, those inside doubled; with a backslash inside, in the `E''` form with backslashes doubled. NUL is
/// left out, as no text contains it.
///
/// Needs a `client_encoding` in which no multibyte character ends in a quote or backslash; connections of
/// this crate are always UTF-8.
pub fn quote_literal(value: &str) -> String {
    if value.contains('\\') {
        format!("E{}", quoted(&value.replace('\\', "\\\\"), '\''))
    } else {
        quoted(value, '\'')
    }
}

fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for c in text.chars().filter(|c| *c != '\0') {
        if c == quote {
            quoted.push(quote);
        }
        quoted.push(c);
    }
    quoted.push(quote);
    quoted
}
