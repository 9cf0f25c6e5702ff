//! What a change of the other user of a pair sends, in its order: privileges, a check of them, the mark, the
//! password.

use std::collections::BTreeSet;

use rotation_core::{Deadline, Password};
use rotation_database::{
    Credentials, LoginMethod, Necessity, PlannedStatement, Purpose, StatementFault, Username,
};

use crate::{
    command::{self, Command, Likeness},
    mark,
    pair::Pair,
    role::Role,
    user::User,
};

/// One thing that `commit` does, and that a plan lists.
#[derive(Debug)]
pub(crate) enum Move {
    /// Runs a command.
    Run {
        command: Command,
        /// Tried where the server refuses the form of the one before, in this order.
        otherwise: Vec<Otherwise>,
        purpose: Purpose,
    },
    /// Compares a user's roles with these: another session may have changed them meanwhile.
    Compare { user: Username, roles: BTreeSet<Role> },
}

/// What follows when a server refuses the form of a command.
#[derive(Debug)]
pub(crate) enum Otherwise {
    /// The command without some of its options.
    Run(Command, Without),
    /// Nothing: the command was for the mark alone.
    Skip,
}

/// The options that a form leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Without {
    pub(crate) mark: bool,
    pub(crate) mechanisms: bool,
    /// The write concern: a failover may lose the change.
    pub(crate) majority: bool,
}

impl Move {
    /// The privileges that permit it.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &(String, &'static str)> {
        let command = match self {
            Self::Run { command, .. } => Some(command),
            Self::Compare { .. } => None,
        };
        command.into_iter().flat_map(|command| &command.needs)
    }

    /// A plan shows the form without the mark, and none after it: those are the same command with fewer
    /// options.
    pub(crate) fn planned(&self) -> Vec<PlannedStatement> {
        let Self::Run { command, otherwise, purpose } = self else { return Vec::new() };
        let skips = otherwise.iter().any(|form| matches!(form, Otherwise::Skip));
        let necessity = if skips { Necessity::Attempt } else { Necessity::Always };
        let plain = otherwise.iter().filter_map(|form| match form {
            Otherwise::Run(plain, Without { majority: false, mechanisms: false, .. }) => {
                Some(plain.planned(*purpose, Necessity::Otherwise))
            }
            Otherwise::Run(..) | Otherwise::Skip => None,
        });
        std::iter::once(command.planned(*purpose, necessity)).chain(plain).collect()
    }
}

/// Writes a command with these options; with a write concern where there is a deadline for it.
type Write<'w> = dyn Fn(&Likeness<'_>, Option<Deadline>) -> Command + 'w;

/// The forms of a command that sets a password: with all options; without the mark, where nothing else is in
/// `customData`; without the list of mechanisms; and finally without the write concern as well. The last form
/// has only what operators rely on: the original's restrictions and what they keep in `customData`.
fn in_forms(
    write: &Write<'_>,
    like: Likeness<'_>,
    holds_mark_alone: bool,
    limit: Deadline,
) -> (Command, Vec<Otherwise>) {
    let kept = if holds_mark_alone { Likeness { custom_data: None, ..like } } else { like };
    let least = Likeness { mechanisms: None, ..kept };
    let without = Without { mark: holds_mark_alone, ..Without::default() };
    let plain = holds_mark_alone.then(|| Otherwise::Run(write(&kept, Some(limit)), without));
    let without = Without { mechanisms: like.mechanisms.is_some(), ..without };
    let without_list = without.mechanisms.then(|| Otherwise::Run(write(&least, Some(limit)), without));
    let bare = Otherwise::Run(write(&least, None), Without { majority: true, ..without });
    (write(&like, Some(limit)), plain.into_iter().chain(without_list).chain([bare]).collect())
}

/// The user's own new password. Without its mechanisms a change would add those that an administrator left
/// out.
pub(crate) fn own_password(
    user: &Username,
    home: &str,
    new: &Password,
    mechanisms: Option<&[String]>,
    limit: Deadline,
) -> Move {
    let like = Likeness { mechanisms, ..Likeness::default() };
    let write = |like: &Likeness<'_>, limit| command::set_own_password(user, new, home, like, limit);
    let (command, otherwise) = in_forms(&write, like, false, limit);
    Move::Run { command, otherwise, purpose: Purpose::Password }
}

/// The clone with all that it must have, in one command.
pub(crate) fn created(pair: &Pair<'_>, next: &Credentials, limit: Deadline) -> Move {
    let original = &pair.original;
    let mechanisms = scram_mechanisms(original);
    let mark = mark::document(pair.names, pair.home, &pair.owner.secret, &original.roles);
    let data = original.custom_data_of_clone(&mark);
    let plain = Likeness {
        mechanisms: mechanisms.as_deref(),
        restrictions: original.restrictions().is_some().then_some(original),
        custom_data: None,
    };
    let marked = Likeness { custom_data: Some(&data), ..plain };
    let create = |like: &Likeness<'_>, limit| command::create(next, &original.roles, pair.home, like, limit);
    let (command, otherwise) = in_forms(&create, marked, !original.has_custom_data(), limit);
    Move::Run { command, otherwise, purpose: Purpose::Equality }
}

/// The commands that make the two users equal, and then set the password.
///
/// # Errors
/// As [`Pair::reconcile`].
pub(crate) fn changed(
    pair: &Pair<'_>,
    clone: &User,
    next: &Credentials,
    method: Option<LoginMethod>,
    limit: Deadline,
) -> Result<Vec<Move>, StatementFault> {
    let (mut moves, both) = reconciled(pair, clone, limit)?;
    let (home, original) = (pair.home, &pair.original);
    let mark = mark::document(pair.names, home, &pair.owner.secret, &both);
    let data = clone.custom_data_with(original, &mark);
    let data = (!clone.carries(&mark) || !clone.has_keys_of(original)).then_some(&data);
    let unmarkable = !clone.has_custom_data() && !original.has_custom_data();
    let purpose = if pair.mark(clone).is_some() && !clone.has_keys_of(original) {
        Purpose::Equality
    } else {
        Purpose::Password
    };
    let mut like = Likeness::default();
    if pair.clone_is_idle() {
        like.restrictions = (!clone.has_restrictions_of(original)).then_some(original);
        like.custom_data = data;
    } else if data.is_some() {
        // The live clone keeps its password and its restrictions.
        let marking = Likeness { custom_data: data, ..Likeness::default() };
        let mark = |limit| command::set_likeness(&pair.names.clone, home, &marking, limit);
        let mut forms = in_two_forms(mark, purpose, limit);
        if let Move::Run { otherwise, .. } = &mut forms
            && unmarkable
        {
            otherwise.push(Otherwise::Skip);
        }
        moves.push(forms);
    }
    let mechanisms = scram_mechanisms(original).map(|known| usable_by(known, method));
    like.mechanisms = mechanisms.as_deref();
    let set =
        |like: &Likeness<'_>, limit| command::set_password(&next.username, &next.password, home, like, limit);
    let differs = like.restrictions.is_some() || like.custom_data.is_some() && purpose == Purpose::Equality;
    let holds_mark_alone = like.custom_data.is_some() && unmarkable;
    let (command, otherwise) = in_forms(&set, like, holds_mark_alone, limit);
    let purpose = if differs { Purpose::Equality } else { Purpose::Password };
    moves.push(Move::Run { command, otherwise, purpose });
    Ok(moves)
}

/// A command where a server may refuse only the write concern.
fn in_two_forms(write: impl Fn(Option<Deadline>) -> Command, purpose: Purpose, limit: Deadline) -> Move {
    let without = Without { majority: true, ..Without::default() };
    let otherwise = vec![Otherwise::Run(write(None), without)];
    Move::Run { command: write(Some(limit)), otherwise, purpose }
}

/// Grants and revocations, each followed by a read of the user's roles, and the roles that both have then.
fn reconciled(
    pair: &Pair<'_>,
    clone: &User,
    limit: Deadline,
) -> Result<(Vec<Move>, BTreeSet<Role>), StatementFault> {
    let (names, home) = (pair.names, pair.home);
    let found = pair.reconcile(clone)?;
    let both: BTreeSet<Role> =
        pair.original.roles.iter().chain(found.to_original.iter().copied()).cloned().collect();
    let mut moves = Vec::new();
    let mut run = |write: &dyn Fn(Option<Deadline>) -> Command| {
        moves.push(in_two_forms(write, Purpose::Equality, limit));
    };
    if !found.to_original.is_empty() {
        let roles = || found.to_original.iter().copied();
        run(&|limit| command::grant(&names.original, roles(), home, limit));
    }
    if !found.to_clone.is_empty() {
        let roles = || found.to_clone.iter().copied();
        run(&|limit| command::grant(&names.clone, roles(), home, limit));
    }
    if !found.from_clone.is_empty() {
        let roles = || found.from_clone.iter().copied();
        run(&|limit| command::revoke(&names.clone, roles(), home, limit));
    }
    let mut compare = |user: &Username| moves.push(Move::Compare { user: user.clone(), roles: both.clone() });
    if !found.to_original.is_empty() {
        compare(&names.original);
    }
    if !found.to_clone.is_empty() || !found.from_clone.is_empty() {
        compare(&names.clone);
    }
    Ok((moves, both))
}

/// The mechanisms that a password is valid for, where the server lists those that the user has.
pub(crate) fn scram_mechanisms(user: &User) -> Option<Vec<String>> {
    let all = user.mechanisms.as_ref()?.iter();
    let scram: Vec<String> = all.filter(|name| name.starts_with("SCRAM-")).cloned().collect();
    (!scram.is_empty()).then_some(scram)
}

/// The same, with the mechanism by which the live user logged in: applications may request it by name.
fn usable_by(mut mechanisms: Vec<String>, method: Option<LoginMethod>) -> Vec<String> {
    let scram = method.map(|method| method.0).filter(|name| name.starts_with("SCRAM-"));
    if let Some(name) = scram.filter(|name| mechanisms.iter().all(|known| known != name)) {
        mechanisms.push(name.to_owned());
    }
    mechanisms
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is stored can be used by the mechanism by which the live user has logged in.
    #[test]
    fn live_users_mechanism_is_kept() {
        let check = |known: &[&str], method: Option<&'static str>| {
            let known = known.iter().map(ToString::to_string).collect();
            usable_by(known, method.map(LoginMethod)).join(" ")
        };
        assert_eq!(check(&["SCRAM-SHA-256"], Some("SCRAM-SHA-1")), "SCRAM-SHA-256 SCRAM-SHA-1");
        assert_eq!(check(&["SCRAM-SHA-256"], Some("SCRAM-SHA-256")), "SCRAM-SHA-256");
        assert_eq!(check(&["SCRAM-SHA-1"], Some("none")), "SCRAM-SHA-1");
        assert_eq!(check(&["SCRAM-SHA-1"], None), "SCRAM-SHA-1");
    }
}
