//! A role's own settings (`ALTER ROLE ... SET`), as the catalog stores them and as statements take them.

use postgres_session::{Statement, quote_identifier, quote_literal};
use rotation_database::Username;

/// One setting of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The database where it applies; none where it applies in every one.
    pub(crate) database: Option<String>,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Setting {
    const SET: &'static str = "alter role set";
    /// The setting that names the role that a session becomes.
    pub(crate) const ROLE: &'static str = "role";

    /// Whether both have the same name and place.
    pub(crate) fn same_place(&self, other: &Self) -> bool {
        self.database == other.database && self.name == other.name
    }

    /// Whether both have the same name and place, and the same meaning. A list may be spelled in several
    /// ways: `SET ... FROM CURRENT` keeps the spelling of the session, every other statement that of the
    /// server.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let spelled_alike = self.value == other.value;
        let same_items = |list: List| list.split(&self.value) == list.split(&other.value);
        self.same_place(other) && (spelled_alike || List::of(&self.name).is_some_and(same_items))
    }

    /// Gives a role this setting.
    pub(crate) fn set(&self, role: &Username) -> Statement {
        let value = match List::of(&self.name) {
            Some(list) => list.literals(&self.value),
            None => quote_literal(&self.value),
        };
        let name = quote_identifier(&self.name);
        let beginning = format!("{} SET {name} TO ", self.alter(role));
        // A setting of the server itself means the same to every role. One of an extension or an application
        // may hold anything, and some hold keys.
        if self.name.contains('.') {
            return Statement::ending_in_secret(Self::SET, &beginning, &value);
        }
        Statement::new(Self::SET, beginning + &value)
    }

    /// Whether a session without it reaches the same data in the same way: its application name, and what the
    /// server logs about its statements for tuning. `log_statement` and the settings of extensions do not
    /// count among these, as an audit may require them.
    pub(crate) fn is_harmless(&self) -> bool {
        const HARMLESS: [&str; 18] = [
            "application_name",
            "client_min_messages",
            "log_duration",
            "log_error_verbosity",
            "log_executor_stats",
            "log_lock_waits",
            "log_min_duration_sample",
            "log_min_duration_statement",
            "log_min_messages",
            "log_parameter_max_length",
            "log_parameter_max_length_on_error",
            "log_parser_stats",
            "log_planner_stats",
            "log_statement_sample_rate",
            "log_statement_stats",
            "log_temp_files",
            "log_transaction_sample_rate",
            "track_io_timing",
        ];
        HARMLESS.iter().any(|harmless| harmless.eq_ignore_ascii_case(&self.name))
    }

    /// The statement by which an administrator gives `to` what `from` has. It shows no value that may hold
    /// anything: such a value is read from the catalog where the statement runs.
    pub(crate) fn copied(&self, from: &Username, to: &Username) -> String {
        if !self.name.contains('.') {
            return self.set(to).sql;
        }
        let (name, from) = (quote_literal(&self.name), quote_literal(from.as_str()));
        let to = quote_literal(to.as_str());
        let (place, of, arguments) = match &self.database {
            None => ("", "0".to_owned(), to),
            Some(database) => {
                let database = quote_literal(database);
                let of = format!("(SELECT oid FROM pg_database WHERE datname = {database})");
                (" IN DATABASE %I", of, format!("{to}, {database}"))
            }
        };
        let body = format!(
            "BEGIN EXECUTE (SELECT format('ALTER ROLE %I{place} SET %I TO %L', {arguments}, {name}, \
             substr(setting, strpos(setting, '=') + 1)) FROM pg_db_role_setting, unnest(setconfig) AS \
             setting WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = {from}) AND setdatabase = \
             {of} AND starts_with(setting, {name} || '=')); END"
        );
        format!("DO {}", quote_literal(&body))
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

/// How the items of a list setting are parsed, each quoted where it must be (`GUC_LIST_QUOTE` in the server).
#[derive(Clone, Copy)]
enum List {
    /// Names: without quotes, case does not matter (`SplitIdentifierString` in the server).
    Names,
    /// Files or folders: case matters (`SplitDirectoriesString`).
    Paths,
}

impl List {
    /// The kind of list that a setting of this name holds, if it holds one. These are the settings that the
    /// server's own dump program treats so.
    fn of(name: &str) -> Option<Self> {
        const LISTS: [(&str, List); 7] = [
            ("local_preload_libraries", List::Paths),
            ("oauth_validator_libraries", List::Paths),
            ("search_path", List::Names),
            ("session_preload_libraries", List::Paths),
            ("shared_preload_libraries", List::Paths),
            ("temp_tablespaces", List::Names),
            ("unix_socket_directories", List::Paths),
        ];
        LISTS.iter().find(|(list, _)| list.eq_ignore_ascii_case(name)).map(|(_, list)| *list)
    }

    /// Turns `"$user", "odd, name", public` into `'$user', 'odd, name', 'public'`. Given as one value, the
    /// whole text would be the name of one schema.
    fn literals(self, value: &str) -> String {
        let items = self.split(value);
        if items.is_empty() {
            return "''".to_owned();
        }
        items.iter().map(|item| quote_literal(item)).collect::<Vec<_>>().join(", ")
    }

    /// The items as the server splits them: at commas outside double quotes, with blanks around an item
    /// dropped and doubled quotes inside quotes read as one. An empty item names nothing and is left out.
    fn split(self, value: &str) -> Vec<String> {
        let mut items = Vec::new();
        let mut rest = value.trim_ascii();
        while !rest.is_empty() {
            let (item, behind) = match rest.strip_prefix('"') {
                Some(quoted) => unquote(quoted),
                None => {
                    let end = rest.find(',').unwrap_or(rest.len());
                    (self.unquoted(rest[..end].trim_ascii_end()), &rest[end..])
                }
            };
            if !item.is_empty() {
                items.push(item);
            }
            let behind = behind.trim_ascii_start();
            rest = behind.strip_prefix(',').unwrap_or(behind).trim_ascii_start();
        }
        items
    }

    fn unquoted(self, item: &str) -> String {
        match self {
            Self::Names => item.to_ascii_lowercase(),
            Self::Paths => item.to_owned(),
        }
    }
}

/// The text before the closing quote, and the text after it.
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
    fn check(list: List, value: &str, expected: &str) {
        assert_eq!(list.literals(value), expected);
    }

    /// Lists are quoted item by item.
    #[test]
    fn quoted_item_by_item() {
        check(List::Names, r#""$user", public"#, "'$user', 'public'");
        check(List::Names, "", "''");
        check(List::Names, r#""""#, "''");
        check(List::Names, r#""odd, name",  b ,"say ""hi""""#, r#"'odd, name', 'b', 'say "hi"'"#);
        check(List::Paths, r#""it's",c:\x"#, r"'it''s', E'c:\\x'");
        check(List::Names, r#"App,"App",$User"#, "'app', 'App', '$user'");
        check(List::Paths, "$libdir/Audit", "'$libdir/Audit'");
    }

    /// Settings are the same whose lists have the same items.
    #[test]
    fn equal_items_are_equal() {
        let same = |name: &str, one: &str, other: &str| {
            let setting =
                |value: &str| Setting { database: None, name: name.to_owned(), value: value.to_owned() };
            setting(one).same(&setting(other))
        };
        assert!(same("search_path", "app,public", "app, public"));
        assert!(same("search_path", r#"App,"$user""#, r#""app", "$user""#));
        assert!(same("search_path", "", r#""""#));
        assert!(!same("search_path", r#""App""#, "App"));
        assert!(!same("search_path", "public, app", "app, public"));
        assert!(!same("session_preload_libraries", "Audit", "audit"));
        assert!(!same("application_name", "a,b", "a, b"));
    }
}
