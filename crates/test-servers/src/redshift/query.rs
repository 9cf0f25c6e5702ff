//! Queries of the catalog: only documented relations, columns and functions.

use std::collections::BTreeMap;

use super::tokens::Token;

/// The pages "System catalog tables" and "SVV metadata views" of the guide, as far as rotations read them.
const RELATIONS: &[(&str, &[&str])] = &[
    (
        "pg_user",
        &["usename", "usesysid", "usecreatedb", "usesuper", "usecatupd", "passwd", "valuntil", "useconfig"],
    ),
    ("pg_group", &["groname", "grosysid", "grolist"]),
    ("pg_class", &["oid", "relname", "relnamespace", "relowner", "relkind"]),
    ("pg_namespace", &["oid", "nspname", "nspowner"]),
    ("pg_database", &["oid", "datname", "datdba", "datallowconn", "datistemplate"]),
    ("pg_proc_info", &["prooid", "proname", "pronamespace", "proowner", "proargtypes", "prokind"]),
    (
        "svv_user_info",
        &[
            "user_name",
            "user_id",
            "createdb",
            "superuser",
            "catalog_update",
            "connection_limit",
            "syslog_access",
            "last_ddl_timestamp",
            "session_timeout",
            "external_user_id",
        ],
    ),
    ("svv_user_grants", &["user_id", "user_name", "role_id", "role_name", "admin_option"]),
    ("svv_database_privileges", &["database_name", "privilege_scope"]),
    ("svv_schema_privileges", &["namespace_name", "privilege_scope"]),
    ("svv_relation_privileges", &["namespace_name", "relation_name"]),
    ("svv_function_privileges", &["namespace_name", "function_name", "argument_types"]),
    ("svv_language_privileges", &["language_name"]),
    ("svv_column_privileges", &["namespace_name", "relation_name", "column_name"]),
    ("svv_datashare_privileges", &["datashare_name"]),
    (
        "svv_default_privileges",
        &[
            "schema_name",
            "object_type",
            "owner_id",
            "owner_name",
            "owner_type",
            "privilege_type",
            "grantee_id",
            "grantee_name",
            "grantee_type",
            "admin_option",
        ],
    ),
    ("svv_external_schemas", &["schemaname", "databasename", "schemaowner"]),
];

/// The columns of every view of privileges.
const OF_PRIVILEGES: &[&str] =
    &["privilege_type", "identity_id", "identity_name", "identity_type", "admin_option"];

const FUNCTIONS: &[&str] =
    &["coalesce", "getdate", "current_database", "oidvectortypes", "any", "in", "pg_sleep"];

const WORDS: &[&str] = &[
    "select",
    "from",
    "join",
    "left",
    "on",
    "where",
    "and",
    "or",
    "not",
    "is",
    "null",
    "as",
    "order",
    "by",
    "union",
    "all",
    "like",
    "true",
    "false",
    "current_user",
];

/// Whether Redshift documents everything in this query.
pub(super) fn is_documented(tokens: &[Token]) -> bool {
    // Each part of a union has its own aliases.
    let parts = tokens.split(|token| matches!(token, Token::Word(word) if word == "union"));
    parts.into_iter().all(is_part_documented)
}

fn is_part_documented(tokens: &[Token]) -> bool {
    let Some(aliases) = aliases(tokens) else { return false };
    let mut index = 0;
    while index < tokens.len() {
        let next = |by: usize| tokens.get(index + by);
        let good = match &tokens[index] {
            Token::Word(word) if next(1) == Some(&Token::Symbol('(')) && !WORDS.contains(&word.as_str()) => {
                FUNCTIONS.contains(&word.as_str())
            }
            Token::Word(word) if next(1) == Some(&Token::Symbol('.')) => {
                let Some(Token::Word(column)) = next(2) else { return false };
                let relation = aliases.get(word.as_str());
                let known = relation.is_some_and(|relation| has_column(relation, column));
                index += 2;
                known
            }
            Token::Word(word) if word == "from" || word == "join" => {
                // The relation and its alias have been checked.
                index += 2;
                true
            }
            Token::Word(word) => WORDS.contains(&word.as_str()),
            Token::Symbol(symbol) => !"[].".contains(*symbol),
            Token::Quoted(_) => false,
            Token::Literal(_) | Token::Number(_) => true,
        };
        if !good {
            return false;
        }
        index += 1;
    }
    true
}

/// The relations by their aliases; every relation needs one.
fn aliases(tokens: &[Token]) -> Option<BTreeMap<&str, &str>> {
    let mut aliases = BTreeMap::new();
    for (index, token) in tokens.iter().enumerate() {
        if !matches!(token, Token::Word(word) if word == "from" || word == "join") {
            continue;
        }
        let (Some(Token::Word(relation)), Some(Token::Word(alias))) =
            (tokens.get(index + 1), tokens.get(index + 2))
        else {
            return None;
        };
        if !RELATIONS.iter().any(|(known, _)| known == relation) || WORDS.contains(&alias.as_str()) {
            return None;
        }
        aliases.insert(alias.as_str(), relation.as_str());
    }
    Some(aliases)
}

fn has_column(relation: &str, column: &str) -> bool {
    let own = RELATIONS.iter().find(|(known, _)| *known == relation).map_or(&[][..], |(_, columns)| columns);
    let privileges = relation.ends_with("_privileges") && relation != "svv_default_privileges";
    own.contains(&column) || (privileges && OF_PRIVILEGES.contains(&column))
}
