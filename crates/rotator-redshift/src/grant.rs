//! Privileges on objects, as the system catalog shows them and as statements grant and revoke them.

use postgres_session::Statement;

use crate::quote::quote_identifier;

/// Something on which privileges are granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    Database(String),
    Schema(String),
    Relation(String, String),
    Function(Routine),
    Procedure(Routine),
    Language(String),
}

/// A function or procedure; several may differ only by their arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Routine {
    pub(crate) schema: String,
    pub(crate) name: String,
    /// Types with commas between them, as the server writes them.
    pub(crate) arguments: String,
}

impl Routine {
    /// Whether the types can be in a statement as they are: names of types, lengths, arrays.
    pub(crate) fn is_plain(&self) -> bool {
        self.arguments.chars().all(|c| c.is_ascii_alphanumeric() || " ,_()[]".contains(c))
    }

    pub(crate) fn signature(&self) -> String {
        let (schema, name) = (quote_identifier(&self.schema), quote_identifier(&self.name));
        format!("{schema}.{name}({})", self.arguments)
    }
}

impl Object {
    /// The object as "GRANT" and "REVOKE" name it.
    pub(crate) fn on(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    /// The keyword before its name.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Database(_) => "DATABASE",
            Self::Schema(_) => "SCHEMA",
            Self::Relation(..) => "TABLE",
            Self::Function(_) => "FUNCTION",
            Self::Procedure(_) => "PROCEDURE",
            Self::Language(_) => "LANGUAGE",
        }
    }

    /// Its name, quoted.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Database(name) | Self::Schema(name) | Self::Language(name) => quote_identifier(name),
            Self::Relation(schema, name) => {
                format!("{}.{}", quote_identifier(schema), quote_identifier(name))
            }
            Self::Function(routine) | Self::Procedure(routine) => routine.signature(),
        }
    }

    /// The schema that it is in, or that it is.
    pub(crate) fn schema(&self) -> Option<&str> {
        match self {
            Self::Schema(schema) | Self::Relation(schema, _) => Some(schema),
            Self::Function(routine) | Self::Procedure(routine) => Some(&routine.schema),
            Self::Database(_) | Self::Language(_) => None,
        }
    }

    /// The privileges that "GRANT" accepts for such an object: nothing else ever becomes part of a statement.
    pub(crate) fn privileges(&self) -> &'static [&'static str] {
        match self {
            Self::Database(_) => &["CREATE", "TEMP", "USAGE", "ALTER"],
            Self::Schema(_) => &["CREATE", "USAGE", "ALTER", "DROP"],
            Self::Relation(..) => {
                &["SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "DROP", "ALTER", "TRUNCATE"]
            }
            Self::Function(_) | Self::Procedure(_) => &["EXECUTE"],
            Self::Language(_) => &["USAGE"],
        }
    }

    /// The privilege by this name, if there is one for such an object.
    pub(crate) fn privilege(&self, name: &str) -> Option<&'static str> {
        let name = if name.eq_ignore_ascii_case("TEMPORARY") { "TEMP" } else { name };
        self.privileges().iter().copied().find(|known| known.eq_ignore_ascii_case(name))
    }
}

/// "GRANT", for a role.
pub(crate) fn grant_role(role: &str, user: &str, admin: bool) -> Statement {
    let (role, user) = (quote_identifier(role), quote_identifier(user));
    let option = if admin { " WITH ADMIN OPTION" } else { "" };
    Statement::new("grant role", format!("GRANT ROLE {role} TO {user}{option}"))
}

/// "REVOKE", for a role.
pub(crate) fn revoke_role(role: &str, user: &str, option_only: bool) -> Statement {
    let (role, user) = (quote_identifier(role), quote_identifier(user));
    let option = if option_only { "ADMIN OPTION FOR " } else { "" };
    Statement::new("revoke role", format!("REVOKE {option}ROLE {role} FROM {user}"))
}

/// "CREATE GROUP".
pub(crate) fn create_group(group: &str) -> Statement {
    Statement::new("create group", format!("CREATE GROUP {}", quote_identifier(group)))
}

/// "ALTER GROUP".
pub(crate) fn join_group(group: &str, user: &str) -> Statement {
    let (group, user) = (quote_identifier(group), quote_identifier(user));
    Statement::new("alter group add", format!("ALTER GROUP {group} ADD USER {user}"))
}

/// "ALTER GROUP".
pub(crate) fn leave_group(group: &str, user: &str) -> Statement {
    let (group, user) = (quote_identifier(group), quote_identifier(user));
    Statement::new("alter group drop", format!("ALTER GROUP {group} DROP USER {user}"))
}

/// "ALTER TABLE" (views as well), "ALTER SCHEMA", "ALTER DATABASE", "ALTER FUNCTION", "ALTER PROCEDURE".
pub(crate) fn hand_over(object: &Object, user: &str) -> Statement {
    Statement::new("alter owner", format!("ALTER {} OWNER TO {}", object.on(), quote_identifier(user)))
}
