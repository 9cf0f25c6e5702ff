//! The mark of a clone: a group without privileges, `clone:<name of the secret>:<digest>`, whose only member
//! is the clone.
//!
//! Only superusers create groups and add users to them ("CREATE GROUP", "ALTER GROUP"), so neither of the two
//! users can write it. The digest is over the secret's identity and the original's name; the secret's name is
//! there for readers, and truncated where it is long. A group named `<original>:clone` is the mark of a
//! former version, which does not name a secret.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use rotation_database::{Mark, SecretIdentity, Username};

const PREFIX: &str = "clone:";
/// Hexadecimal digits of the digest: 128 bits.
const DIGEST: usize = 32;
/// The most bytes of the secret's name that keep the group's name below 64.
const SHOWN: usize = 24;

/// The marks of a pair.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    /// The group that ties the pair to its secret.
    pub(crate) own: String,
    pub(crate) own_exists: bool,
    /// Groups of this kind that the clone is in.
    pub(crate) held: Vec<String>,
    /// Whether the clone carries a former version's mark.
    pub(crate) unnamed: bool,
}

impl Marks {
    /// The marks that a clone may carry, before groups were read.
    pub(crate) fn new(secret: &SecretIdentity, original: &Username) -> Self {
        let own = group(secret, original.as_str());
        Self { own, own_exists: false, held: Vec::new(), unnamed: false }
    }

    pub(crate) fn carries_own(&self) -> bool {
        self.held.contains(&self.own)
    }

    /// Groups that tie the clone to other secrets.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &String> {
        self.held.iter().filter(|group| **group != self.own)
    }

    /// In the form of the rule for all engines. The mark of another secret outweighs this secret's.
    pub(crate) fn as_mark<'a>(&'a self, secret: &'a SecretIdentity) -> Mark<'a> {
        match self.foreign().next() {
            Some(foreign) => Mark::Of(foreign),
            None if self.carries_own() => Mark::Of(secret.as_str()),
            None if self.unnamed => Mark::Unnamed,
            None => Mark::None,
        }
    }
}

/// The mark of a former version.
pub(crate) fn unnamed(original: &str) -> String {
    format!("{original}:clone")
}

/// Whether a group is a mark that names a secret.
pub(crate) fn is_mark(group: &str) -> bool {
    let digest = group.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once(':')).map(|(_, digest)| digest);
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digest.is_some_and(|digest| digest.len() == DIGEST && digest.bytes().all(hexadecimal))
}

fn group(secret: &SecretIdentity, original: &str) -> String {
    let name: String =
        secret.name().chars().filter(|c| c.is_ascii_graphic() && *c != '\\').take(SHOWN).collect();
    // A NUL is in neither of them.
    let digest = digest(&SHA256, [secret.as_str(), original].join("\0").as_bytes());
    let mut group = format!("{PREFIX}{name}:");
    for byte in digest.as_ref().iter().take(DIGEST / 2) {
        let _ = write!(group, "{byte:02x}");
    }
    group
}

#[cfg(test)]
mod tests {
    use rotation_core::SecretId;
    use rotation_database::Engine;

    use super::*;
    use crate::Redshift;

    fn marks(secret: &str, original: &str) -> Marks {
        let secret = SecretIdentity::from_secret(&SecretId::new(secret).unwrap());
        Marks::new(&secret, &Username::parse(original, &Redshift::PROFILE).unwrap())
    }

    /// Each secret and each user has a group of its own, whose name is short enough for every server.
    #[test]
    fn group_names_one_secret_and_user() {
        let groups = [
            marks("shop/checkout", "app").own,
            marks("shop/checkout", "app2").own,
            marks("shop/checkout2", "app").own,
            marks(&"long/".repeat(60), "app").own,
            marks(&format!("{}2", "long/".repeat(60)), "app").own,
        ];
        for (index, group) in groups.iter().enumerate() {
            assert!(is_mark(group) && group.len() < 64, "{group}");
            assert!(!groups[..index].contains(group), "{group}");
        }
        assert!(groups[0].starts_with("clone:shop/checkout:"), "{}", groups[0]);
        for other in ["app:clone", "clone:shop", "clone:a:b", &groups[0][1..], &groups[0].to_uppercase()] {
            assert!(!is_mark(other), "{other}");
        }
    }

    /// The mark of another secret outweighs our own.
    #[test]
    fn other_secrets_mark_wins() {
        let secret = SecretIdentity::from_secret(&SecretId::new("shop").unwrap());
        let mut marks = marks("shop", "app");
        assert_eq!(marks.as_mark(&secret), Mark::None);
        marks.unnamed = true;
        assert_eq!(marks.as_mark(&secret), Mark::Unnamed);
        marks.held.push(marks.own.clone());
        assert_eq!(marks.as_mark(&secret), Mark::Of("shop"));
        marks.held.push("clone:other:0".to_owned());
        assert_eq!(marks.as_mark(&secret), Mark::Of("clone:other:0"));
    }
}
