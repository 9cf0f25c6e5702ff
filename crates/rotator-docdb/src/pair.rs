//! The two users that take turns: whether they belong together and to this secret, and what either of them
//! lacks.

use std::collections::BTreeSet;

use rotation_database::{Equality, PairOwner, SINGLE_USER, StatementFault, UserPair, Username, recognize};

use crate::{
    mark::CloneMark,
    role::Role,
    shell::{restrictions_in_shell, roles_in_shell},
    user::User,
};

/// Roles that make a user an administrator of the whole server, whichever database they are in.
const OWNERS: [&str; 2] = ["root", "__system"];

/// The most roles that an error lists.
const MOST_LISTED: usize = 20;

/// Both users as they were read.
pub(crate) struct Pair<'a> {
    pub(crate) names: &'a UserPair,
    pub(crate) home: &'a str,
    pub(crate) owner: &'a PairOwner,
    /// The user whose turn it is: the other one is live.
    pub(crate) next: &'a Username,
    pub(crate) original: User,
    pub(crate) clone: Option<User>,
}

/// The difference between the two. The live user only ever receives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reconciliation<'u> {
    pub(crate) to_original: BTreeSet<&'u Role>,
    pub(crate) to_clone: BTreeSet<&'u Role>,
    /// Nothing while the clone is live.
    pub(crate) from_clone: BTreeSet<&'u Role>,
}

impl Reconciliation<'_> {
    /// The number of roles that are granted and revoked.
    pub(crate) fn count(&self) -> usize {
        self.to_original.len() + self.to_clone.len() + self.from_clone.len()
    }
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
        let Some(clone) = &self.clone else { return Ok(()) };
        let mark = self.mark(clone);
        let rights = self.equality(clone, mark.is_some());
        recognize(CloneMark::as_mark(mark.as_ref()), self.owner, rights, !self.clone_is_idle())?;
        self.check_restrictions(clone)?;
        self.reconcile(clone).map(drop)
    }

    pub(crate) fn mark(&self, clone: &User) -> Option<CloneMark> {
        clone.mark_as_clone(self.names.original.as_str(), self.home)
    }

    pub(crate) fn clone_is_idle(&self) -> bool {
        *self.next == self.names.clone
    }

    /// How the roles compare. Two users without any role are equal by chance, unless a mark ties them
    /// together.
    fn equality(&self, clone: &User, marked: bool) -> Equality {
        let (ours, theirs) = (&self.original.roles, &clone.roles);
        match (ours == theirs, theirs.is_subset(ours)) {
            (true, _) if marked || !ours.is_empty() => Equality::Equal,
            (false, true) => Equality::Less,
            _ => Equality::Differs,
        }
    }

    /// What reconciles the two. An idle clone becomes equal to the original. A live one keeps what it has:
    /// the original receives what was granted to the clone since both were last equal.
    ///
    /// # Errors
    /// [`StatementFault::CloneExceeds`] where the live clone has a role that the original may have had
    /// before: it may have been revoked on purpose.
    pub(crate) fn reconcile<'u>(&'u self, clone: &'u User) -> Result<Reconciliation<'u>, StatementFault> {
        let (ours, theirs) = (&self.original.roles, &clone.roles);
        let to_clone = ours.difference(theirs).collect();
        let beyond: BTreeSet<_> = theirs.difference(ours).collect();
        if self.clone_is_idle() {
            return Ok(Reconciliation { to_clone, from_clone: beyond, ..Reconciliation::default() });
        }
        let both = self.mark(clone).and_then(|mark| mark.roles);
        let gained = |role: &Role| {
            !OWNERS.contains(&role.role.as_str()) && both.as_ref().is_some_and(|both| !both.contains(role))
        };
        let unclear: Vec<_> = beyond.iter().copied().filter(|role| !gained(role)).collect();
        if unclear.is_empty() {
            return Ok(Reconciliation { to_original: beyond, to_clone, ..Reconciliation::default() });
        }
        let (original, clone) = (&self.names.original, &self.names.clone);
        let grant = roles_in_shell("grantRolesToUser", original, &unclear, self.home);
        let revoke = roles_in_shell("revokeRolesFromUser", clone, &unclear, self.home);
        Err(StatementFault::CloneExceeds {
            what: format!("the roles {}", listed(&unclear)),
            needed: format!(
                "run {grant} to give them to the original, or {revoke} to take them from the clone"
            ),
        })
    }

    /// A live clone may log in from addresses where the original may not: then the original must not take its
    /// place.
    fn check_restrictions(&self, clone: &User) -> Result<(), StatementFault> {
        let original = &self.original;
        if self.clone_is_idle() || original.restrictions().is_none() || clone.has_restrictions_of(original) {
            return Ok(());
        }
        let of_original = restrictions_in_shell(&self.names.clone, original, self.home);
        let of_clone = restrictions_in_shell(&self.names.original, clone, self.home);
        Err(StatementFault::CloneExceeds {
            what: "other authenticationRestrictions".to_owned(),
            needed: format!("run {of_clone} to let both log in as the clone does, or {of_original}"),
        })
    }

    /// A message for operators: how the clone was recognized, and what an idle one loses.
    pub(crate) fn notes(&self, clone: &User, reconciliation: &Reconciliation<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.mark(clone).is_none() {
            notes.push(if self.owner.adopt { ADOPTED } else { RECOGNIZED }.to_owned());
        }
        let revoked = reconciliation.from_clone.iter();
        notes.extend(revoked.map(|role| format!("the clone lost the role {role}, which the original lacks")));
        let restricted = clone.restrictions().is_some() && !clone.has_restrictions_of(&self.original);
        if restricted {
            notes.push(
                if self.clone_is_idle() { RESTRICTIONS_REPLACED } else { RESTRICTIONS_KEPT }.to_owned(),
            );
        }
        notes
    }
}

const ADOPTED: &str = "the clone had no mark and was taken over because ADOPT_CLONES names this secret";
pub(crate) const RECOGNIZED: &str = "the clone had no mark of a secret and was recognized by its equal \
    roles: two secrets of one user cannot be distinguished where the server keeps no customData";
const RESTRICTIONS_REPLACED: &str = "the clone's authenticationRestrictions were replaced by the original's";
const RESTRICTIONS_KEPT: &str = "the clone has authenticationRestrictions and the original has none: from \
    now on the original's apply";

/// The first roles of many.
fn listed(roles: &[&Role]) -> String {
    let shown: Vec<_> = roles.iter().take(MOST_LISTED).map(ToString::to_string).collect();
    match roles.len().saturating_sub(MOST_LISTED) {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

fn owns_the_server(user: &User) -> bool {
    user.roles.iter().any(|role| OWNERS.contains(&role.role.as_str()))
}

#[cfg(test)]
mod tests {
    use rotation_core::SecretId;
    use rotation_database::{Engine, SecretIdentity, UserPair, Username};

    use super::*;
    use crate::{
        DocumentDb,
        document::{Document, Reader},
        mark,
    };

    fn role(name: &str) -> Role {
        Role { role: name.to_owned(), db: "shop".to_owned() }
    }

    fn roles(names: &[&str]) -> BTreeSet<Role> {
        names.iter().map(|name| role(name)).collect()
    }

    fn user(name: &str, roles: &[&str], data: Option<Document>) -> User {
        let roles = roles.iter().map(|name| role(name).document());
        let user = Document::new().text("user", name).text("db", "admin").documents("roles", roles);
        let user = data.map_or(user.clone(), |data| user.document("customData", &data));
        let reply = Document::new().documents("users", [user]);
        let name = Username::parse(name, &DocumentDb::PROFILE).unwrap();
        User::of(Reader::parse(reply.as_bytes()).unwrap(), &name, "admin").unwrap().unwrap()
    }

    fn names() -> UserPair {
        UserPair::of(&Username::parse("app", &DocumentDb::PROFILE).unwrap(), &DocumentDb::PROFILE).unwrap()
    }

    fn owner() -> PairOwner {
        PairOwner {
            secret: SecretIdentity::from_secret(&SecretId::new("shop/checkout").unwrap()),
            adopt: false,
        }
    }

    /// A mark of the test's secret over these roles.
    fn marked(both: &[&str], home: &str) -> Document {
        let mark = mark::document(&names(), home, &owner().secret, &roles(both));
        user("app", &[], None).custom_data_of_clone(&mark)
    }

    /// A mark of a former version.
    fn unnamed() -> Document {
        let origin = Document::new().text("user", "app").text("db", "admin");
        Document::new().document(mark::MARKER, &Document::new().document("cloneOf", &origin))
    }

    type Clone<'a> = Option<(&'a [&'a str], Option<Document>)>;

    /// The result of a check on the clone's turn and on the original's.
    fn outcomes(original: &[&str], clone: &Clone<'_>) -> [Result<(), StatementFault>; 2] {
        let (names, owner) = (names(), owner());
        [&names.clone, &names.original].map(|next| {
            let clone = clone.clone().map(|(roles, data)| user("app_clone", roles, data));
            let original = user("app", original, None);
            Pair { names: &names, home: "admin", owner: &owner, next, original, clone }.check()
        })
    }

    /// Without a mark, only exactly equal roles, of which there is at least one, identify a clone.
    #[test]
    fn unmarked_needs_equal_roles() {
        let unknown = || [Err(StatementFault::CloneNotRecognized), Err(StatementFault::CloneNotRecognized)];
        let fine = || [Ok(()), Ok(())];
        assert_eq!(outcomes(&["read"], &None), fine());
        assert_eq!(outcomes(&["read"], &Some((&["read"], None))), fine());
        for (original, clone) in [
            (&["read", "dbAdmin"][..], &["read"][..]),
            (&["read"], &["read", "dbAdmin"]),
            (&["read"], &["dbAdmin"]),
            (&["read"], &["read", "root"]),
            (&["read"], &[]),
            (&[], &[]),
        ] {
            assert_eq!(outcomes(original, &Some((clone, None))), unknown(), "{original:?} {clone:?}");
        }
        let root = StatementFault::NotRotatable { why: "it owns the server (root)", remedy: SINGLE_USER };
        assert_eq!(outcomes(&["root"], &None), [Err(root.clone()), Err(root)]);
    }

    /// A mark of a former version names no secret: it finishes what that version began, and no more.
    #[test]
    fn unnamed_mark_finishes_its_change() {
        let refused = || Err(StatementFault::CloneNotRecognized);
        assert_eq!(outcomes(&[], &Some((&[], Some(unnamed())))), [Ok(()), Ok(())]);
        assert_eq!(outcomes(&["read"], &Some((&["read"], Some(unnamed())))), [Ok(()), Ok(())]);
        assert_eq!(outcomes(&["read", "backup"], &Some((&["read"], Some(unnamed())))), [Ok(()), refused()]);
        assert_eq!(outcomes(&["read"], &Some((&["backup"], Some(unnamed())))), [refused(), refused()]);
    }

    /// The mark is that of this pair in this database; the same name elsewhere is another user.
    #[test]
    fn mark_is_bound_to_its_database() {
        let fine = [Ok(()), Ok(())];
        assert_eq!(outcomes(&["read", "backup"], &Some((&["read"], Some(marked(&["read"], "admin"))))), fine);
        let elsewhere = outcomes(&["read"], &Some((&["backup"], Some(marked(&["read"], "shop")))));
        assert_eq!(elsewhere[0], Err(StatementFault::CloneNotRecognized));
    }

    /// The live clone's gain is distinguished from the original's loss by the roles that both had.
    #[test]
    fn clone_gain_is_no_original_loss() {
        let (names, owner) = (names(), owner());
        let check = |original: &[&str], clone: &[&str]| {
            let clone = user("app_clone", clone, Some(marked(&["read", "backup"], "admin")));
            let original = user("app", original, None);
            let pair = Pair {
                names: &names,
                home: "admin",
                owner: &owner,
                next: &names.original,
                original,
                clone: None,
            };
            let found = pair.reconcile(&clone).map(|found| {
                assert!(found.from_clone.is_empty(), "nothing is taken from a live user");
                let text = |roles: &BTreeSet<&Role>| roles.iter().map(|role| role.role.clone()).collect();
                (text(&found.to_original), text(&found.to_clone))
            });
            found.ok() as Option<(Vec<String>, Vec<String>)>
        };
        let text = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(check(&["backup", "read"], &["backup", "read", "new"]), Some((text(&["new"]), vec![])));
        assert_eq!(check(&["read"], &["read", "new"]), Some((text(&["new"]), vec![])));
        assert_eq!(check(&["read", "own"], &["read", "new"]), Some((text(&["new"]), text(&["own"]))));
        assert_eq!(check(&["read"], &["backup", "read"]), None, "the original lost it");
        assert_eq!(check(&["read"], &["read", "root"]), None, "the server's owner is never a gain");
    }

    /// A long list is shortened.
    #[test]
    fn long_list_is_shortened() {
        let all: Vec<_> = (0..23).map(|number| role(&format!("r{number}"))).collect();
        let text = listed(&all.iter().collect::<Vec<_>>());
        assert!(text.starts_with("\"r0\" of \"shop\", ") && text.ends_with(", and 3 more"), "{text}");
    }
}
