//! Both users of a pair at all their hosts, as the server shows them at one moment.

use std::collections::{BTreeMap, BTreeSet};

use rotation_database::{Credentials, PairOwner, StatementError, StatementFault, UserPair};
use serde_json::{Map, Value};

use crate::{
    account::Options,
    definers::Definitions,
    dialect::Dialect,
    grants::{Account, Right, Rights},
    hosts::Place,
    mark::{self, Mark},
};

/// The most hosts for which one user is cloned.
pub(crate) const MOST_HOSTS: usize = 64;

/// What is known about one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) options: Options,
    /// Without the roles that are marks.
    pub(crate) rights: Rights,
    /// Comment and attributes, where the server has them, without the mark.
    pub(crate) attributes: Map<String, Value>,
    pub(crate) marks: Vec<Mark>,
    /// On MariaDB, the roles that are the marks.
    pub(crate) mark_roles: BTreeSet<String>,
}

/// Both users, by their hosts.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) names: UserPair,
    pub(crate) owner: PairOwner,
    pub(crate) dialect: Dialect,
    pub(crate) originals: BTreeMap<String, State>,
    pub(crate) clones: BTreeMap<String, State>,
    /// On MariaDB, all roles that mark this pair, whichever accounts have them.
    pub(crate) mark_roles: BTreeSet<String>,
    /// Accounts of the next user that no statement can change before they have another plugin.
    pub(crate) moved: Vec<Account>,
    pub(crate) definitions: Definitions,
}

/// The user whose password is about to be set; the other one is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Original,
    Clone,
}

impl Next {
    /// The user whose password this is.
    pub(crate) fn of(names: &UserPair, next: &Credentials) -> Self {
        if next.username == names.original { Self::Original } else { Self::Clone }
    }
}

/// An account of the clone, and the account of the original whose clients it admits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twins<'a> {
    pub(crate) host: &'a str,
    pub(crate) clone: &'a State,
    pub(crate) original_host: &'a str,
    pub(crate) original: &'a State,
}

impl State {
    /// Separates the marks from the rights and attributes.
    pub(crate) fn take_marks(&mut self, names: &UserPair, dialect: Dialect) {
        if let Some(value) = self.attributes.remove(mark::KEY) {
            self.marks.extend(Mark::of_attribute(&value, names.original.as_str()));
        }
        if !dialect.is_mariadb() {
            return;
        }
        let (marks, roles) = (&mut self.marks, &mut self.mark_roles);
        self.rights.retain(|right| {
            let Right::Role { role, .. } = right else { return true };
            let found = role.plain_name().and_then(|name| Some((name, Mark::of_role(name, names)?)));
            let Some((name, mark)) = found else { return true };
            marks.push(mark);
            roles.insert(name.to_owned());
            false
        });
    }
}

impl Pair {
    /// The clone's account for a host.
    pub(crate) fn clone_at(&self, host: &str) -> Account {
        Account::new(self.names.clone.as_str(), host)
    }

    /// The original's account for a host.
    pub(crate) fn original_at(&self, host: &str) -> Account {
        Account::new(self.names.original.as_str(), host)
    }

    /// Where the clients of the clone's account for a host belong among those of the original.
    pub(crate) fn place(&self, host: &str) -> Place<'_> {
        match self.originals.get_key_value(host) {
            Some((same, _)) => Place::Within(same),
            None => Place::of(host, self.originals.keys()),
        }
    }

    /// The accounts of the clone that correspond to one of the original.
    pub(crate) fn twins(&self) -> impl Iterator<Item = Twins<'_>> {
        self.clones.iter().filter_map(|(host, clone)| {
            let Place::Within(original_host) = self.place(host) else { return None };
            let (original_host, original) = self.originals.get_key_value(original_host)?;
            Some(Twins { host, clone, original_host, original })
        })
    }

    /// Those that correspond to this one.
    pub(crate) fn twins_of<'a>(&'a self, original_host: &'a str) -> impl Iterator<Item = Twins<'a>> {
        self.twins().filter(move |twins| twins.original_host == original_host)
    }

    /// Hosts for which the clone must be created.
    pub(crate) fn missing_hosts(&self) -> impl Iterator<Item = (&String, &State)> {
        self.originals.iter().filter(|(host, _)| !self.clones.contains_key(*host))
    }

    /// Hosts for which the clone has an account and the original has none.
    pub(crate) fn surplus_hosts(&self) -> impl Iterator<Item = (&String, &State)> {
        self.clones.iter().filter(|(host, _)| !self.originals.contains_key(*host))
    }

    /// The accounts whose password is to be set, with the plugins that they should have. New accounts get
    /// theirs when they are created, where they can be locked until they are complete.
    pub(crate) fn next_accounts(&self, next: Next) -> Vec<(Account, &Options)> {
        match next {
            Next::Original => {
                let originals = self.originals.iter();
                originals.map(|(host, state)| (self.original_at(host), &state.options)).collect()
            }
            Next::Clone => {
                let twins = self.twins();
                let known = twins.map(|twins| (self.clone_at(twins.host), &twins.original.options));
                let unlocked = (!self.dialect.has_account_lock()).then(|| self.missing_hosts());
                let made = unlocked.into_iter().flatten();
                let made = made.map(|(host, state)| (self.clone_at(host), &state.options));
                known.chain(made).collect()
            }
        }
    }

    /// The precondition of changing either user.
    ///
    /// # Errors
    /// [`StatementFault::NoSuchUser`].
    pub(crate) fn check_presence(&self, next: Next) -> Result<(), StatementFault> {
        if self.originals.is_empty() || (next == Next::Original && self.clones.is_empty()) {
            return Err(StatementFault::NoSuchUser);
        }
        Ok(())
    }
}

/// The plugins that keep a password that a statement can set.
pub(crate) const PASSWORD_PLUGINS: [&str; 5] =
    ["mysql_native_password", "caching_sha2_password", "sha256_password", "ed25519", "parsec"];

/// The server showed something that cannot be parsed exactly; nothing is done by guesswork.
pub(crate) fn unreadable(statement: &'static str) -> StatementError {
    StatementError {
        fault: StatementFault::Other { code: "unreadable answer".to_owned() },
        statement: Some(statement),
        source: None,
        is_before_password: false,
    }
}
