//! A user's own settings (`ALTER USER ... SET`), as the system catalog stores them and as statements take
//! them.

use postgres_session::Statement;
use rotation_database::StatementError;

use crate::quote::{quote_identifier, quote_literal};

/// One setting of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Setting {
    /// `pg_user.useconfig`, an array in its text form: `{search_path=data,"query_group=a b"}`.
    pub(crate) fn parse_all(array: &str) -> Vec<Self> {
        let items = elements(array.trim_start_matches('{').trim_end_matches('}'));
        let setting = |item: String| {
            let (name, value) = item.split_once('=')?;
            Some(Self { name: name.to_owned(), value: value.to_owned() })
        };
        items.into_iter().filter_map(setting).collect()
    }

    /// Whether a statement can express it: a plain name, and no backslash.
    pub(crate) fn is_plain(&self) -> bool {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        self.name.chars().all(plain) && !self.value.contains(['\\', '\0'])
    }

    /// "ALTER USER", with the list of schemas in the form of `search_path`.
    pub(crate) fn set(&self, user: &str) -> Result<Statement, StatementError> {
        let value =
            if self.name == "search_path" { schemas(&self.value)? } else { quote_literal(&self.value)? };
        let (user, name) = (quote_identifier(user), &self.name);
        Ok(Statement::new("alter user set", format!("ALTER USER {user} SET {name} TO {value}")))
    }

    /// "ALTER USER".
    pub(crate) fn reset(&self, user: &str) -> Statement {
        let (user, name) = (quote_identifier(user), &self.name);
        Statement::new("alter user reset", format!("ALTER USER {user} RESET {name}"))
    }
}

/// Schemas as names, `$user` as the literal that it is in Redshift.
fn schemas(value: &str) -> Result<String, StatementError> {
    let quote = |item: String| match item.as_str() {
        "$user" => quote_literal(&item),
        _ => Ok(quote_identifier(&item)),
    };
    Ok(elements(value).into_iter().map(quote).collect::<Result<Vec<_>, _>>()?.join(", "))
}

/// Items between commas, in double quotes where they contain a comma; a backslash or a second quote escapes
/// one.
fn elements(text: &str) -> Vec<String> {
    let (mut items, mut item, mut quoted, mut was_quoted) = (Vec::new(), String::new(), false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => item.extend(characters.next()),
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            '\\' if quoted => item.extend(characters.next()),
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            c if !quoted && c.is_ascii_whitespace() => {}
            c => item.push(c),
        }
    }
    if !item.is_empty() || was_quoted {
        items.push(item);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(array: &str, expected: &[&str]) {
        let settings = Setting::parse_all(array);
        let statements: Vec<_> = settings.iter().map(|setting| setting.set("u").unwrap().sql).collect();
        assert_eq!(statements, expected);
    }

    /// Settings are read out of the catalogue's array and written as statements.
    #[test]
    fn catalogue_array_to_statements() {
        check("{}", &[]);
        check(
            r#"{"search_path=\"$user\", data, \"odd, one\"",statement_timeout=10,"query_group=a b"}"#,
            &[
                r#"ALTER USER "u" SET search_path TO '$user', "data", "odd, one""#,
                r#"ALTER USER "u" SET statement_timeout TO '10'"#,
                r#"ALTER USER "u" SET query_group TO 'a b'"#,
            ],
        );
    }
}
