//! The syntax of a value in each form.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::Zeroizing;

/// Every character that RFC 3986 does not define as unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The place of a value in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The value with its quotes, as a range of bytes.
    pub(super) span: Range<usize>,
    pub(super) syntax: Syntax,
}

/// The syntax of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Percent,
    /// The syntax of libpq.
    Keyword,
    /// The syntax of ADO.NET.
    Quotes,
    /// The syntax of ODBC, and of JDBC for SQL Server.
    Braces,
    Verbatim {
        /// The characters that it cannot contain.
        without: &'static [char],
    },
}

impl Part {
    /// The decoded value; `None` where it does not decode to text.
    pub(super) fn value(&self, text: &str) -> Option<Zeroizing<String>> {
        let written = &text[self.span.clone()];
        let inner = |length: usize| &written[length..written.len() - length];
        let value = match (self.syntax, written.chars().next()) {
            (Syntax::Percent, _) => percent_decode_str(written).decode_utf8().ok()?.into_owned(),
            (Syntax::Keyword, Some('\'')) => without_backslashes(inner(1)),
            (Syntax::Keyword, _) => without_backslashes(written),
            (Syntax::Quotes | Syntax::Braces, Some(quote @ ('"' | '\''))) => {
                inner(1).replace(&format!("{quote}{quote}"), &quote.to_string())
            }
            (Syntax::Quotes | Syntax::Braces, Some('{')) => inner(1).replace("}}", "}"),
            (Syntax::Quotes | Syntax::Braces | Syntax::Verbatim { .. }, _) => written.to_owned(),
        };
        Some(Zeroizing::new(value))
    }
}

impl Syntax {
    /// Whether this value can be written in this syntax.
    pub(super) fn admits(self, value: &str) -> bool {
        match self {
            Self::Verbatim { without } => !value.contains(without),
            _ => true,
        }
    }

    pub(super) fn write(self, value: &str, whole: &mut String) {
        let is_plain =
            !value.is_empty() && value.chars().all(|one| one.is_alphanumeric() || "-._~".contains(one));
        match self {
            Self::Percent => utf8_percent_encode(value, RESERVED).for_each(|piece| whole.push_str(piece)),
            Self::Verbatim { .. } => whole.push_str(value),
            _ if is_plain => whole.push_str(value),
            Self::Keyword => {
                quote(value, '\'', '\'', |one| matches!(one, '\'' | '\\').then_some('\\'), whole);
            }
            Self::Quotes => quote(value, '"', '"', |one| (one == '"').then_some('"'), whole),
            Self::Braces => quote(value, '{', '}', |one| (one == '}').then_some('}'), whole),
        }
    }
}

fn quote(value: &str, open: char, close: char, escape: impl Fn(char) -> Option<char>, whole: &mut String) {
    whole.push(open);
    for one in value.chars() {
        whole.extend(escape(one));
        whole.push(one);
    }
    whole.push(close);
}

fn without_backslashes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(one) = rest.next() {
        plain.extend(if one == '\\' { rest.next() } else { Some(one) });
    }
    plain
}
