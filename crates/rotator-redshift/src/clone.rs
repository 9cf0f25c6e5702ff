//! The changes after which the clone may do exactly what the original may; while the clone is live, what
//! each of the two lacks, and nothing that revokes.

use std::collections::BTreeSet;

use postgres_session::Statement;
use rotation_database::StatementError;

use crate::{
    batch::{Batch, batches, grant, revoke},
    grant::{Object, create_group, grant_role, hand_over, join_group, leave_group, revoke_role},
    pair::Pair,
    rights::{Grants, MOST_LISTED, beyond},
};

/// A difference between the two users, as the statement that removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) statement: Statement,
    /// The clone has too much; otherwise one of the two has too little.
    pub(crate) surplus: bool,
    /// The number of differences that it removes.
    pub(crate) count: usize,
    /// A message for operators: what an idle clone loses.
    pub(crate) note: Option<String>,
}

impl Correction {
    fn lacking(statement: Statement) -> Self {
        Self { statement, surplus: false, count: 1, note: None }
    }

    fn surplus(statement: Statement, lost: impl std::fmt::Display) -> Self {
        let note = Some(format!("the clone lost what the original lacks: {lost}"));
        Self { statement, surplus: true, count: 1, note }
    }
}

impl Pair {
    /// All differences that can be corrected, in the order in which they have to be. Empty where the two are
    /// as they should be.
    pub(crate) fn corrections(&self) -> Result<Vec<Correction>, StatementError> {
        let mut corrections = self.make_or_alter()?;
        corrections.extend(self.correct_marks());
        corrections.extend(self.correct_groups());
        corrections.extend(self.correct_roles());
        corrections.extend(self.hand_over());
        corrections.extend(self.correct_grants());
        corrections.extend(self.correct_settings()?);
        corrections.extend(self.correct_default_privileges());
        if self.clone_is_live {
            // There is none, as a live clone that has more is refused; a race must not make one.
            corrections.retain(|correction| !correction.surplus);
        }
        Ok(corrections)
    }

    /// What must exist before anything is granted: the clone, and its mark.
    pub(crate) fn beginnings(&self) -> Result<Vec<Correction>, StatementError> {
        let made = if self.clone.is_none() { self.make_or_alter()? } else { Vec::new() };
        Ok(made.into_iter().chain(self.correct_marks()).collect())
    }

    fn make_or_alter(&self) -> Result<Vec<Correction>, StatementError> {
        let name = self.names.clone.as_str();
        let Some(clone) = &self.clone else {
            return Ok(vec![Correction::lacking(self.original.create_like(name)?)]);
        };
        let differing = self.original.differing(clone)?;
        let differing = differing.iter().filter(|difference| !(self.clone_is_live && difference.exceeds));
        let correct = |difference: &crate::user::Difference| {
            let lost = difference
                .exceeds
                .then(|| format!("the clone lost what the original lacks: {}", difference.of_other()));
            Correction { note: lost, ..Correction::lacking(difference.first_for(name)) }
        };
        Ok(differing.map(correct).collect())
    }

    /// The pair belongs to this secret and to no other.
    fn correct_marks(&self) -> Vec<Correction> {
        let (clone, marks) = (self.names.clone.as_str(), &self.marks);
        let mut corrections = Vec::new();
        if !marks.own_exists {
            corrections.push(Correction::lacking(create_group(&marks.own)));
        }
        if !marks.carries_own() {
            corrections.push(Correction::lacking(join_group(&marks.own, clone)));
        }
        corrections.extend(marks.foreign().map(|group| Correction::lacking(leave_group(group, clone))));
        corrections
    }

    fn correct_groups(&self) -> Vec<Correction> {
        let clone = self.names.clone.as_str();
        let (wanted, held) = (&self.original_holds.groups, &self.clone_holds.groups);
        let mut corrections: Vec<_> =
            wanted.difference(held).map(|group| Correction::lacking(join_group(group, clone))).collect();
        let surplus = held.difference(wanted);
        corrections.extend(
            surplus.map(|group| {
                Correction::surplus(leave_group(group, clone), format_args!("the group {group}"))
            }),
        );
        corrections
    }

    fn correct_roles(&self) -> Vec<Correction> {
        let clone = self.names.clone.as_str();
        let (wanted, held) = (&self.original_holds.roles, &self.clone_holds.roles);
        let revoke = |role: &str, option_only| {
            let option = if option_only { "the admin option for " } else { "" };
            let lost = format!("{option}the role {role}");
            Correction::surplus(revoke_role(role, clone, option_only), lost)
        };
        let mut corrections = Vec::new();
        for (role, admin) in wanted {
            match held.get(role) {
                Some(has) if has == admin => {}
                Some(true) => corrections.push(revoke(role, true)),
                _ => corrections.push(Correction::lacking(grant_role(role, clone, *admin))),
            }
        }
        let surplus = held.keys().filter(|role| !wanted.contains_key(*role));
        corrections.extend(surplus.map(|role| revoke(role, false)));
        corrections
    }

    /// What the clone created while it was live belongs to the original as soon as the clone is idle, so that
    /// there is one owner. A live clone keeps what it owns.
    fn hand_over(&self) -> Vec<Correction> {
        let original = self.names.original.as_str();
        let owned = self.clone_holds.owned.keys().filter(|object| !self.clone_is_live && is_plain(object));
        owned.map(|object| Correction::lacking(hand_over(object, original))).collect()
    }

    fn correct_grants(&self) -> Vec<Correction> {
        let (original, clone) = (self.names.original.as_str(), self.names.clone.as_str());
        let give = |batches: Vec<Batch>, user: &str| -> Vec<Correction> {
            let count = |batch: &Batch| batch.objects.len();
            let give =
                |batch: &Batch| Correction { count: count(batch), ..Correction::lacking(grant(batch, user)) };
            batches.iter().map(give).collect()
        };
        let (wanted, held) = (self.wanted_grants(), self.held_grants());
        let mut corrections = Vec::new();
        if self.clone_is_live {
            let owned = beyond(&self.clone_holds.owned_grants(), &self.original_holds.all_grants());
            let owned = owned.into_iter().filter(|(object, _, _)| self.is_grantable(object));
            corrections.extend(give(batches(owned), original));
        }
        corrections.extend(give(batches(beyond(&wanted, &held)), clone));
        let surplus = beyond(&held, &wanted).into_iter().map(|(object, privilege, _)| {
            let option_only = wanted.contains_key(&(object.clone(), privilege));
            (object, privilege, option_only)
        });
        corrections.extend(batches(surplus).iter().map(|batch| {
            let option = if batch.option { "the grant option for " } else { "" };
            let lost = format!("{option}{}", batch.text(MOST_LISTED));
            Correction { count: batch.objects.len(), ..Correction::surplus(revoke(batch, clone), lost) }
        }));
        corrections
    }

    /// What an idle clone still has to be granted, and on how many objects.
    pub(crate) fn missing_grants(&self) -> Vec<Batch> {
        batches(beyond(&self.wanted_grants(), &self.held_grants()))
    }

    /// What the original was granted, and what can be granted on the objects that it owns or is about to own.
    fn wanted_grants(&self) -> Grants {
        let mut wanted = self.original_holds.all_grants();
        if !self.clone_is_live {
            wanted.extend(self.clone_holds.owned_grants());
        }
        wanted.retain(|(object, _), _| self.is_grantable(object));
        wanted
    }

    /// What the clone was granted, without what an idle one loses when its own objects are handed over.
    fn held_grants(&self) -> Grants {
        let mut held = self.clone_holds.grants.clone();
        if self.clone_is_live {
            held.extend(self.clone_holds.owned_grants());
        }
        let owned: BTreeSet<_> = self.clone_holds.owned.keys().filter(|object| is_plain(object)).collect();
        let handed_over = |object: &Object| !self.clone_is_live && owned.contains(object);
        held.retain(|(object, _), _| self.is_grantable(object) && !handed_over(object));
        held
    }

    /// Whether a grant on it can be a statement inside a transaction.
    pub(crate) fn is_grantable(&self, object: &Object) -> bool {
        is_plain(object) && object.schema().is_none_or(|schema| !self.external_schemas.contains(schema))
    }

    fn correct_settings(&self) -> Result<Vec<Correction>, StatementError> {
        let clone = self.names.clone.as_str();
        let held = self.clone.as_ref().map_or(&[][..], |clone| &clone.settings);
        let wanted = &self.original.settings;
        let mut corrections = Vec::new();
        for setting in wanted.iter().filter(|setting| setting.is_plain() && !held.contains(setting)) {
            corrections.push(Correction::lacking(setting.set(clone)?));
        }
        let surplus = held
            .iter()
            .filter(|setting| setting.is_plain() && !wanted.iter().any(|wanted| wanted.name == setting.name));
        corrections.extend(surplus.map(|setting| {
            Correction::surplus(setting.reset(clone), format_args!("the setting {}", setting.name))
        }));
        Ok(corrections)
    }

    fn correct_default_privileges(&self) -> Vec<Correction> {
        let (original, clone) = (self.names.original.as_str(), self.names.clone.as_str());
        let all = &self.default_privileges;
        let wanted: Vec<_> = all.iter().filter_map(|default| default.mirrored(original, clone)).collect();
        let held = || all.iter().filter(|held| held.concerns(clone) && !held.concerns(original));
        let surplus = held().filter(|held| !wanted.contains(held));
        let (owned, surplus): (Vec<_>, Vec<_>) =
            surplus.partition(|held| self.clone_is_live && held.is_owned_by(clone));
        // What the live clone creates from now on grants the same as the original's objects.
        let for_original = owned.into_iter().filter_map(|default| default.mirrored(clone, original));
        let missing = wanted.iter().filter(|wanted| !held().any(|held| held == *wanted));
        let missing = missing.cloned().chain(for_original);
        // Revoked first: a grant that differs by its grant option alone is revoked and granted again.
        let surplus = surplus.into_iter().map(|held| {
            let (revoke, lost) = (held.revoke(), held.grant().sql);
            Correction::surplus(revoke, lost)
        });
        surplus.chain(missing.map(|wanted| Correction::lacking(wanted.grant()))).collect()
    }

    /// A message for operators: differences that need no correction, and what was not checked.
    pub(crate) fn notes(&self) -> Vec<String> {
        let (original, clone) = (&self.original_holds, &self.clone_holds);
        let mut notes = Vec::new();
        let surplus = clone.others.difference(&original.others).take(MOST_LISTED);
        notes.extend(surplus.map(|right| format!("the clone has {right}, which the original does not have")));
        if !original.owned.is_empty() {
            let count = original.owned.len();
            notes.push(format!("the original owns {count} objects, which only it may redefine"));
        }
        if self.clone_is_live && !clone.owned.is_empty() {
            let count = clone.owned.len();
            notes.push(format!(
                "the clone owns {count} objects, which only it may redefine \
                 until it is idle and they are handed over"
            ));
        }
        if self.other_databases > 0 {
            let count = self.other_databases;
            notes.push(format!("{count} other databases were not checked: rights there are not cloned"));
        }
        notes
    }
}

fn is_plain(object: &Object) -> bool {
    match object {
        Object::Function(routine) | Object::Procedure(routine) => routine.is_plain(),
        _ => true,
    }
}
