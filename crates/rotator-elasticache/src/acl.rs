//! The passwords of a user, as the server lists them by their hashes, and the one command that changes them.

use std::fmt;

use ring::digest::{SHA256, digest};
use rotation_core::Password;

use crate::resp::Reply;

/// The hash by which the server stores a password: SHA-256 in lower-case hexadecimal digits. It does not
/// print.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Of a password.
    pub fn of(password: &Password) -> Self {
        let digest = digest(&SHA256, password.expose().as_bytes());
        let digit = |nibble: u8| char::from_digit(nibble.into(), 16).expect("a nibble is one digit");
        Self(digest.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
    }

    /// As the server lists it; `None` for anything but 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hash = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash.then(|| Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// A user, as `ACL GETUSER` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclUser {
    /// Whether it may log in.
    pub is_on: bool,
    /// Whether any password logs in.
    pub takes_any_password: bool,
    /// The passwords that log in.
    pub passwords: Vec<PasswordHash>,
}

impl AclUser {
    /// `None` where the reply is no description of a user.
    pub(crate) fn of(reply: &Reply) -> Option<Self> {
        let flags: Vec<&str> = reply.field("flags")?.elements()?.iter().filter_map(Reply::text).collect();
        let passwords = reply.field("passwords")?.elements()?.iter();
        let passwords =
            passwords.map(|hash| hash.text().and_then(PasswordHash::parse)).collect::<Option<_>>()?;
        Some(Self { is_on: flags.contains(&"on"), takes_any_password: flags.contains(&"nopass"), passwords })
    }
}

/// One change of a user's passwords, which the server makes as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChange {
    keep: PasswordHash,
    add: PasswordHash,
    remove: Vec<PasswordHash>,
}

impl PasswordChange {
    /// The change after which the two passwords log in and no other. `None` where that is so already.
    pub fn to(current: &Password, pending: &Password, user: &AclUser) -> Option<Self> {
        let (keep, add) = (PasswordHash::of(current), PasswordHash::of(pending));
        let remove: Vec<_> =
            user.passwords.iter().filter(|hash| **hash != keep && **hash != add).cloned().collect();
        let is_made = remove.is_empty() && user.passwords.contains(&keep) && user.passwords.contains(&add);
        (!is_made).then_some(Self { keep, add, remove })
    }

    /// How many passwords it removes.
    pub fn removes(&self) -> usize {
        self.remove.len()
    }

    /// The rules for `ACL SETUSER`. The server refuses all of them where a hash that is to be removed is not
    /// among the user's: so the live password is removed and added again, which changes nothing, and proves
    /// that it is still live. A stale change is refused by the server itself, and no user is created.
    pub(crate) fn rules(&self) -> Vec<String> {
        let PasswordChange { keep: PasswordHash(keep), add: PasswordHash(add), remove } = self;
        let mut rules = vec![format!("!{keep}"), format!("#{keep}"), format!("#{add}")];
        rules.extend(remove.iter().map(|PasswordHash(hash)| format!("!{hash}")));
        rules
    }

    /// Makes the change on a list, as a server does: for fakes in tests. `false` where it is refused.
    pub fn apply(&self, passwords: &mut Vec<PasswordHash>) -> bool {
        if !passwords.contains(&self.keep) || !self.remove.iter().all(|hash| passwords.contains(hash)) {
            return false;
        }
        passwords.retain(|hash| !self.remove.contains(hash));
        if !passwords.contains(&self.add) {
            passwords.push(self.add.clone());
        }
        true
    }
}
