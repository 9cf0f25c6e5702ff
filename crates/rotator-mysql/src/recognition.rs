//! Whether two users may alternate, and whether the one with the clone's name is the clone, and this
//! secret's.

use rotation_database::{Equality, SINGLE_USER, StatementFault, recognize};

use crate::{
    correction::is_within,
    dialect::Dialect,
    grants::{ALL, Object, Right},
    held::Held,
    hosts::Place,
    mark::{Mark, MarkedSecret},
    pair::{Next, PASSWORD_PLUGINS, Pair, State},
};

/// The remediation for an account with several authentication methods.
const ONE_METHOD: &str = "Give the account one authentication method that keeps a password: a rotation \
    changes one password, and the other methods would still log in.";

impl Pair {
    /// Whether these two users may alternate, and are known to belong together and to this secret.
    ///
    /// # Errors
    /// The reason why not; nothing has been written.
    pub(crate) fn check(&self, next: Next) -> Result<(), StatementFault> {
        self.check_presence(next)?;
        self.originals.values().try_for_each(check_original)?;
        // MariaDB replaces all methods of an account by the one with the new password.
        let several = self.clones.values().any(|clone| clone.options.has_several_plugins);
        if several && matches!(self.dialect, Dialect::MySql(_)) {
            return not("the clone has several ways to authenticate", ONE_METHOD);
        }
        self.recognize(next)?;
        match next {
            Next::Clone => self.check_entries(),
            Next::Original => self.check_excess(),
        }
    }

    fn recognize(&self, next: Next) -> Result<(), StatementFault> {
        let owner = &self.owner;
        if owner.adopt {
            return Ok(());
        }
        let all = self.originals.values().chain(self.clones.values());
        if let Some(other) = all.flat_map(|state| &state.marks).find_map(|mark| self.other_secret(mark)) {
            return Err(StatementFault::OtherSecret { secret: other.shown().to_owned() });
        }
        for (host, clone) in &self.clones {
            let mark = self.mark(clone, next);
            match self.place(host) {
                Place::Within(original) => {
                    let Some(original) = self.originals.get(original) else { continue };
                    let rights = self.equality(original, clone, mark != rotation_database::Mark::None);
                    recognize(mark, owner, rights, next == Next::Original)?;
                }
                // It is left alone, but a client that logs in by it alone must not get the original's
                // password.
                Place::Apart | Place::Unclear
                    if next == Next::Original && mark == rotation_database::Mark::None =>
                {
                    return Err(StatementFault::CloneNotRecognized);
                }
                Place::Apart | Place::Unclear => {}
            }
        }
        Ok(())
    }

    fn other_secret<'a>(&self, mark: &'a Mark) -> Option<&'a MarkedSecret> {
        match mark {
            Mark::Of { secret, .. } => (!secret.is(&self.owner.secret)).then_some(secret),
            Mark::Unnamed => None,
        }
    }

    /// Whether an account carries this secret's mark.
    pub(crate) fn is_ours(&self, state: &State) -> bool {
        state
            .marks
            .iter()
            .any(|mark| matches!(mark, Mark::Of { secret, .. } if secret.is(&self.owner.secret)))
    }

    /// The mark of an account that carries no other secret's mark, as the rule for all engines takes it.
    fn mark(&self, clone: &State, next: Next) -> rotation_database::Mark<'_> {
        if self.is_ours(clone) || next == Next::Clone && self.was_being_made(clone) {
            rotation_database::Mark::Of(self.owner.secret.as_str())
        } else if clone.marks.is_empty() {
            rotation_database::Mark::None
        } else {
            rotation_database::Mark::Unnamed
        }
    }

    /// Whether an account was created for this secret and does not have its mark yet: on MariaDB the mark is
    /// a statement of its own, and the role is created before it.
    fn was_being_made(&self, clone: &State) -> bool {
        let is_ours = |mark: Option<Mark>| match mark {
            Some(Mark::Of { secret, .. }) => secret.is(&self.owner.secret),
            _ => false,
        };
        clone.options.is_locked
            && clone.rights.is_empty()
            && self.mark_roles.iter().any(|role| is_ours(Mark::of_role(role, &self.names)))
    }

    /// How the rights of an account of the clone compare with the original's. Two users without a right that
    /// neither could have given the other are equal by chance, or by their own doing, unless a mark ties them
    /// together.
    fn equality(&self, original: &State, clone: &State, marked: bool) -> Equality {
        let (ours, theirs) = (&original.rights, &clone.rights);
        let held = Held::of(ours);
        let from_above = |right: &Right| !held.may_pass_on(right, self.dialect);
        match (ours == theirs, is_within(theirs, ours)) {
            (true, _) if marked || ours.iter().any(from_above) => Equality::Equal,
            (false, true) => Equality::Less,
            _ => Equality::Differs,
        }
    }
}

fn check_original(state: &State) -> Result<(), StatementFault> {
    let has = |privilege: &str| {
        state.rights.iter().any(|right| match right {
            Right::Privilege { on: Object::Global, name, .. } | Right::Dynamic { name, .. } => {
                name == privilege
            }
            _ => false,
        })
    };
    if has("SUPER") || has("SYSTEM_USER") || has(ALL) {
        return not("it is a superuser", SINGLE_USER);
    }
    if state.options.has_several_plugins {
        return not("it has several ways to authenticate", ONE_METHOD);
    }
    let plugin = state.options.plugin.as_deref();
    if plugin.is_some_and(|plugin| !PASSWORD_PLUGINS.contains(&plugin)) {
        return not("its authentication plugin keeps no password that could be set", SINGLE_USER);
    }
    Ok(())
}

fn not(why: &'static str, remedy: &'static str) -> Result<(), StatementFault> {
    Err(StatementFault::NotRotatable { why, remedy })
}
