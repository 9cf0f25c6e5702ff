//! What was promised, held against what was seen.

use std::{collections::BTreeSet, sync::Arc};

use rotation_lambda::StrategyKind;
use rotation_testkit::{PostgresServer, TestLogin, secrets_manager::SecretsManagerHandle};

use crate::laboratory::{ALTERNATING_SECRET, CLONE, DATABASE, Laboratory, OWNER};

use super::{
    PROGRAMME,
    rotation::Rotation,
    watch::{Watch, login_of},
};

/// The most calls of Secrets Manager in a healthy rotation, and the most of them one after another.
const MOST_CALLS: usize = 12;
const MOST_SERIAL_CALLS: usize = 7;

/// One promise.
pub(super) struct Promise {
    pub(super) text: String,
    pub(super) kept: bool,
    /// What was found, in a few words.
    pub(super) found: String,
    /// How it was found out.
    pub(super) note: Option<String>,
}

impl Promise {
    fn new(text: impl Into<String>, kept: bool, found: impl Into<String>) -> Self {
        Self { text: text.into(), kept, found: found.into(), note: None }
    }
}

/// What the clone may do, tried by the clone itself right after the first rotation to it.
pub(super) struct Rights {
    reads: Result<String, String>,
    alters: Result<(), String>,
    creates: Result<(), String>,
    /// Objects that the clone owns afterwards, in any database.
    owned: Result<String, String>,
}

impl Rights {
    /// Works as the user of AWSCURRENT, whose turn it is: the clone.
    pub(super) async fn of_clone(server: &PostgresServer, secrets_manager: &SecretsManagerHandle) -> Self {
        let value = secrets_manager.value(ALTERNATING_SECRET, "AWSCURRENT").unwrap_or_default();
        let clone = login_of(&value)
            .unwrap_or_else(|| TestLogin { username: String::new(), password: String::new() });
        let work = async |sql: &str| match server.query_as(&clone, DATABASE, sql).await {
            Ok(rows) => Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default()),
            Err(error) => Err(error.to_string()),
        };
        let reads = work("SELECT count(*) FROM sales.purchases").await;
        let alters = work("ALTER TABLE sales.purchases ADD COLUMN paid boolean").await.map(drop);
        let creates = work("CREATE TABLE sales.refunds (id int PRIMARY KEY)").await.map(drop);
        let owned = format!(
            "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid \
             WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND r.rolname = '{CLONE}'"
        );
        let owned = match server.query(DATABASE, &owned).await {
            Ok(rows) => Ok(rows.into_iter().flatten().flatten().next().unwrap_or_default()),
            Err(error) => Err(error.to_string()),
        };
        Self { reads, alters, creates, owned }
    }
}

/// Every promise of the demo, with what was found.
pub(super) fn all(
    rotations: &[Rotation],
    rights: Option<&Rights>,
    watch: &Watch,
    laboratory: &Laboratory,
    server: &Arc<PostgresServer>,
) -> Vec<Promise> {
    vec![
        current_logs_in(rotations),
        previous_logs_in(rotations),
        no_refused_login(rotations, watch, server),
        logins(rotations),
        calls(rotations),
        works_as_owner(rights),
        owns_nothing(rights),
        no_password_in_logs(watch, laboratory, server),
    ]
}

fn current_logs_in(rotations: &[Rotation]) -> Promise {
    let good =
        |rotation: &&Rotation| rotation.failure.is_none() && rotation.logs_in("AWSCURRENT") == Some(true);
    let count = rotations.iter().filter(good).count();
    let wanted = PROGRAMME.len();
    Promise::new(
        format!("all {wanted} rotations end with `AWSCURRENT logs in`"),
        count == wanted,
        format!("{count} of {wanted}"),
    )
}

fn previous_logs_in(rotations: &[Rotation]) -> Promise {
    let alternating: Vec<_> =
        rotations.iter().filter(|rotation| rotation.strategy == StrategyKind::AlternatingUsers).collect();
    let count = alternating.iter().filter(|rotation| rotation.logs_in("AWSPREVIOUS") == Some(true)).count();
    let wanted = PROGRAMME.iter().filter(|(_, kind)| *kind == StrategyKind::AlternatingUsers).count();
    Promise::new(
        "after alternating, the previous user still logs in",
        count == wanted,
        format!("{count} of {wanted}"),
    )
}

/// Counted in the server's log while a function was at work. All others in the log must be our own attempts.
fn no_refused_login(rotations: &[Rotation], watch: &Watch, server: &PostgresServer) -> Promise {
    let refused: Vec<&str> =
        rotations.iter().flat_map(|rotation| &rotation.refused).map(String::as_str).collect();
    let (own, all) = (watch.own_refused(), server.failed_logins().len());
    let found = if refused.is_empty() { "none".to_owned() } else { refused.join(", ") };
    let note = format!(
        "counted in PostgreSQL's log while a function was at work; of {all} in the whole log this demo made {own} \
         itself, between the steps"
    );
    let kept = refused.is_empty() && all == own;
    Promise { note: Some(note), ..Promise::new("no function makes a failed login", kept, found) }
}

fn logins(rotations: &[Rotation]) -> Promise {
    let wanted = |strategy| match strategy {
        StrategyKind::SingleUser => 2,
        StrategyKind::AlternatingUsers => 3,
    };
    let kept = rotations.iter().all(|rotation| rotation.logins == wanted(rotation.strategy));
    let counts: Vec<_> = rotations.iter().map(|rotation| rotation.logins.to_string()).collect();
    Promise::new("2 logins a rotation for a single user, 3 for alternating users", kept, counts.join(", "))
}

fn calls(rotations: &[Rotation]) -> Promise {
    let kept = rotations
        .iter()
        .all(|rotation| rotation.calls <= MOST_CALLS && rotation.serial_calls <= MOST_SERIAL_CALLS);
    let counts: Vec<_> =
        rotations.iter().map(|rotation| format!("{} ({})", rotation.calls, rotation.serial_calls)).collect();
    Promise::new(
        format!(
            "at most {MOST_CALLS} calls of Secrets Manager a rotation, at most {MOST_SERIAL_CALLS} one after another"
        ),
        kept,
        counts.join(", "),
    )
}

fn works_as_owner(rights: Option<&Rights>) -> Promise {
    let (kept, found) = match rights {
        None => (false, "not reached".to_owned()),
        Some(Rights { reads: Ok(rows), alters: Ok(()), creates: Ok(()), .. }) => {
            (rows == "2", format!("read {rows} rows, altered it and made another"))
        }
        Some(Rights { reads, alters, creates, .. }) => {
            let errors = [reads.as_ref().err(), alters.as_ref().err(), creates.as_ref().err()];
            let errors: Vec<&str> = errors.into_iter().flatten().map(String::as_str).collect();
            (false, errors.join("; "))
        }
    };
    Promise::new(format!("{CLONE} reads and alters the table of {OWNER}"), kept, found)
}

fn owns_nothing(rights: Option<&Rights>) -> Promise {
    let (kept, found) = match rights.map(|rights| &rights.owned) {
        None => (false, "not reached".to_owned()),
        Some(Ok(count)) => (count == "0", format!("{count} found")),
        Some(Err(error)) => (false, error.clone()),
    };
    Promise::new(format!("{CLONE} owns nothing, not even what it made"), kept, found)
}

fn no_password_in_logs(watch: &Watch, laboratory: &Laboratory, server: &PostgresServer) -> Promise {
    let functions = [&laboratory.single_user, &laboratory.master_user];
    let outputs: Vec<_> = functions.iter().map(|function| function.output()).collect();
    let lines: BTreeSet<_> = outputs.iter().flat_map(|output| output.lines()).collect();
    let (seen, in_server) = watch.passwords_in(&server.log());
    let (_, in_functions) = watch.passwords_in(&outputs.concat());
    Promise::new(
        "no password in the logs of PostgreSQL (every statement) and of the functions",
        in_server + in_functions == 0 && !lines.is_empty(),
        format!("{seen} passwords, {} found", in_server + in_functions),
    )
}
