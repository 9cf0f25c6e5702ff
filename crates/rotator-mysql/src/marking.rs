//! The statements that write the mark of a pair on all its accounts.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    grants::{Account, Role},
    hosts::Place,
    mark::{self, Baseline, Mark},
    pair::{Pair, State},
    quote::json_literal,
    statement::Statement,
};

/// How every account gets a mark.
#[derive(Debug, Default)]
pub(crate) struct Marking {
    /// Creates the mark itself.
    pub(crate) make: Option<Statement>,
    /// Marks the existing accounts. An older mark stays until every account has the new one.
    pub(crate) mark: Option<Statement>,
    /// The attribute that new accounts are created with.
    pub(crate) attribute: Option<Map<String, Value>>,
    /// The role that new accounts are granted at once.
    role: Option<Role>,
    /// Removes older marks.
    pub(crate) after: Vec<Statement>,
    /// The role that every account has then.
    kept: Option<String>,
}

impl Marking {
    /// Marks an account that has just been created.
    pub(crate) fn grant_to(&self, account: &Account) -> Option<Statement> {
        self.role.as_ref().map(|role| grant(role, &[account.sql()]))
    }
}

impl Pair {
    /// Gives all accounts the mark with this baseline; nothing where they already have it.
    pub(crate) fn marking(&self, baseline: &Baseline) -> Marking {
        if self.dialect.is_mariadb() {
            self.marking_by_role(baseline)
        } else if self.dialect.has_attributes() {
            self.marking_by_attribute(baseline)
        } else {
            Marking::default()
        }
    }

    /// The pair as it is once all its accounts carry this mark.
    pub(crate) fn with_mark(&self, marking: &Marking, baseline: &Baseline) -> Self {
        let mut after = self.clone();
        let attribute = mark::attribute(&self.names, &self.owner.secret, baseline);
        let mark =
            attribute.get(mark::KEY).and_then(|it| Mark::of_attribute(it, self.names.original.as_str()));
        for state in after.originals.values_mut().chain(after.clones.values_mut()) {
            state.marks = mark.iter().cloned().collect();
            state.mark_roles = marking.kept.iter().cloned().collect();
        }
        after.mark_roles = marking.kept.iter().cloned().collect();
        after
    }

    fn marking_by_attribute(&self, baseline: &Baseline) -> Marking {
        let attribute = mark::attribute(&self.names, &self.owner.secret, baseline);
        let wanted =
            attribute.get(mark::KEY).and_then(|it| Mark::of_attribute(it, self.names.original.as_str()));
        let lacking = self.accounts().into_iter().filter(|(_, state)| state.marks.first() != wanted.as_ref());
        let lacking: Vec<_> = lacking.map(|(account, _)| account.sql()).collect();
        let mark = (!lacking.is_empty()).then(|| {
            let sql = format!("ALTER USER {} ATTRIBUTE {}", lacking.join(", "), json_literal(&attribute));
            Statement::new("mark users", sql)
        });
        Marking { mark, attribute: Some(attribute), ..Marking::default() }
    }

    /// One role, which only the accounts of the pair have, and all of them. Its name is new where an account
    /// lacks it, as only the creator of a role may grant it, and that may have been another master.
    fn marking_by_role(&self, baseline: &Baseline) -> Marking {
        let accounts = self.accounts();
        let names = mark::roles(&self.names, &self.owner.secret, baseline);
        let is_made = self.missing_hosts().next().is_some();
        let tested_by_all =
            |name: &&String| !is_made && accounts.iter().all(|(_, state)| state.mark_roles.contains(*name));
        let held = |name: &String| accounts.iter().any(|(_, state)| state.mark_roles.contains(name));
        let known: BTreeSet<&String> =
            accounts.iter().flat_map(|(_, state)| &state.mark_roles).chain(&self.mark_roles).collect();
        let mut marking = Marking::default();
        let kept = match names.iter().find(tested_by_all) {
            Some(name) => name,
            None => {
                let name = names.iter().find(|name| !held(name)).unwrap_or(&names[0]);
                let role = Role::without_host(name.clone());
                let make = format!("CREATE OR REPLACE ROLE {}", role.sql());
                marking.make = Some(Statement::new("create role", make));
                let all: Vec<_> = accounts.iter().map(|(account, _)| account.sql()).collect();
                marking.mark = Some(grant(&role, &all));
                marking.role = Some(role);
                name
            }
        };
        let others = known.into_iter().filter(|name| *name != kept);
        marking.kept = Some(kept.clone());
        marking.after.extend(others.map(|name| {
            let role = Role::without_host(name.clone());
            Statement::new("drop role", format!("DROP ROLE IF EXISTS {}", role.sql()))
        }));
        marking
    }

    /// The existing accounts that carry the mark: all but those that are not known to be the clone's.
    fn accounts(&self) -> Vec<(Account, &State)> {
        let originals = self.originals.iter().map(|(host, state)| (self.original_at(host), state));
        let clones = self
            .clones
            .iter()
            .filter(|(host, state)| matches!(self.place(host), Place::Within(_)) || !state.marks.is_empty());
        originals.chain(clones.map(|(host, state)| (self.clone_at(host), state))).collect()
    }
}

fn grant(role: &Role, accounts: &[String]) -> Statement {
    Statement::new("grant mark", format!("GRANT {} TO {}", role.sql(), accounts.join(", ")))
}
