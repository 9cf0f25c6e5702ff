//! Views, triggers, routines and events that an account of a pair defines: they run as that account, and stop
//! working when it is dropped.

use std::collections::{BTreeMap, BTreeSet};

use rotation_database::{StatementError, StatementFault};

use crate::{
    connection::Connection,
    grants::{Account, Object, Right},
    listing::listed,
    quote::{identifier, literal},
    statement::Statement,
};

/// The most that are read.
const MOST: usize = 200;
/// The most routines of a live clone that are read: the newest ones.
const MOST_ROUTINES: usize = 10_000;
/// The privileges that the server grants to the creator of a routine (`automatic_sp_privileges`).
const OF_CREATORS: [&str; 2] = ["ALTER ROUTINE", "EXECUTE"];

/// What the clone's accounts define, by their hosts, and how many routines the original defines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions {
    by_host: BTreeMap<String, Vec<String>>,
    routines: BTreeSet<Routine>,
    pub(crate) routines_of_original: usize,
}

/// A routine that an account of the clone defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Routine {
    /// The account's host.
    host: String,
    kind: String,
    database: String,
    /// In lower case: names of routines are not case-sensitive.
    name: String,
}

impl Definitions {
    /// What the clone's account for this host defines, as text. `None` where it defines nothing.
    pub(crate) fn of(&self, host: &str) -> Option<String> {
        self.by_host.get(host).map(|all| listed(all))
    }

    /// Whether the clone's account for this host got this privilege by creating a routine: it is among those
    /// that the server grants to creators, on a routine that the account defines.
    pub(crate) fn brought(&self, host: &str, right: &Right) -> bool {
        let Right::Privilege { on: Object::Routine { kind, database, name }, name: privilege, column: None } =
            right
        else {
            return false;
        };
        let routine = Routine {
            host: host.to_owned(),
            kind: kind.clone(),
            database: database.clone(),
            name: name.to_lowercase(),
        };
        OF_CREATORS.contains(&privilege.as_str()) && self.routines.contains(&routine)
    }

    /// Reads the routines that these accounts of the clone define, as far as the session's user may see them.
    pub(crate) async fn read_routines(
        &mut self,
        connection: &mut Connection,
        accounts: &[Account],
    ) -> Result<(), StatementError> {
        let sql = format!(
            "SELECT ROUTINE_TYPE, ROUTINE_SCHEMA, ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES \
             WHERE DEFINER IN ({}) ORDER BY CREATED DESC LIMIT {MOST_ROUTINES}",
            definers(accounts)
        );
        for row in read(connection, &sql).await? {
            let [Some(kind), Some(database), Some(name), Some(by)] = &row[..] else { continue };
            let Some(account) = accounts.iter().find(|account| definer(account) == *by) else { continue };
            self.routines.insert(Routine {
                host: account.host.clone(),
                kind: kind.clone(),
                database: database.clone(),
                name: name.to_lowercase(),
            });
        }
        Ok(())
    }

    /// Adds what these accounts define, as far as the session's user may see it.
    pub(crate) async fn read_entries(
        &mut self,
        connection: &mut Connection,
        accounts: &[Account],
    ) -> Result<(), StatementError> {
        let definers = definers(accounts);
        let view = |kind: &str, schema: &str, name: &str, table: &str| {
            format!(
                "SELECT {kind}, {schema}, {name}, DEFINER FROM information_schema.{table} \
                 WHERE DEFINER IN ({definers})"
            )
        };
        let sql = [
            view("'view'", "TABLE_SCHEMA", "TABLE_NAME", "VIEWS"),
            view("'trigger'", "TRIGGER_SCHEMA", "TRIGGER_NAME", "TRIGGERS"),
            view("LOWER(ROUTINE_TYPE)", "ROUTINE_SCHEMA", "ROUTINE_NAME", "ROUTINES"),
            view("'event'", "EVENT_SCHEMA", "EVENT_NAME", "EVENTS"),
        ];
        let sql = format!("{} LIMIT {MOST}", sql.join(" UNION ALL "));
        for row in read(connection, &sql).await? {
            let [Some(kind), Some(schema), Some(name), Some(by)] = &row[..] else { continue };
            // The server's comparison ignores case.
            let Some(account) = accounts.iter().find(|account| definer(account) == *by) else { continue };
            let defined = self.by_host.entry(account.host.clone()).or_default();
            defined.push(format!("{kind} {}.{}", identifier(schema), identifier(name)));
        }
        Ok(())
    }

    /// Counts the routines that these accounts of the original define.
    pub(crate) async fn count_routines(
        &mut self,
        connection: &mut Connection,
        accounts: &[Account],
    ) -> Result<(), StatementError> {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE DEFINER IN ({})",
            definers(accounts)
        );
        let rows = read(connection, &sql).await?;
        let count = rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok());
        self.routines_of_original = count.unwrap_or_default();
        Ok(())
    }
}

fn definer(account: &Account) -> String {
    format!("{}@{}", account.user, account.host)
}

/// As a list of strings.
fn definers(accounts: &[Account]) -> String {
    let all: Vec<_> = accounts.iter().map(|account| literal(&definer(account)).to_string()).collect();
    all.join(", ")
}

/// Returns nothing where the server refuses it.
async fn read(connection: &mut Connection, sql: &str) -> Result<crate::wire::Answer, StatementError> {
    match connection.run(&Statement::new("read definers", sql)).await.map_err(StatementError::from) {
        Err(StatementError { fault: StatementFault::PrivilegeMissing { .. }, .. }) => Ok(Vec::new()),
        outcome => outcome,
    }
}
