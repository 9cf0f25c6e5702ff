//! Users of servers of one's own: healthy rotations on Redis and on Valkey.

use serde_json::json;
use test_servers::{ValkeyProduct, ValkeyServer};

use crate::fixture::{Plan, create, fresh, refusals_of, shared};

/// After each rotation AWSCURRENT and AWSPREVIOUS log in, the version before does not, and there are two
/// passwords. No login is refused, and no value is printed.
#[tokio::test]
async fn two_passwords_and_no_refused_login() {
    for product in ValkeyProduct::ALL {
        let server = shared(product);
        let scene = Plan::at(server).own().await;
        let mut older = scene.user.clone();
        for rotation in 1..=3 {
            let before = scene.login("AWSCURRENT");
            scene.rotated().await;
            assert_eq!(server.passwords(&scene.user.username), Some(2), "{product}");
            let (current, previous) = (scene.login("AWSCURRENT"), scene.login("AWSPREVIOUS"));
            assert!(current.password != before.password && previous.password == before.password);
            assert!(server.opens(&current) && server.opens(&previous), "{product}");
            assert!(rotation == 1 || !server.opens(&older), "{product}");
            older = previous;
        }
        // Those of this test: one a rotation from the second on.
        assert_eq!(refusals_of(server, &scene.user.username), 2, "{product}");
        let output = scene.function.output();
        assert!(!output.contains("canary-") && !output.contains(&older.password), "{output}");
    }
}

/// A rotation takes at most 12 calls of Secrets Manager, the one for the master secret included.
#[tokio::test]
async fn twelve_calls_with_a_master_secret() {
    let scene = Plan::at(shared(ValkeyProduct::Valkey9)).own().await;
    for _ in 0..2 {
        scene.store.take_calls();
        scene.rotated().await;
        assert_eq!(scene.store.take_calls().len(), 12);
    }
}

/// What a rotation has set is in the server's file: it survives a crash.
#[tokio::test]
async fn password_survives_a_restart() {
    for product in ValkeyProduct::ALL {
        let server = ValkeyServer::builder(product).start().unwrap();
        let scene = Plan::at(&server).own().await;
        scene.rotated().await;
        server.crash().unwrap();
        assert!(server.opens(&scene.login("AWSCURRENT")) && server.opens(&scene.login("AWSPREVIOUS")));
        scene.rotated().await;
    }
}

/// The outcome line has the logins, and what is known after them.
#[tokio::test]
async fn outcome_names_the_logins() {
    let scene = Plan::at(shared(ValkeyProduct::Redis7)).own().await;
    scene.rotated().await;
    let lines = scene.lines("result");
    let set = lines.iter().find(|line| line["step"] == "setSecret").unwrap();
    assert_eq!((&set["engine"], &set["strategy"]), (&json!("valkey"), &json!("master_user")));
    assert_eq!(set["state"], "AWSCURRENT logs in; AWSPENDING was set", "{set:#}");
    let tested = lines.iter().find(|line| line["step"] == "testSecret").unwrap();
    assert_eq!((&tested["state"], &tested["transport"]), (&json!("AWSPENDING logs in"), &json!("tls")));
}

/// A dry run lists what would be done and changes nothing; the doctor event tries each version.
#[tokio::test]
async fn dry_run_and_doctor_change_nothing() {
    let server = shared(ValkeyProduct::Valkey9);
    let scene = Plan::at(server).setting("DRY_RUN", "true").own().await;
    assert_eq!(scene.refused(server).await, ("DRY_RUN".to_owned(), "createSecret"));
    let acts = scene.lines("dry_run");
    assert!(acts.iter().any(|line| line["message"].to_string().contains("ACL SETUSER")), "{acts:#?}");

    let scene = Plan::at(server).own().await;
    scene.rotated().await;
    let found = scene.function.invoke(&json!({"doctor": scene.secret})).await.unwrap();
    assert_eq!(found["state"], "healthy", "{found:#}");
}

/// Plaintext where the secret asks for it, and nowhere else.
#[tokio::test]
async fn plaintext_only_on_request() {
    let server = shared(ValkeyProduct::Redis7);
    let plain = json!({"ssl": false, "port": server.plain_port()});
    let scene = Plan::at(server).document(plain.clone()).master(plain).own().await;
    scene.rotated().await;
    assert!(server.opens(&scene.login("AWSCURRENT")));
    for absent in [json!(null), json!(true)] {
        let plain = json!({"ssl": absent, "port": server.plain_port()});
        let scene = Plan::at(server).document(plain.clone()).master(plain).own().await;
        assert_eq!(scene.refused(server).await, ("TLS_NO_RESPONSE".to_owned(), "setSecret"));
    }
}

/// Passwords that neither version holds are removed, and that is reported.
#[tokio::test]
async fn left_over_passwords_are_removed() {
    let server = shared(ValkeyProduct::Valkey9);
    let scene = Plan::at(server).own().await;
    let (one, other) = (fresh("x"), fresh("y"));
    for login in [&one, &other] {
        let words = ["ACL", "SETUSER", &scene.user.username, &format!(">{}", login.password)];
        server.command(&words).unwrap();
    }
    scene.rotated().await;
    assert_eq!(server.passwords(&scene.user.username), Some(2));
    assert!(scene.function.output().contains("2 passwords that are in neither version were removed"));
}

/// A user whose name has characters of commands is one name.
#[tokio::test]
async fn names_are_arguments() {
    let server = shared(ValkeyProduct::Valkey9);
    let (mut user, master) = (fresh("a"), fresh("master"));
    user.username = format!("{}:>'\"*$%", user.username);
    create(server, &user, &["-@all"]);
    create(server, &master, &crate::fixture::MASTER_RULES);
    let scene = Plan::at(server).own_with(user, master).await;
    scene.rotated().await;
    assert!(server.opens(&scene.login("AWSCURRENT")));
}
