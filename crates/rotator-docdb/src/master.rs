//! The commands that give a user the privileges that a rotation needs, as an administrator runs them.

use rotation_database::Username;

use crate::{
    document::Document,
    privileges::{CHANGE_OWN_PASSWORD, Needs},
    role::Role,
    shell::in_shell,
};

/// Gives a master these privileges: by built-in roles in their databases, or by a role with these alone.
pub(crate) fn remedy(master: &Username, home: &str, missing: &Needs) -> String {
    let mut databases: Vec<&str> = missing.iter().map(|(database, _)| database.as_str()).collect();
    databases.dedup();
    let roles = databases
        .iter()
        .map(|database| Role { role: "userAdmin".to_owned(), db: (*database).to_owned() }.document());
    let grant = Document::new().text("grantRolesToUser", master.as_str()).documents("roles", roles);
    let actions = databases.iter().map(|database| {
        let here = missing.iter().filter(|(other, _)| other == database);
        format!("{} on {database:?}", here.map(|(_, action)| *action).collect::<Vec<_>>().join(", "))
    });
    format!(
        "run {}, or grant {:?} a role that holds {}",
        in_shell(home, &grant),
        master.as_str(),
        actions.collect::<Vec<_>>().join(" and ")
    )
}

/// Allows a user to change its own password: a role of that alone, by a name of its own, as the role of
/// another user may exist. The role may already exist, with or without the privilege: shells throw where they
/// cannot create it.
pub(crate) fn own_password_remedy(user: &Username, home: &str) -> String {
    let role = format!("{}_{CHANGE_OWN_PASSWORD}", user.as_str());
    let resource = Document::new().text("db", home).text("collection", "");
    let privilege = Document::new().document("resource", &resource).texts("actions", [CHANGE_OWN_PASSWORD]);
    let create = Document::new().text("createRole", &role);
    let create = create.documents("privileges", []).documents("roles", []);
    let fill = Document::new().text("grantPrivilegesToRole", &role).documents("privileges", [privilege]);
    let granted = Role { role, db: home.to_owned() }.document();
    let grant = Document::new().text("grantRolesToUser", user.as_str()).documents("roles", [granted]);
    let [create, fill, grant] = [create, fill, grant].map(|command| in_shell(home, &command));
    format!("run try {{ {create} }} catch (existing) {{}} {fill}; {grant} (or use the master-user function)")
}

#[cfg(test)]
mod tests {
    use rotation_database::Engine;

    use super::*;
    use crate::DocumentDb;

    /// The remediation gives a master a role for each database where it lacks privileges.
    #[test]
    fn role_for_each_lacking_database() {
        let master = Username::parse("master", &DocumentDb::PROFILE).unwrap();
        let needs = [("home", "createUser"), ("home", "viewUser"), ("shop", "grantRole")];
        let needs = needs.iter().map(|(db, action)| ((*db).to_owned(), *action)).collect();
        let expected = r#"run db.getSiblingDB("admin").runCommand({"grantRolesToUser":"master","roles":[{"role":"userAdmin","db":"home"},{"role":"userAdmin","db":"shop"}]}), or grant "master" a role that holds createUser, viewUser on "home" and grantRole on "shop""#;
        assert_eq!(remedy(&master, "admin", &needs), expected);
    }
}
