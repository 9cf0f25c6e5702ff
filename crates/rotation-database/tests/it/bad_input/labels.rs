//! Labels and settings of the secret that do not let a token act.

use rotation_core::{
    ForeignSecrets, Invoker, Outcome, RotationEvent, RotationToken, SecretId, SecretKind, StagingLabel,
    Standing, Step, VersionStages,
};

use super::{Reach, check, ordinary};
use crate::world::{ARN, Clean, FUNCTION, Plan, SecretModel, Service, World, version};

/// The same refusal at every step of both strategies.
#[track_caller]
fn check_all(spoil: impl Fn(&mut SecretModel), code: &str) {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        for step in Step::ALL {
            let spoil = |service: &Service| spoil(service.world.store.borrow_mut().secret_mut());
            check(plan, step, spoil, code, Reach::NoConnection);
        }
    }
}

/// A token that no version has is refused.
#[test]
fn token_without_a_version() {
    check_all(|secret| drop(secret.versions.remove(&version(2))), "VERSION_NOT_FOUND");
}

/// A version without AWSPENDING is refused.
#[test]
fn version_without_awspending() {
    check_all(|secret| secret.unlabel(&StagingLabel::Pending), "VERSION_NOT_PENDING");
    check_all(|secret| secret.label(&StagingLabel::Pending, &version(7)), "VERSION_NOT_PENDING");
    check_all(
        |secret| {
            secret.label(&StagingLabel::Pending, &version(7));
            secret.label(&StagingLabel::Previous, &version(2));
        },
        "VERSION_NOT_PENDING",
    );
}

/// A secret whose rotation is not enabled is refused.
#[test]
fn rotation_not_enabled() {
    check_all(|secret| secret.rotation_enabled = false, "ROTATION_DISABLED");
}

/// A secret that another function rotates is refused.
#[test]
fn secret_of_another_function() {
    let others = [
        "arn:aws:lambda:eu-central-1:123456789012:function:other",
        "arn:aws:lambda:eu-central-1:123456789012:function:rotator2",
        "arn:aws:lambda:eu-central-1:999999999999:function:rotator",
    ];
    for other in others {
        check_all(|secret| secret.function = Some(other.into()), "ROTATION_OTHER_FUNCTION");
    }
}

/// A deleted secret is refused.
#[test]
fn deleted_secret() {
    check_all(|secret| secret.deleted = true, "SECRET_DELETED");
}

/// A secret that other principals write is refused.
#[test]
fn secret_others_may_write() {
    check_all(|secret| secret.owner = Some("rds".into()), "SECRET_MANAGED");
    check_all(|secret| secret.partner = Some("partner-of-aws".into()), "SECRET_MANAGED");
    check_all(|secret| secret.primary_region = Some("us-east-1".into()), "SECRET_REPLICA");
}

/// A secret without AWSCURRENT is refused.
#[test]
fn secret_without_awscurrent() {
    check_all(|secret| secret.unlabel(&StagingLabel::Current), "SECRET_NO_CURRENT");
}

/// A pending version without a value is waited for and then named.
#[test]
fn pending_version_without_a_value() {
    for step in [Step::Set, Step::Test] {
        let empty = |service: &Service| {
            service.world.store.borrow_mut().secret_mut().versions.get_mut(&version(2)).unwrap().value = None;
        };
        check(Plan::SingleUser, step, empty, "SECRET_NO_VALUE", Reach::NoConnection);
    }
}

/// A token that is AWSCURRENT succeeds and changes nothing.
#[test]
fn token_of_awscurrent_is_done() {
    for clean in [Clean::Leaves, Clean::Removes] {
        for step in Step::ALL {
            World::run(async {
                let service = ordinary(Plan::SingleUser).await;
                service.world.store.borrow_mut().secret_mut().label(&StagingLabel::Current, &version(2));
                if clean == Clean::Removes {
                    service.world.store.borrow_mut().secret_mut().unlabel(&StagingLabel::Pending);
                }
                let before = service.world.store.borrow().clone();
                assert_eq!(service.invoke(step).await.unwrap().unwrap(), Outcome::AlreadyDone);
                assert_eq!(*service.world.store.borrow(), before);
                assert!(service.world.server.borrow().attempts.is_empty());
            });
        }
    }
}

/// A secret's ARN with another Region or account.
fn foreign(from: &str, to: &str) -> String {
    ARN.replace(from, to)
}

/// A secret of another account or Region is refused unless allowed.
#[test]
fn other_account_or_region() {
    let here = ARN.to_owned();
    let elsewhere = [foreign("eu-central-1", "us-east-1"), foreign("123456789012", "210987654321")];
    let standing = |asked: &str, described: &str, foreign_secrets| {
        let event = RotationEvent {
            step: Step::Create,
            secret: SecretId::new(asked).unwrap(),
            version: version(2),
            rotation_token: None,
        };
        let labels = [(version(1), vec![StagingLabel::Current]), (version(2), vec![StagingLabel::Pending])];
        let stages = VersionStages {
            secret: SecretId::new(described).unwrap(),
            rotation_enabled: true,
            rotation_function: Some(format!("{FUNCTION}:live")),
            deleted: false,
            kind: SecretKind::Standard,
            labels: labels.into(),
        };
        stages.standing(&event, &Invoker::Function { arn: format!("{FUNCTION}:7"), foreign_secrets }).is_ok()
    };
    assert!(standing(&here, &here, ForeignSecrets::Refuse));
    for foreign in &elsewhere {
        assert!(!standing(foreign, foreign, ForeignSecrets::Refuse));
        assert!(!standing("app", foreign, ForeignSecrets::Refuse), "asked by name");
        assert!(standing(foreign, foreign, ForeignSecrets::Allow));
    }
}

/// The rotation token travels with the proof that the version is pending.
#[test]
fn proof_carries_the_rotation_token() {
    let service = World::run(ordinary(Plan::SingleUser));
    let token = "a-rotation-token-of-36-characters-000";
    let event = RotationEvent {
        step: Step::Create,
        secret: SecretId::new(ARN).unwrap(),
        version: service.token.clone(),
        rotation_token: Some(RotationToken::new(token).unwrap()),
    };
    let secret = service.world.store.borrow().secret().clone();
    let labels = secret.versions.iter().map(|(id, one)| (id.clone(), one.labels.iter().cloned().collect()));
    let stages = VersionStages {
        secret: event.secret.clone(),
        rotation_enabled: true,
        rotation_function: None,
        deleted: false,
        kind: SecretKind::Standard,
        labels: labels.collect(),
    };
    let Ok(Standing::Pending(pending)) = stages.standing(&event, &Invoker::Person) else {
        panic!("the version is pending")
    };
    assert_eq!(pending.rotation_token().map(RotationToken::expose), Some(token));
}
