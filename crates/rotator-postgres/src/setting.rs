//! A role's own settings (`ALTER ROLE ... SET`), as the catalogue has them and as statements take them.

use postgres_session::{Statement, quote_identifier, quote_literal};
use rotation_core::database::Username;

/// One setting of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Where it applies; everywhere where there is none.
    pub(crate) database: Option<String>,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Setting {
    /// The setting that says which role a session takes on.
    pub(crate) const ROLE: &'static str = "role";

    /// Whether both are about the same thing.
    pub(crate) fn same_place(&self, other: &Self) -> bool {
        self.database == other.database && self.name == other.name
    }

    /// Gives a role this setting.
    pub(crate) fn set(&self, role: &Username) -> Statement {
        let value = if is_list(&self.name) { list(&self.value) } else { quote_literal(&self.value) };
        let name = quote_identifier(&self.name);
        Statement::new("alter role set", format!("{} SET {name} TO {value}", self.alter(role)))
    }

    /// Takes this setting from a role.
    pub(crate) fn reset(&self, role: &Username) -> Statement {
        let name = quote_identifier(&self.name);
        Statement::new("alter role reset", format!("{} RESET {name}", self.alter(role)))
    }

    fn alter(&self, role: &Username) -> String {
        let role = quote_identifier(role.as_str());
        match &self.database {
            None => format!("ALTER ROLE {role}"),
            Some(database) => format!("ALTER ROLE {role} IN DATABASE {}", quote_identifier(database)),
        }
    }
}

/// The settings that hold a list of names, each quoted where it must be (`GUC_LIST_QUOTE` in the server). The list
/// is the same one that the server's own dump program keeps.
fn is_list(name: &str) -> bool {
    const LISTS: [&str; 7] = [
        "local_preload_libraries",
        "oauth_validator_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    ];
    LISTS.iter().any(|list| list.eq_ignore_ascii_case(name))
}

/// `"$user", "odd, name", public` as `'$user', 'odd, name', 'public'`. Given as one value, the whole text would be
/// the name of one schema.
fn list(value: &str) -> String {
    let items = split(value);
    if items.is_empty() {
        return "''".to_owned();
    }
    items.iter().map(|item| quote_literal(item)).collect::<Vec<_>>().join(", ")
}

/// The items of a list as the server splits it: by commas outside of double quotes, blanks around an item dropped,
/// doubled quotes inside quotes taken once.
fn split(value: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = value.trim_ascii();
    while !rest.is_empty() {
        let (item, behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim_ascii_end().to_owned(), &rest[end..])
            }
        };
        items.push(item);
        let behind = behind.trim_ascii_start();
        rest = behind.strip_prefix(',').unwrap_or(behind).trim_ascii_start();
    }
    items
}

/// What stands before the closing quote, and what comes behind it.
fn unquote(text: &str) -> (String, &str) {
    let mut item = String::new();
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        item.push_str(&rest[..quote]);
        rest = &rest[quote + 1..];
        match rest.strip_prefix('"') {
            Some(behind) => {
                item.push('"');
                rest = behind;
            }
            None => return (item, rest),
        }
    }
    item.push_str(rest);
    (item, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &str) {
        assert_eq!(list(value), expected);
    }

    #[test]
    fn lists_are_quoted_item_by_item() {
        check(r#""$user", public"#, "'$user', 'public'");
        check("", "''");
        check(r#""""#, "''");
        check(r#""odd, name",  b ,"say ""hi""""#, r#"'odd, name', 'b', 'say "hi"'"#);
        check(r#""it's",c:\x"#, r"'it''s', E'c:\\x'");
    }
}
