use rotation_core::Password;
use rotation_database::{Change, LoginMethod, Session, StatementFault, Turn};
use rotation_suites::EngineScene;
use rotator_redshift::{Options, PasswordForm};
use test_servers::TestLogin;

use crate::fixture::{Lab, deadline};

async fn stored(lab: &Lab) -> String {
    let sql = format!(
        "SELECT coalesce(redshift.setting(r.rolconfig, 'password'), a.rolpassword) FROM pg_authid a \
         JOIN pg_roles r ON r.oid = a.oid WHERE a.rolname = '{}'",
        lab.app.username
    );
    lab.query(&sql).await[0][0].clone().unwrap_or_default()
}

/// Each form of a password logs in, and only `plain` shows it to the server.
#[tokio::test]
async fn password_forms_and_plain_visibility() {
    for (form, prefix) in
        [(PasswordForm::Sha256, "sha256|"), (PasswordForm::Md5, "md5"), (PasswordForm::Plain, "md5")]
    {
        let mut lab = Lab::new().await;
        lab.options = Options { password_form: form };
        // Twice: the second change is made by a user that logs in with the new form.
        for round in 0..2 {
            let new = TestLogin { password: format!("Canary{round}{}", lab.app.password), ..lab.app.clone() };
            assert_eq!(lab.change(&new.password).await.unwrap(), [] as [&str; 0], "{form:?}");
            lab.connect(&new).await.unwrap().probe(None).await.unwrap();
            assert!(lab.connect(&lab.app).await.unwrap_err().is_refusal());
            assert!(stored(&lab).await.starts_with(prefix), "{form:?}");
            assert_eq!(lab.server.log().contains(&new.password), form == PasswordForm::Plain, "{form:?}");
            lab.app = new;
        }
    }
}

/// A change that is staged is visible to no other session, and dropping it undoes it.
#[tokio::test]
async fn staged_change_is_invisible() {
    let lab = Lab::new().await;
    let before = stored(&lab).await;
    let mut session = lab.connect(&lab.app).await.unwrap();
    let new = Password::parse("Something-else-1").unwrap();
    session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap();
    assert_eq!(stored(&lab).await, before);
    drop(session);
    lab.connect(&lab.app).await.unwrap();
    lab.change("Yet-another-2").await.unwrap();
}

/// Names are used exactly as they are.
#[tokio::test]
async fn names_are_exact() {
    for name in ["Mixed Case", "o'dd \"name\"; --", "\u{e4}\u{f6}\u{fc}", "back\\slash"] {
        let app = format!("{name}{}", uuid());
        let app = crate::fixture::server().behind().create_role_named(&app, "").await.unwrap();
        let lab = Lab::with_app(app).await;
        lab.change("New-password-1").await.unwrap();
        lab.connect(&TestLogin { password: "New-password-1".to_owned(), ..lab.app.clone() }).await.unwrap();
    }
}

fn uuid() -> String {
    format!("{:x}", std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos())
}

/// A user that expired after its login is reported as such.
#[tokio::test]
async fn user_that_expired_after_its_login() {
    let lab = Lab::new().await;
    let mut session = lab.connect(&lab.app).await.unwrap();
    lab.admin(&format!("ALTER ROLE {} VALID UNTIL '2001-01-01'", lab.app.username)).await;
    let new = Password::parse("New-password-1").unwrap();
    let error =
        session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap_err();
    assert_eq!(error.fault, StatementFault::Expired);
}

/// A master connects to the address at which the live user has logged in, and a login with a password reports
/// its method.
#[tokio::test]
async fn session_knows_address_and_method() {
    let mut lab = Lab::new().await;
    for (form, method) in [(PasswordForm::Md5, "md5"), (PasswordForm::Sha256, "sha256")] {
        lab.options = Options { password_form: form };
        let next = TestLogin { password: format!("Next-password-{method}"), ..lab.app.clone() };
        lab.change(&next.password).await.unwrap();
        let session = lab.connect(&next).await.unwrap();
        assert!(session.peer().is_some_and(|address| address.is_loopback()), "{:?}", session.peer());
        assert_eq!(session.method(), Some(LoginMethod(method)));
        lab.app = next;
    }
}
