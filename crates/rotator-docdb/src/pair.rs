//! The two users that take turns: whether they belong together, and what the clone lacks.

use std::collections::BTreeSet;

use rotation_core::database::{SINGLE_USER, StatementFault, UserPair};

use crate::user::{Role, User};

/// Roles that make a user the server's owner, whichever database they are in.
const OWNERS: [&str; 2] = ["root", "__system"];

/// Both users as they were read.
pub(crate) struct Pair<'a> {
    pub(crate) names: &'a UserPair,
    pub(crate) home: &'a str,
    pub(crate) original: User,
    pub(crate) clone: Option<User>,
}

impl Pair<'_> {
    /// Whether this pair may be rotated, before anything is written.
    pub(crate) fn check(&self) -> Result<(), StatementFault> {
        if owns_the_server(&self.original) {
            return Err(StatementFault::NotRotatable {
                why: "it owns the server (root)",
                remedy: SINGLE_USER,
            });
        }
        match &self.clone {
            Some(clone) if !self.is_kin(clone) => Err(StatementFault::CloneNotRecognized),
            _ => Ok(()),
        }
    }

    /// A clone of ours says whose it is in `customData`. Where a server keeps none (DocumentDB), and with clones that
    /// AWS's template made, roles speak: one of the two has all roles of the other, and both have some. A right that
    /// was granted to or revoked from one of them alone since leaves that so.
    fn is_kin(&self, clone: &User) -> bool {
        let (ours, theirs) = (&self.original.roles, &clone.roles);
        let alike = ours.is_subset(theirs) || theirs.is_subset(ours);
        clone.is_marked_clone(self.names, self.home)
            || alike && !ours.is_empty() && !theirs.is_empty() && !owns_the_server(clone)
    }

    /// Roles that the clone lacks, and those that it has beyond the original's.
    pub(crate) fn drift<'u>(&'u self, clone: &'u User) -> (BTreeSet<&'u Role>, BTreeSet<&'u Role>) {
        let (ours, theirs) = (&self.original.roles, &clone.roles);
        (ours.difference(theirs).collect(), theirs.difference(ours).collect())
    }
}

fn owns_the_server(user: &User) -> bool {
    user.roles.iter().any(|role| OWNERS.contains(&role.role.as_str()))
}

#[cfg(test)]
mod tests {
    use rotation_core::database::{Engine, UserPair, Username};

    use super::*;
    use crate::{
        DocumentDb,
        document::{Document, Reader},
    };

    fn user(name: &str, roles: &[&str], marker: Option<Document>) -> User {
        let roles = roles.iter().map(|role| Document::new().text("role", role).text("db", "shop"));
        let user = Document::new().text("user", name).text("db", "admin").documents("roles", roles);
        let user = marker.map_or(user.clone(), |marker| user.document("customData", &marker));
        let reply = Document::new().documents("users", [user]);
        let name = Username::parse(name, &DocumentDb::PROFILE).unwrap();
        User::of(Reader::parse(reply.as_bytes()).unwrap(), &name, "admin").unwrap().unwrap()
    }

    fn names() -> UserPair {
        UserPair::of(&Username::parse("app", &DocumentDb::PROFILE).unwrap(), &DocumentDb::PROFILE).unwrap()
    }

    #[track_caller]
    fn check(
        original: &[&str],
        clone: Option<(&[&str], Option<Document>)>,
        expected: &Result<(), StatementFault>,
    ) {
        let pair = Pair {
            names: &names(),
            home: "admin",
            original: user("app", original, None),
            clone: clone.map(|(roles, marker)| user("app_clone", roles, marker)),
        };
        assert_eq!(pair.check(), *expected);
    }

    #[test]
    fn kinship_is_a_marker_or_roles_of_which_one_set_holds_the_other() {
        let not_kin = || Err(StatementFault::CloneNotRecognized);
        check(&["read"], None, &Ok(()));
        check(&["read"], Some((&["read"], None)), &Ok(()));
        check(&["read", "dbAdmin"], Some((&["read"], None)), &Ok(()));
        check(&["read"], Some((&["read", "dbAdmin"], None)), &Ok(()));
        check(&["read", "dbAdmin"], Some((&["read", "backup"], None)), &not_kin());
        check(&["read"], Some((&["dbAdmin"], None)), &not_kin());
        check(&["read"], Some((&[], None)), &not_kin());
        check(&[], Some((&[], None)), &not_kin());
        check(&["read"], Some((&["read", "root"], None)), &not_kin());
        check(
            &["root"],
            None,
            &Err(StatementFault::NotRotatable { why: "it owns the server (root)", remedy: SINGLE_USER }),
        );
    }

    #[test]
    fn the_marker_names_the_original_and_its_database() {
        let original = user("app", &["read"], Some(Document::new().text("team", "blue")));
        let marked = original.custom_data_of_clone(&names(), "admin");
        check(&["read"], Some((&["dbAdmin"], Some(marked.clone()))), &Ok(()));
        let clone = user("app_clone", &["read"], Some(marked.clone()));
        assert!(clone.has_custom_data_of(&original) && clone.has_custom_data());
        assert!(clone.is_marked_clone(&names(), "admin"));
        assert!(!clone.is_marked_clone(&names(), "shop"), "the same name elsewhere is another user");
        let other = original.custom_data_of_clone(&names(), "shop");
        check(&["read"], Some((&["dbAdmin"], Some(other))), &Err(StatementFault::CloneNotRecognized));
        assert!(!user("app_clone", &[], None).has_custom_data_of(&original));
    }
}
