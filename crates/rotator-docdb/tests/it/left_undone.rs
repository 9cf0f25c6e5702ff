//! A command fails, and the error tells what is left to do.

use rotation_suites::EngineScene;
use serde_json::json;
use test_servers::ProxyAction;

use crate::fixture::{HOME, Lab};

/// Of a command that fails, the error tells whether more than the password is left undone: a login by the
/// password would not find that out. A write that the server has executed without its majority leaves nothing
/// else.
#[tokio::test]
async fn error_names_what_is_left() {
    let lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    let roles = json!([{"role": "read", "db": "elsewhere"}]);
    let restrictions = json!([{"clientSource": ["127.0.0.0/8"]}]);
    for (name, change, code, left_out) in [
        ("grantRolesToUser", json!({"grantRolesToUser": lab.app.username, "roles": roles}), 79, true),
        ("updateUser", json!({"grantRolesToUser": lab.app.username, "roles": roles}), 79, false),
        (
            "updateUser",
            json!({"updateUser": lab.app.username, "authenticationRestrictions": restrictions}),
            31,
            true,
        ),
    ] {
        lab.server.command(HOME, change).await.unwrap();
        lab.recorder.set_script(move |command, reply| match reply {
            None if command.get(name).is_some() => {
                ProxyAction::Answer(json!({"ok": 0, "code": code, "errmsg": "refused"}))
            }
            _ => ProxyAction::Pass,
        });
        let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
        assert_eq!(error.is_before_password, left_out, "{name}: {error:?}");
        lab.recorder.clear_script();
        if left_out {
            assert!(!lab.plan(&lab.clone()).await.unwrap().statements.is_empty());
        }
    }
}
