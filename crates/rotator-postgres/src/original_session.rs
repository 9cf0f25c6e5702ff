//! Whether a session of the clone acts as the original.

use postgres_session::{Row, Statement, quote_identifier, quote_literal};
use rotation_database::{StatementError, StatementFault, UserPair};

use crate::{
    CloneObjects, mark,
    pair::{original_missing, unexpected},
    statements,
};

/// The first request of a clone's session: who it is, what it may become, and what it should be. Names are
/// looked up in the system catalog alone.
pub(crate) fn probe(pair: &UserPair, major: u32) -> [Statement; 4] {
    let (original, clone) = (quote_literal(pair.original.as_str()), quote_literal(pair.clone.as_str()));
    let set = if major >= 16 { "SET" } else { "MEMBER" };
    let role_of = |user: &str, database: &str| {
        format!(
            "(SELECT substr(setting, 6) FROM pg_db_role_setting, unnest(setconfig) AS setting \
             WHERE starts_with(setting, 'role=') AND setrole = (SELECT oid FROM pg_roles WHERE rolname = \
             {user}) AND setdatabase = {database})"
        )
    };
    let here = "(SELECT oid FROM pg_database WHERE datname = current_database())";
    let columns = [
        "now()".to_owned(),
        "current_user".to_owned(),
        "current_database()".to_owned(),
        format!("(SELECT pg_has_role(session_user, oid, '{set}') FROM pg_roles WHERE rolname = {original})"),
        format!("(SELECT pg_has_role(session_user, oid, 'USAGE') FROM pg_roles WHERE rolname = {original})"),
        format!("(SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = {clone})"),
        role_of(&clone, "0"),
        role_of(&clone, here),
        role_of(&original, "0"),
        role_of(&original, here),
    ];
    let kind = Statement::PROBE;
    [
        Statement::new(kind, statements::begin_as("BEGIN READ ONLY", major).sql),
        Statement::new(kind, "SET LOCAL search_path = pg_catalog, pg_temp"),
        Statement::new(kind, format!("SELECT {}", columns.join(", "))),
        Statement::new(kind, "COMMIT"),
    ]
}

/// What the server reports about a clone's session.
struct Answer<'a> {
    current_user: &'a str,
    database: &'a str,
    /// Whether it may become the original, and whether it has its privileges.
    may_become: bool,
    inherits: bool,
    /// Whether a rotation has created or adopted it.
    marked: bool,
    /// Its setting of the role, in general and in this database, and the original's.
    role: Option<&'a str>,
    role_here: Option<&'a str>,
    role_of_original: Option<&'a str>,
    role_of_original_here: Option<&'a str>,
}

/// Proves that the session can do what the original's session can.
///
/// # Errors
/// [`StatementFault::SessionDiffers`] with the statements that fix it, [`StatementFault::OriginalMissing`]
/// where there is no original.
pub(crate) fn check(
    pair: &UserPair,
    objects: CloneObjects,
    major: u32,
    answers: &[Vec<Row>],
) -> Result<(), StatementError> {
    let row = answers.get(2).and_then(|rows| rows.first()).ok_or_else(unexpected)?;
    let column = |at: usize| row.get(at).and_then(Option::as_deref);
    let (Some(may_become), Some(inherits)) = (column(3), column(4)) else {
        let fault = original_missing(pair);
        return Err(StatementError {
            fault,
            statement: Some(Statement::PROBE),
            source: None,
            is_before_password: false,
        });
    };
    let answer = Answer {
        current_user: column(1).ok_or_else(unexpected)?,
        database: column(2).ok_or_else(unexpected)?,
        may_become: may_become == "t",
        inherits: inherits == "t",
        marked: mark::secret(column(5)).is_some(),
        role: column(6),
        role_here: column(7),
        role_of_original: column(8),
        role_of_original_here: column(9),
    };
    let needed = answer.needed(pair, objects, major);
    if needed.is_empty() {
        return Ok(());
    }
    let fault = StatementFault::SessionDiffers { needed: needed.join("; ") };
    Err(StatementError { fault, statement: Some(Statement::PROBE), source: None, is_before_password: false })
}

impl Answer<'_> {
    /// The statements that would make the session the original's. Empty where it already is.
    fn needed(&self, pair: &UserPair, objects: CloneObjects, major: u32) -> Vec<String> {
        let original = quote_identifier(pair.original.as_str());
        let clone = quote_identifier(pair.clone.as_str());
        let mut needed = Vec::new();
        let acts = objects == CloneObjects::Original && (self.marked || self.role.is_some());
        let member = if acts { self.may_become } else { self.inherits || self.may_become };
        if !member {
            let options = if major >= 16 { " WITH INHERIT TRUE, SET TRUE" } else { "" };
            needed.push(format!("GRANT {original} TO {clone}{options}"));
        }
        if !acts {
            return needed;
        }
        let role = |general: Option<&str>, here: Option<&str>| {
            here.or(general).filter(|role| *role != "none").map(str::to_owned)
        };
        let wanted = role(self.role_of_original, self.role_of_original_here);
        let wanted = wanted.unwrap_or_else(|| pair.original.as_str().to_owned());
        if role(self.role, self.role_here).as_ref() != Some(&wanted) {
            let place = match self.role_here {
                Some(_) => format!(" IN DATABASE {}", quote_identifier(self.database)),
                None => String::new(),
            };
            needed.push(format!("ALTER ROLE {clone}{place} SET role TO {}", quote_literal(&wanted)));
        }
        if needed.is_empty() && self.current_user != wanted {
            needed.push(format!(
                "end the sessions that a pooler keeps of {clone} (RECONNECT on PgBouncer's console): one of \
                 them has left the role that it logs in to"
            ));
        }
        needed
    }
}
