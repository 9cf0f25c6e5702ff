//! Objects that ask which user has logged in, and so behave differently for a clone and its original.

use postgres_session::{Row, Statement};

/// The most that are named.
const MOST: usize = 5;

/// How stored expressions call `SESSION_USER`: the number is that of `SVFOP_SESSION_USER` in the server's
/// `primnodes.h`, the same from version 14 to 18.
const EXPRESSION: &str = "%{SQLVALUEFUNCTION :op 12 %";

/// The row policies, column defaults, views and functions of this database that use `session_user`, at most
/// [`MOST`]. Their stored form is searched, because decompiling thousands of them takes the server long.
pub(crate) fn read() -> Statement {
    // Objects of the server itself have lower OIDs.
    let own = "oid >= 16384";
    Statement::new(
        "read uses of session_user",
        format!(
            "SELECT what FROM (\
             (SELECT format('row policy %I on %s', polname, polrelid::regclass) AS what FROM pg_policy \
                WHERE polqual::text LIKE '{EXPRESSION}' OR polwithcheck::text LIKE '{EXPRESSION}' LIMIT \
             {MOST}) UNION ALL (SELECT format('default of %s', adrelid::regclass) FROM pg_attrdef \
                WHERE {own} AND adbin::text LIKE '{EXPRESSION}' LIMIT {MOST}) \
             UNION ALL (SELECT format('view %s', ev_class::regclass) FROM pg_rewrite \
                WHERE {own} AND ev_action::text LIKE '{EXPRESSION}' LIMIT {MOST}) \
             UNION ALL (SELECT format('function %s', oid::regprocedure) FROM pg_proc \
                WHERE {own} AND (prosrc ~* '\\msession_user\\M' OR prosqlbody::text LIKE '{EXPRESSION}') \
             LIMIT {MOST})) AS uses LIMIT {MOST}"
        ),
    )
}

/// A message for operators: the consequence.
pub(crate) fn note(answer: Option<&Vec<Row>>) -> Option<String> {
    let uses: Vec<&str> = answer?.iter().filter_map(|row| row.first()?.as_deref()).collect();
    if uses.is_empty() {
        return None;
    }
    Some(format!(
        "session_user is the clone while the clone is live, and this uses it: {}; current_user is the \
         original in both sessions, and with CLONE_OBJECTS=own each user is itself",
        uses.join(", ")
    ))
}
