//! Fields with copies of the credentials, and how createSecret rewrites them.

use std::{rc::Rc, time::Duration};

use rotation_core::{
    Intent, RelatedSecretError, RelatedSecrets, RotationError, SecretDocument, SecretId, StoreError, Target,
    Versions, with_causes,
};
use rotation_database::{ConnectionText, Database, DatabaseSettings, RewriteFields};

use crate::world::{Kind, Plan, Server, Situation, Store, Variant, World, document, invocation, policy};

/// The document of the next version of a secret with these fields.
fn propose(plan: Plan, fields: &str, rewritten: &str) -> Result<SecretDocument, RotationError> {
    World::run(async {
        let service = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
        let text = document("app", "first-password").replacen('{', &format!("{{{fields},"), 1);
        let server = Server(Rc::clone(&service.world));
        let strategy = plan.strategy(&service.world);
        let rewriting = RewriteFields::parse(rewritten).unwrap();
        let settings = DatabaseSettings { rewriting, ..DatabaseSettings::new(policy()) };
        let target = Database::new(server, strategy, settings, &invocation(Duration::from_secs(20)));
        target.propose(&SecretDocument::parse(&text).unwrap(), &Store(Rc::clone(&service.world))).await
    })
}

fn text(document: &SecretDocument, field: &str) -> String {
    document.get(field).unwrap().as_str().unwrap().to_owned()
}

/// Checks whether the field `url` is rewritten: `true` with both new credentials, `false` not at all.
#[track_caller]
fn check(plan: Plan, url: &str, follows: bool) {
    let next = propose(plan, &format!(r#""url":"{url}""#), "other, url").unwrap();
    let after = text(&next, "url");
    if !follows {
        assert_eq!(after, url);
        return;
    }
    let found = ConnectionText::parse(&after).unwrap();
    let all = |values: Vec<Option<zeroize::Zeroizing<String>>>| -> Vec<String> {
        values.into_iter().map(|value| value.unwrap().to_string()).collect()
    };
    let (users, passwords) = (all(found.users().collect()), all(found.passwords().collect()));
    assert!(users.iter().all(|user| *user == text(&next, "username")), "{users:?}");
    assert!(!passwords.is_empty() && passwords.iter().all(|one| *one == text(&next, "password")));
}

/// A URL of the secret's own user follows the new password.
#[test]
fn url_of_the_same_user_follows() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        check(plan, "postgresql://app:first-password@db.example.com/shop", true);
        // Another host: a reader endpoint has the same password, an unrelated server has its own.
        check(plan, "postgresql://app:first-password@reader.example.com/shop", true);
        check(plan, "postgresql://app:of-its-own@reports.example.com/shop", false);
        // A stale copy.
        check(plan, "postgresql://app:of-long-ago@db.example.com/shop", true);
        // A password without a user.
        check(plan, "redis://:first-password@cache/0", true);
        check(plan, "redis://:another@cache/0", false);
        check(plan, "postgres://db.example.com/shop?password=first-password", true);
        check(plan, "postgres://db.example.com/shop?password=another", false);
        check(plan, "postgres://other:another@db.example.com/shop", false);
        check(plan, "postgres://db.example.com/shop", false);
    }
    check(Plan::Alternating, "postgresql://app_clone:of-the-clone@db.example.com/shop", true);
    check(Plan::SingleUser, "postgresql://app_clone:of-the-clone@db.example.com/shop", false);
}

/// A field that holds the password alone follows the new password.
#[test]
fn plain_password_follows() {
    let next = propose(Plan::SingleUser, r#""copy":"first-password","n":1"#, "copy,n").unwrap();
    assert_eq!(text(&next, "copy"), text(&next, "password"));
}

/// A password in an unknown form is refused by the name of its field.
#[test]
fn unknown_form_is_named() {
    let error = propose(Plan::SingleUser, r#""odd":"<first-password>""#, "odd").unwrap_err();
    assert_eq!(error.code(), "SECRET_FIELD_INVALID");
    assert!(with_causes(&error).contains("`odd`") && !with_causes(&error).contains("first-password"));
    let nested = r#""nested":[{"url":"postgresql://app:first-password@db.example.com/shop"}]"#;
    assert_eq!(propose(Plan::SingleUser, nested, "nested").unwrap_err().code(), "SECRET_FIELD_INVALID");
    // A field that is not listed may contain anything.
    assert!(propose(Plan::SingleUser, r#""odd":"<first-password>""#, "url").is_ok());
}

/// A list of fields with a gap, or with a field that a rotation reads, is refused.
#[test]
fn list_with_gaps_or_core_fields() {
    for list in
        ["", "a,,b", "a,", " , ", "username", "a, password", "host", "port", "masterarn", "ssl", "testquery"]
    {
        assert!(RewriteFields::parse(list).is_err(), "{list}");
    }
    assert!(RewriteFields::parse(" url ,JDBC URL").is_ok());
}

/// A diagnosis, which changes nothing and reads no other secret.
struct Looking;

impl RelatedSecrets for Looking {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn current_of(&self, _: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        unreachable!("a single user has no master")
    }

    async fn tags_of(&self, _: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        unreachable!("a single user has no master")
    }
}

/// The notes of a rotation of a secret with these fields.
fn notes(fields: &str, rewritten: &str) -> Vec<String> {
    World::run(async {
        let plan = Plan::SingleUser;
        let service = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
        let with = |password: &str| {
            let text = document("app", password).replacen('{', &format!("{{{fields},"), 1);
            SecretDocument::parse(&text).unwrap()
        };
        let versions = Versions {
            secret: SecretId::new("app").unwrap(),
            current: with("first-password"),
            pending: with("second-password"),
            related: None,
        };
        let server = Server(Rc::clone(&service.world));
        let rewriting = RewriteFields::parse(rewritten).unwrap();
        let settings = DatabaseSettings { rewriting, ..DatabaseSettings::new(policy()) };
        let target = Database::new(
            server,
            plan.strategy(&service.world),
            settings,
            &invocation(Duration::from_secs(20)),
        );
        match target.plan(&versions, &Looking).await.unwrap() {
            Intent::Change(change) => change.notes,
            intent @ Intent::AlreadySet => panic!("{intent:?}"),
        }
    })
}

/// Fields that become stale are noted.
/// Each field that the rotation leaves with another password is noted once, by its name. Fields that are
/// rewritten are not noted.
#[test]
fn stale_fields_are_noted() {
    const STALE: &str = "holds another password than `password` from now on (REWRITE_FIELDS)";
    let fields = r#""b":"postgres://app:long-ago@db.example.com/shop","a":"first-password","c":"unrelated""#;
    assert_eq!(notes(fields, "other"), ["a", "b"].map(|field| format!("the field {field} {STALE}")));
    assert_eq!(notes(fields, "a"), [format!("the field b {STALE}")]);
    assert_eq!(notes(fields, "a,b"), [""; 0]);
    // A field that is not text cannot be rewritten.
    assert_eq!(notes(r#""a":["first-password"]"#, "a"), [format!("the field a {STALE}")]);
}
