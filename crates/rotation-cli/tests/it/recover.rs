//! `rotate explain` and `rotate recover` on secrets that are stuck.

use local_aws::secrets_manager::{Fault, FaultKind, Operation};
use serde_json::json;

use crate::world::{SECRET, World};

const HALF_WAY: &str = "interrupted-0123456789";

impl World {
    async fn set_password(&self, password: &str) {
        self.admin(&format!("ALTER ROLE {} PASSWORD '{password}'", self.user.username)).await;
    }

    /// AWSPENDING holds the only password that works.
    async fn half_way(&self) -> String {
        let version = self.put_pending(HALF_WAY);
        self.set_password(HALF_WAY).await;
        version
    }

    async fn expect_current(&self, version: &str) {
        assert_eq!(self.holder("AWSCURRENT").as_deref(), Some(version));
        assert!(self.logs_in(&self.login("AWSCURRENT").unwrap()).await);
    }
}

/// `--explain` draws the versions and reports how the secret got into that state.
#[tokio::test]
async fn explain_draws_versions_and_cause() {
    let world = World::new().await;
    world.half_way().await;
    let run = world.ask("explain", &[], &[]).await;
    run.expect_code(0)
        .expect_out("AWSCURRENT")
        .expect_out("seconds old")
        .expect_out("is refused (DB_AUTH_REFUSED)")
        .expect_out("Origin  setSecret changed the password")
        .expect_out("Way out")
        .expect_out("rotate recover arn:");
    let current = world.holder("AWSCURRENT").unwrap();
    let version = run.out.lines().find(|line| line.starts_with(&current[..8]));
    let version = version.unwrap_or_else(|| panic!("no line of {current}:\n{}", run.out));
    // Without a locale the signs are ASCII: AWSCURRENT is inferred up to now, where it is refused.
    assert!(version.contains("+CURRENT---") && version.ends_with("xCURRENT"), "{version}");
    assert!(run.out.lines().any(|line| line.ends_with("*PENDING")), "{}", run.out);
    assert!(run.out.lines().all(str::is_ascii), "{}", run.out);
}

/// `--explain` draws with UTF-8 where the locale has it.
#[tokio::test]
async fn explain_uses_utf8_by_the_locale() {
    let world = World::new().await;
    for (flags, variable, locale, utf8) in [
        (&["--no-logins"][..], "LC_ALL", "C.UTF-8", true),
        (&["--no-logins"], "LANG", "de_DE.utf8", true),
        (&["--no-logins"], "LANG", "C", false),
        (&["--no-logins", "--ascii"], "LC_ALL", "C.UTF-8", false),
    ] {
        let run = world.ask("explain", flags, &[(variable, locale)]).await;
        run.expect_code(0);
        assert_eq!(run.out.contains('╌'), utf8, "{variable}={locale} {flags:?}\n{}", run.out);
        assert_eq!(run.out.is_ascii(), !utf8, "{variable}={locale} {flags:?}\n{}", run.out);
    }
}

/// AWSCURRENT moves forward to the only version that logs in.
#[tokio::test]
async fn forward_to_the_only_login() {
    let world = World::new().await;
    let version = world.half_way().await;
    world.ask("recover", &[], &[]).await.expect_code(1).expect_out("Does").expect_err("add --yes");
    assert_ne!(world.holder("AWSCURRENT"), Some(version.clone()));
    world.ask("recover", &["--yes"], &[]).await.expect_code(0).expect_out("Nothing has to be done.");
    world.expect_current(&version).await;
    // Again: nothing is left to do.
    world.ask("recover", &["--yes"], &[]).await.expect_code(0);
    world.expect_current(&version).await;
}

#[tokio::test]
async fn every_command_that_writes_asks_the_same_question() {
    let world = World::new().await;
    let version = world.half_way().await;
    let current = world.holder("AWSCURRENT");
    for command in ["run", "recover"] {
        let run = world.answer(command, "n").await;
        run.expect_code(1).expect_out("Go on? [y/N] ").expect_out("error: nothing was changed");
        assert_eq!(world.holder("AWSCURRENT"), current, "{}", run.out);
    }
    world.answer("recover", "y").await.expect_code(0).expect_out("Go on? [y/N] ");
    world.expect_current(&version).await;
}

/// AWSCURRENT goes back to AWSPREVIOUS where that alone logs in.
#[tokio::test]
async fn back_to_awsprevious() {
    let world = World::new().await;
    let version = world.holder("AWSCURRENT").unwrap();
    let next = test_servers::TestLogin { password: HALF_WAY.into(), ..world.user.clone() };
    world.put(&["AWSCURRENT"], &world.document(&next, &json!({})));
    world.ask("recover", &["--yes"], &[]).await.expect_code(0);
    world.expect_current(&version).await;
}

/// A version that lost its label is found again.
#[tokio::test]
async fn version_without_its_label_is_found() {
    let world = World::new().await;
    let version = world.half_way().await;
    let unlabel = json!({"SecretId": SECRET, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version});
    world.service.call_inside(Operation::UpdateSecretVersionStage, unlabel).unwrap();
    world.ask("recover", &["--yes"], &[]).await.expect_code(0);
    world.expect_current(&version).await;
}

/// A pending password that the server never accepts is given up.
#[tokio::test]
async fn unused_pending_is_given_up() {
    let world = World::new().await;
    let current = world.holder("AWSCURRENT").unwrap();
    world.put_pending("never-to-be-set-0123");
    world.ask("recover", &["--yes", "--abandon"], &[]).await.expect_code(0);
    assert_eq!(world.holder("AWSPENDING"), None);
    world.expect_current(&current).await;
    world.rotate(&["--yes"]).await.expect_code(0);
}

/// A name out of a secret does not steer the terminal.
#[tokio::test]
async fn no_terminal_escapes_from_a_secret() {
    let world = World::new().await;
    let name = "app\u{1b}[2J\u{9b}31m\n  ok       login\t\r\u{202e}\u{2028}";
    world.put(&["AWSCURRENT"], &world.document(&world.user, &json!({"username": name})));
    let escaped = r"app\u{1b}[2J\u{9b}31m\n  ok       login\t\r\u{202e}\u{2028}";
    let steering = |sign: char| (sign.is_control() && sign != '\n') || "\u{202e}\u{2028}".contains(sign);
    for command in ["explain", "doctor"] {
        let run = world.ask(command, &["--no-logins"], &[]).await;
        run.expect_out(escaped);
        assert!(!run.out.contains(steering) && !run.err.contains(steering), "{}{}", run.out, run.err);
        let forged = run.out.lines().any(|line| line.starts_with("  ok       login"));
        assert!(!forged, "the name begins a line of its own:\n{}", run.out);
    }
    // For machines the name stays unchanged.
    let run = world.ask("doctor", &["--no-logins", "--json"], &[]).await;
    assert!(!run.out.contains(steering), "{}", run.out);
    let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let versions = answer["versions"].as_array().unwrap();
    let current = versions.iter().find(|version| version["labels"] == json!(["AWSCURRENT"])).unwrap();
    assert_eq!(current["username"], name, "{answer:#}");
}

/// Where nothing logs in, nothing is written.
#[tokio::test]
async fn no_login_no_write() {
    let world = World::new().await;
    let before = world.service.stages(SECRET).unwrap();
    world.set_password("of-another-user").await;
    let run = world.ask("recover", &["--yes"], &[]).await;
    run.expect_code(1).expect_out("As an administrator of the database");
    assert_eq!(before, world.service.stages(SECRET).unwrap());
}

/// A label move whose reply is lost is known to have arrived.
#[tokio::test]
async fn move_with_a_lost_reply() {
    let world = World::new().await;
    let version = world.half_way().await;
    let lost = Fault::new(Operation::UpdateSecretVersionStage, FaultKind::DropAfterEffect);
    world.service.inject(lost);
    world.ask("recover", &["--yes"], &[]).await.expect_code(0);
    world.expect_current(&version).await;
}
