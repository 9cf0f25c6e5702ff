//! The guarantees, compared with what was seen.

use std::collections::BTreeSet;

use local_aws::secrets_manager::SecretsManagerHandle;
use rotation_config::StrategyKind;
use rotation_suites::StoreCost;

use crate::{
    functions::Pair,
    local_environment::{ALTERNATING_SECRET, Continuity, Finding, Ledger, Server},
};

use super::{
    programme::PROGRAMME,
    rotation::Rotation,
    watch::{Watch, login_of},
};

/// One guarantee.
pub(super) struct Promise {
    pub(super) text: String,
    pub(super) kept: bool,
    /// What was found, in a few words.
    pub(super) found: String,
    /// How it was found out, or the limit of the guarantee.
    pub(super) note: Option<String>,
}

impl Promise {
    fn new(text: impl Into<String>, kept: bool, found: impl Into<String>) -> Self {
        Self { text: text.into(), kept, found: found.into(), note: None }
    }
}

/// What the user of AWSCURRENT may do where it is the clone. `None` where it cannot be tried.
pub(super) async fn inspect(
    server: &dyn Server,
    secrets_manager: &SecretsManagerHandle,
) -> Option<Vec<Finding>> {
    let value = secrets_manager.value(ALTERNATING_SECRET, "AWSCURRENT").ok()?;
    Some(server.inspect(&login_of(&value)?).await)
}

/// Every guarantee of the demo, with what was found.
pub(super) fn all(
    rotations: &[Rotation],
    rights: Option<Vec<Finding>>,
    watch: &Watch,
    functions: &Pair,
    server: &dyn Server,
) -> Vec<Promise> {
    let mut promises = vec![
        current_logs_in(rotations),
        no_gap(rotations, server.continuity()),
        previous_logs_in(rotations, server.continuity()),
        no_refused_login(rotations, watch, functions, server),
        logins(rotations),
        calls(rotations),
    ];
    let mut findings = rights.unwrap_or_default().into_iter();
    promises.extend(server.rights().into_iter().map(|text| match findings.next() {
        Some(Ok(found)) => Promise::new(text, true, found),
        Some(Err(found)) => Promise::new(text, false, found),
        None => Promise::new(text, false, "not reached"),
    }));
    promises.push(no_password_in_logs(watch, functions, server));
    promises
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

/// Checked after every step, which is when an application could notice.
fn no_gap(rotations: &[Rotation], continuity: Continuity) -> Promise {
    let gap = |wanted: StrategyKind| -> BTreeSet<&str> {
        let steps = rotations.iter().filter(|rotation| rotation.strategy == wanted);
        steps.flat_map(|rotation| &rotation.gap).map(String::as_str).collect()
    };
    let words = |steps: &BTreeSet<&str>| {
        let steps: Vec<_> = steps.iter().copied().collect();
        if steps.is_empty() {
            "without a gap".to_owned()
        } else {
            format!("refused after {}", steps.join(" and "))
        }
    };
    let (single, alternating) = (gap(StrategyKind::SingleUser), gap(StrategyKind::MasterUser));
    let complete = rotations.len() == PROGRAMME.len();
    match continuity {
        Continuity::TwoPasswords => {
            let all = single.union(&alternating).copied().collect::<BTreeSet<_>>();
            Promise::new(
                "AWSCURRENT logs in after every step, a single user's, too",
                complete && all.is_empty(),
                words(&all),
            )
        }
        Continuity::OnePassword => {
            let note = format!(
                "a single user has one password here, so from setSecret to finishSecret only AWSPENDING \
                 logs in: {}",
                words(&single)
            );
            let promise = Promise::new(
                "AWSCURRENT logs in after every step of alternating users",
                complete && alternating.is_empty(),
                words(&alternating),
            );
            Promise { note: Some(note), ..promise }
        }
    }
}

fn previous_logs_in(rotations: &[Rotation], continuity: Continuity) -> Promise {
    let promised = |strategy| match continuity {
        Continuity::TwoPasswords => true,
        Continuity::OnePassword => strategy == StrategyKind::MasterUser,
    };
    let logs_in =
        |rotation: &&Rotation| promised(rotation.strategy) && rotation.logs_in("AWSPREVIOUS") == Some(true);
    let count = rotations.iter().filter(logs_in).count();
    let wanted = PROGRAMME.iter().filter(|(_, strategy)| promised(*strategy)).count();
    let text = match continuity {
        Continuity::TwoPasswords => "AWSPREVIOUS logs in until the next rotation, a single user's, too",
        Continuity::OnePassword => "after alternating, the previous user still logs in",
    };
    Promise::new(text, count == wanted, format!("{count} of {wanted}"))
}

/// Counted in the server's log while a function was at work. All others in the log are the demo's own
/// attempts.
fn no_refused_login(rotations: &[Rotation], watch: &Watch, functions: &Pair, server: &dyn Server) -> Promise {
    let refused: Vec<&str> = rotations
        .iter()
        .flat_map(|rotation| &rotation.logins.refused)
        .flat_map(|(who, count)| std::iter::repeat_n(who.as_str(), *count))
        .collect();
    let all = server.logins().refusals();
    let found = if refused.is_empty() { "none".to_owned() } else { refused.join(", ") };
    let (kept, note) = match server.ledger() {
        Ledger::Log => {
            let own = watch.own_refused();
            let note = format!(
                "counted in {}'s log while a function was at work; of {all} in the whole log this demo made \
                 {own} itself, between the steps",
                functions.engine.title()
            );
            (all == own, note)
        }
        Ledger::Relay => {
            let note = "counted by a relay between the functions and the server";
            (all == 0, note.to_owned())
        }
        Ledger::Guard => {
            let note =
                "counted by the guard between the functions and the server, which alone asks for passwords";
            (all == 0, note.to_owned())
        }
    };
    let kept = kept && refused.is_empty();
    Promise { note: Some(note), ..Promise::new("no function makes a failed login", kept, found) }
}

fn logins(rotations: &[Rotation]) -> Promise {
    let wanted = |strategy| match strategy {
        StrategyKind::SingleUser => 2,
        StrategyKind::MasterUser => 3,
    };
    let kept = rotations.iter().all(|rotation| rotation.logins.accepted == wanted(rotation.strategy));
    let counts: Vec<_> = rotations.iter().map(|rotation| rotation.logins.accepted.to_string()).collect();
    Promise::new("2 logins a rotation for a single user, 3 for alternating users", kept, counts.join(", "))
}

/// Counts which calls wait for which, so that a busy machine cannot break the guarantee.
fn calls(rotations: &[Rotation]) -> Promise {
    let StoreCost { calls, serial_calls } = StoreCost::MOST;
    let kept = rotations.iter().all(|rotation| rotation.cost.is_within(StoreCost::MOST));
    let counts: Vec<_> = rotations
        .iter()
        .map(|rotation| format!("{} ({})", rotation.cost.calls, rotation.cost.serial_calls))
        .collect();
    Promise::new(
        format!(
            "at most {calls} calls of Secrets Manager a rotation, at most {serial_calls} one after another"
        ),
        kept,
        counts.join(", "),
    )
}

fn no_password_in_logs(watch: &Watch, functions: &Pair, server: &dyn Server) -> Promise {
    let outputs: Vec<_> = functions.both().iter().map(|function| function.output()).collect();
    let lines: BTreeSet<_> = outputs.iter().flat_map(|output| output.lines()).collect();
    let (seen, in_server) = watch.passwords_in(&server.server().log());
    let (_, in_functions) = watch.passwords_in(&outputs.concat());
    Promise::new(
        format!("no password in {} and in those of the functions", server.log_title()),
        in_server + in_functions == 0 && !lines.is_empty(),
        format!("{seen} passwords, {} found", in_server + in_functions),
    )
}
