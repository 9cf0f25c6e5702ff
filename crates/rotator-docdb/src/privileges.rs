//! What a session's user may do, as `connectionStatus` shows it.

use std::collections::BTreeSet;

use crate::{
    document::{Reader, Value},
    role::{self, Role},
};

/// Changes the user's own password; a user that may change any password of the database may do that as well.
pub(crate) const CHANGE_OWN_PASSWORD: &str = "changeOwnPassword";
const CHANGE_PASSWORD: &str = "changePassword";
/// Permits every action where it applies, the server itself included: `__system` has it, and custom roles may
/// have it.
const ANY_ACTION: &str = "anyAction";

/// Actions on the users and roles of databases: the database, and the action.
pub(crate) type Needs = BTreeSet<(String, &'static str)>;

/// Built-in roles that do not permit the administration of users. What an operator's own role permits is
/// not known.
const OTHERS: [&str; 12] = [
    "backup",
    "clusterAdmin",
    "clusterManager",
    "clusterMonitor",
    "dbAdmin",
    "dbAdminAnyDatabase",
    "enableSharding",
    "hostManager",
    "read",
    "readAnyDatabase",
    "readWrite",
    "readWriteAnyDatabase",
];

/// The roles and privileges of a user.
#[derive(Debug)]
pub(crate) struct Held {
    roles: BTreeSet<Role>,
    /// All of them, including those of roles that other roles inherit. `None` where the server does not
    /// report them.
    privileges: Option<Vec<Privilege>>,
}

#[derive(Debug)]
struct Privilege {
    place: Place,
    actions: BTreeSet<String>,
}

/// Where a privilege applies. Those on one collection permit nothing about users.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    AnyDatabase,
    Database(String),
    Cluster,
}

impl Held {
    /// `None` where the server does not even report the roles.
    pub(crate) fn of(status: Reader<'_>) -> Option<Self> {
        let info = status.get("authInfo").and_then(Value::as_document)?;
        let roles = role::roles(info.get("authenticatedUserRoles")?)?;
        let list = info.get("authenticatedUserPrivileges").and_then(Value::as_array);
        // Roles without a single privilege: the server does not disclose the list.
        let list = list.filter(|list| roles.is_empty() || !list.is_empty());
        let privileges = list.map(|list| list.into_iter().filter_map(Privilege::of).collect());
        Some(Self { roles, privileges })
    }

    /// Whether the server reports each privilege.
    pub(crate) fn is_exact(&self) -> bool {
        self.privileges.is_some()
    }

    /// Those of these privileges that the user is known to lack; by its roles alone, where the server reports
    /// no more.
    pub(crate) fn missing(&self, needs: &Needs) -> Needs {
        let known = |(database, action): &&(String, &'static str)| match &self.privileges {
            Some(held) => !held.iter().any(|privilege| privilege.permits(action, database)),
            None => !self.roles.iter().any(|role| may(role, database)),
        };
        needs.iter().filter(known).cloned().collect()
    }

    /// Whether the user may do this to the server itself.
    pub(crate) fn may_at_server(&self, action: &str) -> bool {
        self.privileges.iter().flatten().any(|privilege| {
            matches!(privilege.place, Place::Anywhere | Place::Cluster) && privilege.holds(action)
        })
    }
}

impl Privilege {
    fn of(value: Value<'_>) -> Option<Self> {
        let value = value.as_document()?;
        let actions = value.get("actions")?.as_array()?;
        let actions = actions.into_iter().filter_map(|action| action.as_text().map(str::to_owned)).collect();
        let resource = value.get("resource")?.as_document()?;
        let is_true = |name| resource.get(name).is_some_and(Value::is_true);
        let place = match (resource.text("db"), resource.text("collection")) {
            _ if is_true("anyResource") => Place::Anywhere,
            _ if is_true("cluster") => Place::Cluster,
            (Some(""), Some("")) => Place::AnyDatabase,
            (Some(database), Some("")) => Place::Database(database.to_owned()),
            _ => return None,
        };
        Some(Self { place, actions })
    }

    fn permits(&self, action: &str, database: &str) -> bool {
        let here = match &self.place {
            Place::Anywhere | Place::AnyDatabase => true,
            Place::Database(name) => name == database,
            Place::Cluster => false,
        };
        here && (self.holds(action) || action == CHANGE_OWN_PASSWORD && self.holds(CHANGE_PASSWORD))
    }

    fn holds(&self, action: &str) -> bool {
        self.actions.contains(action) || self.actions.contains(ANY_ACTION)
    }
}

/// Whether the role may allow its holder to administer users, and grant roles, of this database. Even in
/// `admin`, `userAdmin` only covers the users and roles of its own database.
fn may(role: &Role, database: &str) -> bool {
    match role.role.as_str() {
        "userAdmin" | "dbOwner" => role.db == database,
        other => !OTHERS.contains(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    type Privileges<'a> = Option<&'a [(&'a str, &'a str, &'a [&'a str])]>;

    fn held(roles: &[(&str, &str)], privileges: Privileges<'_>) -> Held {
        let roles = roles.iter().map(|(role, db)| Document::new().text("role", role).text("db", db));
        let mut info = Document::new().documents("authenticatedUserRoles", roles);
        if let Some(privileges) = privileges {
            let privileges = privileges.iter().map(|(db, collection, actions)| {
                let resource = Document::new().text("db", db).text("collection", collection);
                Document::new().document("resource", &resource).texts("actions", actions.iter().copied())
            });
            info = info.documents("authenticatedUserPrivileges", privileges);
        }
        let status = Document::new().document("authInfo", &info);
        Held::of(Reader::parse(status.as_bytes()).unwrap()).unwrap()
    }

    fn missing(held: &Held, needs: &[(&str, &'static str)]) -> String {
        let needs = needs.iter().map(|(db, action)| ((*db).to_owned(), *action)).collect();
        let missing = held.missing(&needs);
        missing.into_iter().map(|(db, action)| format!("{action}@{db}")).collect::<Vec<_>>().join(" ")
    }

    /// Roles alone show only what is certain.
    #[test]
    fn certainty_from_roles_alone() {
        let check = |roles: &[(&str, &str)], expected: &str| {
            let needs = [("home", "createUser"), ("shop", "grantRole")];
            assert_eq!(missing(&held(roles, None), &needs), expected, "{roles:?}");
        };
        let both = "createUser@home grantRole@shop";
        check(&[], both);
        check(&[("readWriteAnyDatabase", "admin")], both);
        check(&[("userAdmin", "home")], "grantRole@shop");
        check(&[("userAdmin", "home"), ("dbOwner", "shop")], "");
        check(&[("userAdmin", "admin")], both);
        check(&[("dbOwner", "admin")], both);
        check(&[("userAdminAnyDatabase", "admin")], "");
        check(&[("root", "admin")], "");
        check(&[("read", "shop"), ("an operator's own", "shop")], "");
    }

    /// Privileges show exactly what is missing.
    #[test]
    fn exact_with_privileges() {
        let own = [("home", CHANGE_OWN_PASSWORD)];
        let check = |privileges: &[(&str, &str, &[&str])], expected: &str| {
            let held = held(&[("an operator's own", "home")], Some(privileges));
            assert_eq!(missing(&held, &own), expected, "{privileges:?}");
        };
        let lacks = "changeOwnPassword@home";
        check(&[("shop", "", &["find"])], lacks);
        check(&[("shop", "", &["changeOwnPassword"])], lacks);
        check(&[("home", "orders", &["changeOwnPassword"])], lacks);
        check(&[("home", "", &["find", "changeOwnPassword"])], "");
        check(&[("home", "", &["changePassword"])], "");
        check(&[("", "", &["changeOwnPassword"])], "");
        check(&[("", "", &["anyAction"])], "");
        check(&[("home", "", &["anyAction"])], "");
        check(&[("shop", "", &["anyAction"])], lacks);
        let nobody = held(&[], Some(&[]));
        assert!(nobody.is_exact());
        assert_eq!(missing(&nobody, &own), lacks);
        assert!(!held(&[("read", "shop")], Some(&[])).is_exact(), "a server that does not disclose the list");
    }
}
