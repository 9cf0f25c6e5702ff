//! What has to be done so that the clone may do exactly what the original may.

use std::collections::BTreeMap;

use postgres_session::{Statement, quote_identifier};
use rotation_core::database::StatementError;

use crate::{
    grant::{
        Object, create_group, grant, grant_role, hand_over, join_group, leave_group, revoke, revoke_role,
    },
    pair::Pair,
};

/// A difference between the two users, as the statement that ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) statement: Statement,
    /// The clone has too much; else too little.
    pub(crate) surplus: bool,
}

impl Correction {
    fn lacking(statement: Statement) -> Self {
        Self { statement, surplus: false }
    }

    fn surplus(statement: Statement) -> Self {
        Self { statement, surplus: true }
    }
}

/// Privileges, each with the right to grant it, or not.
type Grants = BTreeMap<(Object, &'static str), bool>;

impl Pair {
    /// All that differs and can be mended, in the order in which it is to be. None where the clone is as it should be.
    pub(crate) fn corrections(&self) -> Result<Vec<Correction>, StatementError> {
        let mut corrections = self.make_or_alter()?;
        corrections.extend(self.correct_groups());
        corrections.extend(self.correct_roles());
        corrections.extend(self.hand_over());
        corrections.extend(self.correct_grants());
        corrections.extend(self.correct_settings()?);
        corrections.extend(self.correct_default_privileges());
        Ok(corrections)
    }

    fn make_or_alter(&self) -> Result<Vec<Correction>, StatementError> {
        let statements = match &self.clone {
            None => vec![self.original.create_like(self.names.clone.as_str())?],
            Some(clone) => self.original.make_like(clone)?,
        };
        Ok(statements.into_iter().map(Correction::lacking).collect())
    }

    fn correct_groups(&self) -> Vec<Correction> {
        let clone = self.names.clone.as_str();
        let (wanted, held) = (&self.original_holds.groups, &self.clone_holds.groups);
        let mut corrections = Vec::new();
        if !self.mark_exists {
            corrections.push(Correction::lacking(create_group(&self.mark)));
        }
        if !self.marked {
            corrections.push(Correction::lacking(join_group(&self.mark, clone)));
        }
        corrections
            .extend(wanted.difference(held).map(|group| Correction::lacking(join_group(group, clone))));
        corrections
            .extend(held.difference(wanted).map(|group| Correction::surplus(leave_group(group, clone))));
        corrections
    }

    fn correct_roles(&self) -> Vec<Correction> {
        let clone = self.names.clone.as_str();
        let (wanted, held) = (&self.original_holds.roles, &self.clone_holds.roles);
        let mut corrections = Vec::new();
        for (role, admin) in wanted {
            match held.get(role) {
                Some(has) if has == admin => {}
                Some(true) => corrections.push(Correction::surplus(revoke_role(role, clone, true))),
                _ => corrections.push(Correction::lacking(grant_role(role, clone, *admin))),
            }
        }
        let surplus = held.keys().filter(|role| !wanted.contains_key(*role));
        corrections.extend(surplus.map(|role| Correction::surplus(revoke_role(role, clone, false))));
        corrections
    }

    /// What the clone made while it was live belongs to the original from now on, so that there is one owner.
    fn hand_over(&self) -> Vec<Correction> {
        let original = self.names.original.as_str();
        let owned = self.clone_holds.owned.keys().filter(|object| is_plain(object));
        owned.map(|object| Correction::lacking(hand_over(object, original))).collect()
    }

    fn correct_grants(&self) -> Vec<Correction> {
        let clone = self.names.clone.as_str();
        let (wanted, held) = (self.wanted_grants(), self.held_grants());
        let mut missing: BTreeMap<(Object, bool), Vec<&str>> = BTreeMap::new();
        let mut surplus = missing.clone();
        for ((object, privilege), option) in &wanted {
            let key = (object.clone(), *option);
            match held.get(&(object.clone(), privilege)) {
                Some(has) if has == option => {}
                Some(true) => surplus.entry((object.clone(), true)).or_default().push(privilege),
                _ => missing.entry(key).or_default().push(privilege),
            }
        }
        for (object, privilege) in held.keys().filter(|key| !wanted.contains_key(*key)) {
            surplus.entry((object.clone(), false)).or_default().push(privilege);
        }
        let missing = missing
            .iter()
            .map(|((object, option), privileges)| (grant(privileges, object, clone, *option), false));
        let surplus = surplus
            .iter()
            .map(|((object, option), privileges)| (revoke(privileges, object, clone, *option), true));
        missing.chain(surplus).map(|(statement, surplus)| Correction { statement, surplus }).collect()
    }

    /// What the original was granted, and what there is to grant on what it owns or is about to own.
    fn wanted_grants(&self) -> Grants {
        let mut wanted = self.original_holds.grants.clone();
        for (object, privileges) in self.original_holds.owned.iter().chain(&self.clone_holds.owned) {
            let of_owner = privileges.iter().map(|privilege| ((object.clone(), *privilege), true));
            wanted.extend(of_owner);
        }
        wanted.retain(|(object, _), _| self.is_grantable(object));
        wanted
    }

    /// What the clone was granted, without what it loses when its own objects are handed over.
    fn held_grants(&self) -> Grants {
        let mut held = self.clone_holds.grants.clone();
        let handed_over = |object: &Object| self.clone_holds.owned.contains_key(object) && is_plain(object);
        held.retain(|(object, _), _| self.is_grantable(object) && !handed_over(object));
        held
    }

    /// Whether a grant on it can be a statement inside a transaction.
    fn is_grantable(&self, object: &Object) -> bool {
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
        corrections.extend(surplus.map(|setting| Correction::surplus(setting.reset(clone))));
        Ok(corrections)
    }

    fn correct_default_privileges(&self) -> Vec<Correction> {
        let (original, clone) = (self.names.original.as_str(), self.names.clone.as_str());
        let all = &self.default_privileges;
        let wanted: Vec<_> = all.iter().filter_map(|privilege| privilege.for_clone(&self.names)).collect();
        let held = || all.iter().filter(|held| held.concerns(clone) && !held.concerns(original));
        let surplus = held().filter(|held| !wanted.contains(held)).map(|held| (held.revoke(), true));
        let missing = wanted.iter().filter(|wanted| !held().any(|held| held == *wanted));
        let missing = missing.map(|wanted| (wanted.grant(), false));
        // Taken first: what differs by its grant option alone is taken and given again.
        surplus.chain(missing).map(|(statement, surplus)| Correction { statement, surplus }).collect()
    }

    /// For people: what the two users do not have in common, and what was not looked at.
    pub(crate) fn notes(&self) -> Vec<String> {
        let (original, clone) = (&self.original_holds, &self.clone_holds);
        let mut notes = Vec::new();
        let missing = original.others.difference(&clone.others);
        notes.extend(missing.map(|right| format!("the clone lacks {right}, which is not cloned")));
        let surplus = clone.others.difference(&original.others);
        notes.extend(surplus.map(|right| format!("the clone has {right}, which the original has not")));
        let outside = |object: &Object| !self.is_grantable(object);
        for (object, privilege) in original.grants.keys().filter(|(object, _)| outside(object)) {
            if !clone.grants.contains_key(&(object.clone(), *privilege)) {
                let on = object.on();
                notes.push(format!(
                    "the clone lacks {privilege} on {on}, which cannot be granted inside a transaction"
                ));
            }
        }
        for setting in self.original.settings.iter().filter(|setting| !setting.is_plain()) {
            notes.push(format!("the setting {} is not cloned", quote_identifier(&setting.name)));
        }
        if !original.owned.is_empty() {
            let count = original.owned.len();
            notes.push(format!("the original owns {count} objects, which only it may redefine"));
        }
        if self.other_databases > 0 {
            let count = self.other_databases;
            notes.push(format!("{count} other databases were not looked at: rights there are not cloned"));
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
