//! Privileges that are missing: named before and after, with commands that grant them.

use rotation_database::StatementFault;
use rotation_suites::EngineScene;
use rotation_suites::{Hostile, SecretTls, Trial};
use serde_json::{Value, json};
use test_servers::{DocdbProxy, DocdbServer, ProxyAction, TestLogin};

use crate::fixture::{HOME, Lab, fresh, run_as_it_stands, server, versions};

fn missing(fault: &StatementFault) -> &str {
    let StatementFault::PrivilegeMissing { needed } = fault else { panic!("{fault:?}") };
    needed
}

async fn give(lab: &Lab, username: &str, roles: Value) {
    lab.server.command(HOME, json!({"updateUser": username, "roles": roles})).await.unwrap();
}

async fn custom_role(server: &DocdbServer, home: &str, actions: Value) -> Value {
    let role = fresh("custom").username;
    let privilege = json!({"resource": {"db": home, "collection": ""}, "actions": actions});
    let create = json!({"createRole": role, "privileges": [privilege], "roles": []});
    server.command(home, create).await.unwrap();
    json!({"role": role, "db": home})
}

/// The database that lacks the privilege is named, not the one that has it. The plan reports it before, the
/// refusal afterwards, and the command of either fixes it.
#[tokio::test]
async fn missing_privilege_names_its_database() {
    for version in versions() {
        for role in ["userAdmin", "dbOwner"] {
            for by_plan in [true, false] {
                let lab = Lab::on(version).await;
                // In `admin` the two apply to no more than in any other database.
                give(&lab, &lab.master.username, json!([{"role": role, "db": HOME}])).await;
                let planned = lab.plan(&lab.clone()).await.unwrap().lacking;
                let refused = lab.rotate_to(&lab.clone()).await.unwrap_err().fault;
                assert_eq!(planned, [missing(&refused)], "{version}");
                let database = format!(r#"[{{"role":"userAdmin","db":"{}"}}]"#, lab.app.username);
                assert!(planned[0].contains(&database), "{planned:?}");
                assert!(!planned[0].contains(r#"on "admin""#), "{planned:?}");
                let hint = if by_plan { &planned[0] } else { missing(&refused) };
                assert_eq!(run_as_it_stands(lab.server, hint).await, 1);
                assert_eq!(lab.plan(&lab.clone()).await.unwrap().lacking, [""; 0]);
                lab.rotate_to(&lab.clone()).await.unwrap();
            }
        }
    }
}

/// Each refusal of a master names the actions and the database, and its command fixes it.
#[tokio::test]
async fn missing_privilege_has_its_command() {
    let lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    let elsewhere = json!([{"role": "read", "db": "elsewhere"}]);
    for (lacks, database) in [
        ("viewUser", HOME),
        ("changePassword", HOME),
        ("changeCustomData", HOME),
        ("grantRole", "elsewhere"),
        ("revokeRole", "elsewhere"),
    ] {
        let (change, back) = match lacks {
            "revokeRole" => ("revokeRolesFromUser", "grantRolesToUser"),
            _ => ("grantRolesToUser", "revokeRolesFromUser"),
        };
        if lacks == "revokeRole" {
            let grant = json!({back: lab.app.username, "roles": elsewhere});
            lab.server.command(HOME, grant).await.unwrap();
            lab.rotate_to(&lab.clone()).await.unwrap();
        }
        lab.server.command(HOME, json!({change: lab.app.username, "roles": elsewhere})).await.unwrap();
        let all = ["viewUser", "changePassword", "changeCustomData", "createUser", "grantRole", "revokeRole"];
        let kept: Vec<_> = all.iter().filter(|action| **action != lacks).collect();
        let mut roles = Vec::new();
        for home in [HOME, "elsewhere", &lab.app.username] {
            roles.push(custom_role(lab.server, home, json!(kept)).await);
        }
        let given = if database == HOME { json!([roles[1], roles[2], roles[0]]) } else { json!(roles) };
        give(&lab, &lab.master.username, given).await;
        let fault = lab.rotate_to(&lab.clone()).await.unwrap_err().fault;
        let hint = missing(&fault);
        assert!(hint.contains(&format!("{lacks} on {database:?}")), "{lacks}: {hint}");
        assert_eq!(run_as_it_stands(lab.server, hint).await, 1);
        lab.rotate_to(&lab.clone()).await.unwrap();
        lab.server
            .command(HOME, json!({"revokeRolesFromUser": lab.app.username, "roles": elsewhere}))
            .await
            .unwrap();
        lab.server
            .command(
                HOME,
                json!({"updateUser": lab.master.username,
            "roles": [{"role": "userAdminAnyDatabase", "db": HOME}]}),
            )
            .await
            .unwrap();
        lab.rotate_to(&lab.clone()).await.unwrap();
    }
}

/// A single user that may not change its own password: named before and after, with the commands that allow
/// it, wherever it is defined, and whether or not they were run before.
#[tokio::test]
async fn single_user_without_the_privilege() {
    for version in versions() {
        for home in [HOME, "a-home-of-users"] {
            for by_plan in [true, false] {
                let mut lab = Lab::on(version).await;
                home.clone_into(&mut lab.home);
                lab.app = fresh("plain \"user\"");
                let roles = json!([{"role": "readWrite", "db": "shop"}]);
                lab.server.create_user(home, &lab.app, roles).await.unwrap();
                let planned = lab.planned_own().await.lacking;
                let refused = lab.change_own("own-new-password").await.unwrap_err().fault;
                assert_eq!(planned, [missing(&refused)], "{version}");
                let hint = if by_plan { &planned[0] } else { missing(&refused) };
                assert_eq!(run_as_it_stands(lab.server, hint).await, 3, "{hint}");
                assert_eq!(lab.planned_own().await.lacking, [""; 0]);
                lab.change_own("own-new-password").await.unwrap();
                // They can be run again where the role exists, and the user or the role has lost something.
                let role = format!("{}_changeOwnPassword", lab.app.username);
                let resource = json!({"db": home, "collection": ""});
                let privilege = json!({"resource": resource, "actions": ["changeOwnPassword"]});
                lab.app.password = "own-new-password".to_owned();
                for loss in [
                    json!({"revokeRolesFromUser": lab.app.username, "roles": [{"role": role, "db": home}]}),
                    json!({"revokePrivilegesFromRole": role, "privileges": [privilege]}),
                ] {
                    lab.server.command(home, loss).await.unwrap();
                    assert_eq!(lab.planned_own().await.lacking, planned);
                    assert_eq!(run_as_it_stands(lab.server, hint).await, 3, "{hint}");
                    assert_eq!(lab.planned_own().await.lacking, [""; 0]);
                }
            }
        }
    }
}

/// Nothing is reported about a user that may, a server that shows no privileges, and one that checks none.
#[tokio::test]
async fn no_claim_without_certainty() {
    for version in versions() {
        let mut lab = Lab::on(version).await;
        let any = json!({"role": "userAdminAnyDatabase", "db": HOME});
        let root = json!({"role": "root", "db": HOME});
        let here = json!({"role": "userAdmin", "db": HOME});
        for role in [any, root, here, custom_role(lab.server, HOME, json!(["changePassword"])).await] {
            lab.app = fresh("may");
            lab.server.create_user(HOME, &lab.app, json!([role])).await.unwrap();
            assert_eq!(lab.planned_own().await.lacking, [""; 0], "{version} {role}");
            lab.change_own("own-new-password").await.unwrap();
        }
    }
    let mut lab = Lab::new().await;
    lab.app = fresh("plain");
    lab.server.create_user(HOME, &lab.app, json!([{"role": "read", "db": "shop"}])).await.unwrap();
    for kept in [json!(null), json!([])] {
        lab.recorder.set_script(move |command, reply| match reply {
            Some(reply) if command.get("connectionStatus").is_some() => {
                let mut reply = reply.clone();
                reply["authInfo"]["authenticatedUserPrivileges"] = kept.clone();
                ProxyAction::Answer(reply)
            }
            _ => ProxyAction::Pass,
        });
        assert_eq!(lab.planned_own().await.lacking, [""; 0]);
    }
    lab.recorder.set_script(|command, reply| match reply {
        None if command.get("connectionStatus").is_some() => {
            ProxyAction::Answer(json!({"ok": 0, "code": 303}))
        }
        _ => ProxyAction::Pass,
    });
    assert_eq!(lab.planned_own().await.lacking, [""; 0]);
}

/// A server without authorization shows privileges and permits everything to every user.
#[tokio::test]
async fn open_server_lacks_no_privilege() {
    let server = DocdbServer::builder().start().unwrap();
    let mut lab = Lab::started(Box::leak(Box::new(server))).await;
    lab.app = fresh("plain");
    lab.server.create_user(HOME, &lab.app, json!([{"role": "read", "db": "shop"}])).await.unwrap();
    give(&lab, &lab.master.username, json!([{"role": "read", "db": HOME}])).await;
    lab.server.restart_as(|server| server.authorization(false)).unwrap();
    assert_eq!(lab.planned_own().await.lacking, [""; 0]);
    assert_eq!(lab.plan(&lab.clone()).await.unwrap().lacking, [""; 0]);
    lab.change_own("own-new-password").await.unwrap();
    lab.rotate_to(&lab.clone()).await.unwrap();
}

/// A dry run of the function fails as the rotation would, with the commands in its answer and its log.
#[tokio::test]
async fn dry_run_names_the_missing_privilege() {
    let app = TestLogin { password: Hostile::CANARY.to_owned(), ..fresh("plain") };
    server().create_user(HOME, &app, json!([{"role": "read", "db": "shop"}])).await.unwrap();
    let function = Hostile { program: env!("CARGO_BIN_EXE_docdb_single_user"), engine: "mongo" };
    let mut document = function.document(server().port(), SecretTls::On);
    document["username"] = json!(app.username);
    let recorder = DocdbProxy::start(server()).unwrap();
    document["port"] = json!(recorder.port());
    let authority = server().authority().certificate_pem();
    let settings = function.function().env("TLS_CA_BUNDLE", authority).env("DRY_RUN", "true");
    let trial = Trial::run(settings, &document).await.unwrap();
    trial.assert_bounded(&"a dry run", &["DB_PRIVILEGE_MISSING"]);
    assert!(trial.log.contains("createRole") && trial.log.contains("grantRolesToUser"), "{}", trial.log);
    assert!(recorder.take_commands().iter().all(|command| command.get("updateUser").is_none()));
}

/// The action `anyAction` permits every other one, as versions from 4.4 to 6.0 show it: in a custom role, and
/// in `__system`.
#[tokio::test]
async fn any_action_permits_a_rotation() {
    for version in versions() {
        let lab = Lab::on(version).await;
        let role = fresh("superuser").username;
        let privilege = json!({"resource": {"anyResource": true}, "actions": ["anyAction"]});
        let create = json!({"createRole": role, "privileges": [privilege], "roles": []});
        lab.server.command(HOME, create).await.unwrap();
        for role in [role.as_str(), "__system"] {
            let roles = json!([{"role": role, "db": HOME}]);
            give(&lab, &lab.master.username, roles.clone()).await;
            assert_eq!(lab.plan(&lab.clone()).await.unwrap().lacking, [""; 0], "{version} {role}");
            lab.rotate_to(&lab.clone()).await.unwrap();
            give(&lab, &lab.app.username, roles).await;
            assert_eq!(lab.planned_own().await.lacking, [""; 0], "{version} {role}");
            give(&lab, &lab.app.username, json!([{"role": "read", "db": "elsewhere"}])).await;
        }
    }
}
