//! One user of the database: its passwords, and what its sessions can reach.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::Hash,
};

use rotation_database::LoginMethod;

use super::IDENTITY;

/// The users of one server, by name.
pub(crate) type Users = BTreeMap<String, User>;

/// One user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct User {
    /// `None` where the user cannot log in yet.
    pub(crate) password: Option<String>,
    /// The second password that logs in, on servers that keep two.
    pub(crate) secondary: Option<String>,
    /// All passwords that it has had, on servers that remember them.
    pub(crate) history: BTreeSet<String>,
    /// The form in which the password is stored.
    pub(crate) form: Form,
    pub(crate) grants: BTreeSet<String>,
    /// The objects that it owns.
    pub(crate) owns: BTreeSet<String>,
    /// The user as which its sessions act.
    pub(crate) acting: Acting,
    /// The mark that it is a clone, and of which secret.
    pub(crate) mark: Option<PairMark>,
}

/// A form in which a password is stored, and the method of the login that can use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// The form that the server uses, unless a test sets another one.
    #[default]
    Scram,
    Md5,
}

/// The user as which the sessions of a user act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Acting {
    /// The user itself.
    #[default]
    Own,
    /// The original.
    Original,
    /// The original, until an administrator revoked the membership.
    Parted,
}

/// The mark on a clone, which neither user of the pair can write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PairMark {
    /// Account and name of the secret; `None` in the mark of a former version.
    pub(crate) secret: Option<String>,
    /// What both users had after the last rotation.
    pub(crate) had: BTreeSet<String>,
}

impl User {
    pub(crate) fn new(password: &str, grants: BTreeSet<String>) -> Self {
        Self { password: Some(password.into()), grants, ..Self::default() }
    }

    /// Whether it logs in with this password, where the server asks for this method.
    pub(super) fn opens_by(&self, password: &str, method: Form) -> bool {
        self.form == method && self.passwords().any(|held| held == password)
    }

    /// All passwords that it keeps.
    pub(super) fn passwords(&self) -> impl Iterator<Item = &str> {
        [&self.password, &self.secondary].into_iter().filter_map(|held| held.as_deref())
    }

    /// Whether it carries the mark of the secret that is rotated.
    pub(super) fn is_ours(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.secret.as_deref() == Some(IDENTITY))
    }

    /// What it has itself.
    pub(super) fn holds(&self) -> BTreeSet<String> {
        self.grants.union(&self.owns).cloned().collect()
    }

    /// Whether nothing was revoked from it, and nothing but objects was given to it.
    pub(super) fn is_intact(&self, now: &Self) -> bool {
        if self.owns == now.owns {
            return self == now;
        }
        let owns = now.owns.clone();
        self.owns.is_subset(&owns) && *now == Self { owns, ..self.clone() }
    }

    /// Whether it logs in with no other password than before, in the same form.
    pub(super) fn gets_no_password(&self, now: &Self) -> bool {
        self.form == now.form && now.passwords().all(|held| self.passwords().any(|before| before == held))
    }

    /// The same user with the passwords of another.
    pub(super) fn with_passwords_of(&self, other: &Self) -> Self {
        Self { password: other.password.clone(), secondary: other.secondary.clone(), ..self.clone() }
    }
}

impl Form {
    pub(crate) fn method(self) -> LoginMethod {
        LoginMethod(match self {
            Self::Scram => "scram",
            Self::Md5 => "md5",
        })
    }

    /// The form that a method of this name can use.
    pub(super) fn used_by(method: LoginMethod) -> Self {
        if method == Self::Md5.method() { Self::Md5 } else { Self::Scram }
    }
}

/// What the sessions of a user can reach.
pub(super) fn reach(users: &Users, name: &str) -> BTreeSet<String> {
    let Some(user) = users.get(name) else { return BTreeSet::new() };
    match (user.acting, name.strip_suffix("_clone")) {
        (Acting::Original, Some(original)) => users.get(original).map(User::holds).unwrap_or_default(),
        // All that it could do came by the membership.
        (Acting::Parted, _) => BTreeSet::new(),
        (Acting::Own | Acting::Original, _) => user.holds(),
    }
}
