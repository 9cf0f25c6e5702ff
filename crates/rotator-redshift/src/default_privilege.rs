//! Privileges on future objects ("ALTER DEFAULT PRIVILEGES").

use postgres_session::{Row, Statement};
use rotation_database::StatementError;

use crate::{
    answer::{text, truth},
    quote::quote_identifier,
};

/// A row of `svv_default_privileges`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DefaultPrivilege {
    /// None means all schemas.
    schema: Option<String>,
    /// `TABLES`, `FUNCTIONS` or `PROCEDURES`.
    objects: &'static str,
    /// The user whose objects they are.
    owner: String,
    privilege: &'static str,
    grantee: Grantee,
    option: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Grantee {
    User(String),
    Group(String),
    Role(String),
    Public,
}

impl DefaultPrivilege {
    /// None for what no statement can express, such as privileges that Redshift once had.
    pub(crate) fn parse(row: &Row) -> Result<Option<Self>, StatementError> {
        const ON_TABLES: &[&str] =
            &["SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "DROP", "ALTER", "TRUNCATE"];
        let (objects, known): (_, &[&'static str]) = match text(row, 1)?.as_str() {
            "RELATION" => ("TABLES", ON_TABLES),
            "FUNCTION" => ("FUNCTIONS", &["EXECUTE"]),
            "PROCEDURE" => ("PROCEDURES", &["EXECUTE"]),
            _ => return Ok(None),
        };
        let privilege = text(row, 3)?;
        let Some(privilege) = known.iter().find(|known| known.eq_ignore_ascii_case(&privilege)) else {
            return Ok(None);
        };
        let name = || text(row, 5);
        let grantee = match text(row, 4)?.as_str() {
            "user" => Grantee::User(name()?),
            "group" => Grantee::Group(name()?),
            "role" => Grantee::Role(name()?),
            "public" => Grantee::Public,
            _ => return Ok(None),
        };
        let schema = row.first().cloned().flatten().filter(|schema| !schema.is_empty());
        let (owner, option) = (text(row, 2)?, truth(row, 6)?);
        Ok(Some(Self { schema, objects, owner, privilege, grantee, option }))
    }

    /// Whether the user is named on either side.
    pub(crate) fn concerns(&self, user: &str) -> bool {
        self.owner == user || self.grantee == Grantee::User(user.to_owned())
    }

    /// Whether it is about objects that the user has yet to create.
    pub(crate) fn is_owned_by(&self, user: &str) -> bool {
        self.owner == user
    }

    /// What `to` must have where `from` has this; none where it is between the two.
    pub(crate) fn mirrored(&self, from: &str, to: &str) -> Option<Self> {
        if !self.concerns(from) || self.concerns(to) {
            return None;
        }
        let mut own = self.clone();
        if own.owner == from {
            to.clone_into(&mut own.owner);
        }
        if own.grantee == Grantee::User(from.to_owned()) {
            own.grantee = Grantee::User(to.to_owned());
        }
        Some(own)
    }

    pub(crate) fn grant(&self) -> Statement {
        let option = if self.option { " WITH GRANT OPTION" } else { "" };
        let (privilege, objects, to) = (self.privilege, self.objects, self.grantee.text());
        let sql = format!("{} GRANT {privilege} ON {objects} TO {to}{option}", self.alter());
        Statement::new("alter default privileges", sql)
    }

    pub(crate) fn revoke(&self) -> Statement {
        let (privilege, objects, from) = (self.privilege, self.objects, self.grantee.text());
        let sql = format!("{} REVOKE {privilege} ON {objects} FROM {from}", self.alter());
        Statement::new("alter default privileges", sql)
    }

    fn alter(&self) -> String {
        let owner = quote_identifier(&self.owner);
        let schema = self.schema.as_ref();
        let schema = schema.map(|schema| format!(" IN SCHEMA {}", quote_identifier(schema)));
        format!("ALTER DEFAULT PRIVILEGES FOR USER {owner}{}", schema.unwrap_or_default())
    }
}

impl Grantee {
    fn text(&self) -> String {
        match self {
            Self::User(name) => quote_identifier(name),
            Self::Group(name) => format!("GROUP {}", quote_identifier(name)),
            Self::Role(name) => format!("ROLE {}", quote_identifier(name)),
            Self::Public => "PUBLIC".to_owned(),
        }
    }
}
