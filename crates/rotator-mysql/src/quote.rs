//! Names and values inside statements: statements about users take no parameters.
//!
//! Sessions set their `sql_mode`, so that quotes and backslashes have the meaning that is assumed here.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// A name in backticks, those inside doubled.
pub(crate) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A value in single quotes, quotes and backslashes inside escaped.
pub(crate) fn literal(value: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::with_capacity(2 * value.len() + 2));
    quoted.push('\'');
    for c in value.chars() {
        if matches!(c, '\'' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// Attributes as a value.
pub(crate) fn json_literal(attributes: &Map<String, Value>) -> String {
    literal(&Value::Object(attributes.clone()).to_string()).to_string()
}
