//! The clone is idle: it becomes equal to the original, and what it loses is named.

use std::collections::BTreeSet;

use rotation_database::{ELIDED, StatementError, StatementFault};
use serde_json::{Map, Value, json};

use crate::{
    authentication::Authentication,
    correction::{corrections, is_part},
    grants::{Right, Rights},
    hosts::Place,
    listing::MOST_LISTED,
    live::alter,
    mark,
    marking::Marking,
    pair::{Next, Pair, State, Twins},
    quote::json_literal,
    statement::{Draft, Statement},
};

/// The kind of the statement that unlocks accounts.
pub(crate) const UNLOCK: &str = "unlock user";

impl Pair {
    /// The statements that create the accounts that the clone lacks. They are locked, and stay so until
    /// everything else is in place; they have the mark from the beginning.
    pub(crate) fn creations(
        &self,
        pending: &Authentication<'_>,
        marking: &Marking,
    ) -> Result<Vec<Statement>, StatementError> {
        let mut statements = Vec::new();
        for (host, original) in self.missing_hosts() {
            let account = self.clone_at(host);
            let mut draft = Draft::new(&format!("CREATE USER {} ", account.sql()));
            pending.write(&original.options, &mut draft)?;
            if self.dialect.has_account_lock() {
                draft.push(" ACCOUNT LOCK");
            }
            if let Some(attribute) = &marking.attribute {
                draft.push(&format!(" ATTRIBUTE {}", json_literal(attribute)));
            }
            statements.push(draft.finish("create user"));
            statements.extend(marking.grant_to(&account));
        }
        Ok(statements)
    }

    /// The statements that reconcile the clone, once it has all its accounts.
    pub(crate) fn equalities(&self) -> Vec<Statement> {
        let clone = State::default();
        let made = self.missing_hosts();
        let made = made.map(|(host, original)| Twins { host, clone: &clone, original_host: host, original });
        let mut statements: Vec<_> = made.flat_map(|twins| self.equalizing(&twins)).collect();
        statements.extend(self.twins().flat_map(|twins| self.equalizing(&twins)));
        for (host, clone) in self.surplus_hosts() {
            if self.place(host) == Place::Apart && self.is_ours(clone) && !clone.options.is_locked {
                statements.push(alter(&self.clone_at(host), "ACCOUNT LOCK"));
            }
        }
        statements
    }

    fn equalizing(&self, twins: &Twins<'_>) -> Vec<Statement> {
        let account = self.clone_at(twins.host);
        let (wanted, has) = (&twins.original.rights, &twins.clone.rights);
        let mut statements = corrections(wanted, has, &account, self.dialect);
        let clauses = twins.original.options.clauses_for(&twins.clone.options);
        let attributes = self.attributes(twins.original, twins.clone);
        if clauses.is_some() || attributes.is_some() {
            let mut draft = Draft::new(&format!("ALTER USER {}", account.sql()));
            if let Some(clauses) = clauses {
                draft.push(" ");
                draft.push(&clauses);
            }
            if let Some(patch) = attributes {
                draft.push(" ATTRIBUTE ");
                draft.push_either(&json_literal(&patch), &json_literal(&elided(&patch)));
            }
            statements.push(draft.finish("alter user"));
        }
        statements
    }

    /// The statement that gives the clone the original's attributes. `null` removes a key.
    fn attributes(&self, original: &State, clone: &State) -> Option<Map<String, Value>> {
        if !self.dialect.has_attributes() {
            return None;
        }
        let mut patch = Map::new();
        let keys: BTreeSet<_> = original.attributes.keys().chain(clone.attributes.keys()).collect();
        for key in keys {
            if original.attributes.get(key) != clone.attributes.get(key) {
                patch.insert(key.clone(), original.attributes.get(key).cloned().unwrap_or(Value::Null));
            }
        }
        (!patch.is_empty()).then_some(patch)
    }

    /// The statement that lets the next user in: it unlocks accounts of the clone that were created in this
    /// change or were locked, and accounts that failed logins may have locked. The server does not show such
    /// a lock, and a new password does not lift it. An original that an administrator has locked stays
    /// locked. `any` is for a server that does not unblock an account when its password is set, and does not
    /// show an account's limit. A server that locks no accounts has no statement that unlocks them.
    pub(crate) fn unlockable(&self, next: Next, any: bool) -> Vec<String> {
        if !self.dialect.has_account_lock() {
            return Vec::new();
        }
        let limited = |state: &State| any || state.options.failures_until_locked().is_some();
        match next {
            Next::Clone => {
                let made = self.missing_hosts().map(|(host, _)| host.as_str());
                let locked = self.twins().filter(|twins| {
                    twins.clone.options.is_locked || limited(twins.clone) || limited(twins.original)
                });
                made.chain(locked.map(|twins| twins.host)).map(|host| self.clone_at(host).sql()).collect()
            }
            Next::Original => {
                let originals = self.originals.iter();
                let limited = originals.filter(|(_, state)| limited(state) && !state.options.is_locked);
                limited.map(|(host, _)| self.original_at(host).sql()).collect()
            }
        }
    }

    /// Refuses an entry where it is not certain which clients it admits: a lock could shut out clients of the
    /// original, and so could a password that the entry does not get.
    ///
    /// # Errors
    /// [`StatementFault::CloneExceeds`].
    pub(crate) fn check_entries(&self) -> Result<(), StatementFault> {
        let unclear: Vec<_> =
            self.surplus_hosts().filter(|(host, _)| self.place(host) == Place::Unclear).collect();
        if unclear.is_empty() {
            return Ok(());
        }
        let what = unclear.iter().take(MOST_LISTED).map(|(host, _)| {
            format!(
                "an account {}, which takes logins from the original's accounts for other hosts, or may{}",
                self.clone_at(host).sql(),
                self.definitions.of(host).map(|defined| format!(" ({defined})")).unwrap_or_default(),
            )
        });
        let drops = unclear.iter().take(MOST_LISTED).map(|(host, _)| self.dropping(host));
        Err(StatementFault::CloneExceeds {
            what: what.collect::<Vec<_>>().join(", "),
            needed: drops.collect::<Vec<_>>().join("; "),
        })
    }

    /// The statement that drops an entry of the clone, and what depends on it.
    pub(crate) fn dropping(&self, host: &str) -> String {
        let drop = format!("DROP USER {}", self.clone_at(host).sql());
        match self.definitions.of(host) {
            Some(defined) if !defined.contains("*/") && !defined.contains("/*") => {
                format!("{drop} /* first give another definer to what it defines: {defined} */")
            }
            Some(_) => format!("{drop} /* first give another definer to what it defines */"),
            None => drop,
        }
    }

    /// A message for operators: what the clone loses.
    pub(crate) fn losses(&self) -> Vec<String> {
        let mut lost = Vec::new();
        for twins in self.twins() {
            let (wanted, has) = (&twins.original.rights, &twins.clone.rights);
            let account = self.clone_at(twins.host).sql();
            let mut note = |what: &str| lost.push(format!("{account} lost {what}, which the original lacks"));
            for right in taken(wanted, has) {
                note(&right);
            }
            if let Some(clauses) = twins.clone.options.admissions_beyond(&twins.original.options) {
                note(&clauses);
            }
            let clone = twins.clone.attributes.keys();
            for key in clone.filter(|key| !twins.original.attributes.contains_key(*key)) {
                note(&format!("the attribute {key:?}"));
            }
        }
        let more = lost.len().saturating_sub(MOST_LISTED);
        lost.truncate(MOST_LISTED);
        if more > 0 {
            lost.push(format!("the clone lost {more} more rights, which the original lacks"));
        }
        lost
    }
}

/// The statement that unlocks these accounts.
pub(crate) fn unlock(accounts: &[String]) -> Option<Statement> {
    let sql = || format!("ALTER USER {} ACCOUNT UNLOCK", accounts.join(", "));
    (!accounts.is_empty()).then(|| Statement::new(UNLOCK, sql()))
}

fn taken(wanted: &Rights, has: &Rights) -> Vec<String> {
    let gone = has
        .difference(wanted)
        .filter(|right| !matches!(right, Right::Restriction { .. }) && !is_part(right, wanted));
    gone.map(ToString::to_string).collect()
}

/// Attributes that operators keep may hold anything; the mark is the function's own.
fn elided(attributes: &Map<String, Value>) -> Map<String, Value> {
    let shown = |(key, value): (&String, &Value)| {
        let value = if key == mark::KEY || value.is_null() { value.clone() } else { json!(ELIDED) };
        (key.clone(), value)
    };
    attributes.iter().map(shown).collect()
}
