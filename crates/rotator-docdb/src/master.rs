//! What a master lacks, as far as its roles tell.

use std::collections::BTreeSet;

use rotation_core::database::Username;

use crate::user::Role;

/// Roles of the server's own, by which nobody administers users. What a role of somebody's own holds is not known.
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

/// What would let a master with these roles administer users of `home` and grant the roles of the original; nothing
/// where that is not known for certain.
pub(crate) fn lacking(
    master: &Username,
    held: &BTreeSet<Role>,
    home: &str,
    granted: &BTreeSet<Role>,
) -> Vec<String> {
    let databases: BTreeSet<&str> =
        granted.iter().map(|role| role.db.as_str()).chain(std::iter::once(home)).collect();
    let missing = databases.into_iter().filter(|database| !held.iter().any(|role| may(role, database)));
    let missing: Vec<_> = missing.map(|database| format!("{database:?}")).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let who = master.as_str();
    vec![format!(
        "grant {who:?} the role \"userAdminAnyDatabase\" of \"admin\", or \"userAdmin\" of {}",
        missing.join(" and ")
    )]
}

/// Whether the role may let its holder administer users, and grant roles, of this database.
fn may(role: &Role, database: &str) -> bool {
    match role.role.as_str() {
        "userAdmin" | "dbOwner" => role.db == database || role.db == "admin",
        other => !OTHERS.contains(&other),
    }
}

#[cfg(test)]
mod tests {
    use rotation_core::database::Engine;

    use super::*;
    use crate::DocumentDb;

    #[track_caller]
    fn check(held: &[(&str, &str)], expected: &[&str]) {
        let role = |(role, db): &(&str, &str)| Role { role: (*role).to_owned(), db: (*db).to_owned() };
        let master = Username::parse("master", &DocumentDb::PROFILE).unwrap();
        let granted = [("readWrite", "shop"), ("read", "home")].iter().map(role).collect();
        let found = lacking(&master, &held.iter().map(role).collect(), "home", &granted);
        assert_eq!(found, expected, "{held:?}");
    }

    #[test]
    fn what_a_master_lacks_is_said_only_where_its_roles_are_known() {
        const ALL: &str =
            "grant \"master\" the role \"userAdminAnyDatabase\" of \"admin\", or \"userAdmin\" of ";
        check(&[], &[&format!("{ALL}\"home\" and \"shop\"")]);
        check(&[("readWriteAnyDatabase", "admin")], &[&format!("{ALL}\"home\" and \"shop\"")]);
        check(&[("userAdmin", "home")], &[&format!("{ALL}\"shop\"")]);
        check(&[("userAdmin", "home"), ("dbOwner", "shop")], &[]);
        check(&[("userAdmin", "admin")], &[]);
        check(&[("userAdminAnyDatabase", "admin")], &[]);
        check(&[("root", "admin")], &[]);
        check(&[("read", "shop"), ("role-of-somebody", "shop")], &[]);
    }
}
