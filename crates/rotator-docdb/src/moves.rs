//! What a change of the other user of a pair sends, in its order: rights, a look at them, the mark, the password.

use std::{collections::BTreeSet, time::Duration};

use rotation_core::database::{
    Credentials, LoginMethod, Necessity, PlannedStatement, Purpose, StatementFault, Username,
};

use crate::{
    command::{self, Command, Likeness},
    mark,
    pair::Pair,
    user::{Role, User},
};

/// One thing that `commit` does, and that a plan lists.
#[derive(Debug)]
pub(crate) enum Move {
    /// Runs a command.
    Run {
        command: Command,
        /// Where the server does not know what `customData` is.
        otherwise: Otherwise,
        /// What permits it.
        actions: &'static str,
        purpose: Purpose,
    },
    /// Compares a user's roles with these: another session may have changed them meanwhile.
    Compare { user: Username, roles: BTreeSet<Role> },
}

/// What follows when a server refuses the form of a command.
#[derive(Debug)]
pub(crate) enum Otherwise {
    /// The change fails.
    Fail,
    /// The command without the mark.
    Plain(Command),
    /// Nothing: the command was for the mark alone.
    Skip,
}

impl Move {
    pub(crate) fn planned(&self) -> Vec<PlannedStatement> {
        let Self::Run { command, otherwise, purpose, .. } = self else { return Vec::new() };
        let (necessity, plain) = match otherwise {
            Otherwise::Fail => (Necessity::Always, None),
            Otherwise::Plain(plain) => (Necessity::Always, Some(plain)),
            Otherwise::Skip => (Necessity::Attempt, None),
        };
        let plain = plain.map(|plain| plain.planned(*purpose, Necessity::Otherwise));
        std::iter::once(command.planned(*purpose, necessity)).chain(plain).collect()
    }
}

/// The clone with all that it must have, in one command.
pub(crate) fn created(pair: &Pair<'_>, next: &Credentials, limit: Duration) -> Move {
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
    let create = |like: &Likeness<'_>| command::create(next, &original.roles, pair.home, like, limit);
    Move::Run {
        command: create(&marked),
        // The mark alone may be left out; what the original has is not.
        otherwise: if original.has_custom_data() {
            Otherwise::Fail
        } else {
            Otherwise::Plain(create(&plain))
        },
        actions: "createUser, and grantRole for each role of the original,",
        purpose: Purpose::Equality,
    }
}

/// What makes the two users equal, and then the password.
///
/// # Errors
/// As [`Pair::reconcile`].
pub(crate) fn changed(
    pair: &Pair<'_>,
    clone: &User,
    next: &Credentials,
    method: Option<LoginMethod>,
    limit: Duration,
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
        moves.push(Move::Run {
            command: command::set_likeness(&pair.names.clone, home, &marking, limit),
            otherwise: if unmarkable { Otherwise::Skip } else { Otherwise::Fail },
            actions: "changeCustomData",
            purpose,
        });
    }
    let mechanisms = scram_mechanisms(original).map(|known| usable_by(known, method));
    like.mechanisms = mechanisms.as_deref();
    let set = |like: &Likeness<'_>| command::set_password(&next.username, &next.password, home, like, limit);
    let plain = Likeness { custom_data: None, ..like };
    let differs = like.restrictions.is_some() || like.custom_data.is_some() && purpose == Purpose::Equality;
    moves.push(Move::Run {
        command: set(&like),
        otherwise: if like.custom_data.is_some() && unmarkable {
            Otherwise::Plain(set(&plain))
        } else {
            Otherwise::Fail
        },
        actions: "changePassword and changeCustomData",
        purpose: if differs { Purpose::Equality } else { Purpose::Password },
    });
    Ok(moves)
}

/// Grants and revocations, each user's roles looked at afterwards, and the roles that both have then.
fn reconciled(
    pair: &Pair<'_>,
    clone: &User,
    limit: Duration,
) -> Result<(Vec<Move>, BTreeSet<Role>), StatementFault> {
    const GRANTING: &str = "grantRole for each role of the other user";
    let (names, home) = (pair.names, pair.home);
    let found = pair.reconcile(clone)?;
    let both: BTreeSet<Role> =
        pair.original.roles.iter().chain(found.to_original.iter().copied()).cloned().collect();
    let mut moves = Vec::new();
    let mut run = |command, actions| {
        let (otherwise, purpose) = (Otherwise::Fail, Purpose::Equality);
        moves.push(Move::Run { command, otherwise, actions, purpose });
    };
    if !found.to_original.is_empty() {
        run(command::grant(&names.original, found.to_original.iter().copied(), home, limit), GRANTING);
    }
    if !found.to_clone.is_empty() {
        run(command::grant(&names.clone, found.to_clone.iter().copied(), home, limit), GRANTING);
    }
    if !found.from_clone.is_empty() {
        let revoke = command::revoke(&names.clone, found.from_clone.iter().copied(), home, limit);
        run(revoke, "revokeRole for each role of the clone");
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

/// The mechanisms that a password serves, where the server lists those that the user has.
pub(crate) fn scram_mechanisms(user: &User) -> Option<Vec<String>> {
    let all = user.mechanisms.as_ref()?.iter();
    let scram: Vec<String> = all.filter(|name| name.starts_with("SCRAM-")).cloned().collect();
    (!scram.is_empty()).then_some(scram)
}

/// The same, with the mechanism by which the live user logged in: applications may ask for it by name.
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
    fn the_live_users_mechanism_is_kept() {
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
