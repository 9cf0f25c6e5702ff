//! What a refused login leads to, and what other failures do not.

use std::time::Duration;

use rotation_core::{Outcome, SecretValue, StagingLabel, Step};
use rotation_database::{Cause, ConnectError, NameLimit, TlsFault};

use crate::world::{Act, Fault, Kind, Plan, SecretModel, Situation, Variant, World, version};

fn connects(calls: &[(usize, &'static str)]) -> Vec<usize> {
    (0..calls.len()).filter(|at| calls[*at].1 == "server: connect").collect()
}

/// Runs setSecret after `acts`, and again with the login of this number unreachable: no other login follows.
#[track_caller]
fn ends_at_the_unreachable(situation: Situation, plan: Plan, acts: &[Act], login: usize) {
    World::run(async {
        let start = situation.prepare(plan, Kind::Transactional, Variant::Sound).await;
        start.invoke(Step::Create).await.unwrap().unwrap();
        for act in acts {
            act.by_hand(&start.world);
        }
        let healthy = start.fork();
        healthy.invoke(Step::Set).await.unwrap().unwrap();
        let at = connects(&healthy.world.gate.borrow().log)[login];
        let service = start.fork();
        service.world.gate.borrow_mut().faults = vec![(at, Fault::Before)];
        let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
        assert_eq!(error.code().name(), "NET_DB_UNREACHABLE");
        let log = service.world.gate.borrow().log.clone();
        assert_eq!(connects(&log).last(), Some(&at), "{log:?}");
        assert_eq!(log.len(), at + 1, "no call follows it: {log:?}");
    });
}

/// An unreachable server is not asked with another credential.
#[test]
fn unreachable_no_other_credential() {
    ends_at_the_unreachable(Situation::Fresh, Plan::SingleUser, &[], 0);
    ends_at_the_unreachable(Situation::LeftOver, Plan::SingleUser, &[], 1);
    // The value was stored without changing the database, so AWSPREVIOUS is what logs in.
    ends_at_the_unreachable(Situation::Fresh, Plan::SingleUser, &[Act::ValuePut], 2);
    ends_at_the_unreachable(Situation::Fresh, Plan::Alternating, &[], 0);
    ends_at_the_unreachable(Situation::Fresh, Plan::Alternating, &[], 1);
}

/// A master that was rotated meanwhile is read once more.
#[test]
fn rotated_master_is_read_once_more() {
    World::run(async {
        let start = Situation::Fresh.prepare(Plan::Alternating, Kind::Transactional, Variant::Sound).await;
        start.invoke(Step::Create).await.unwrap().unwrap();
        let at = start.world.gate.borrow().calls + 4;
        start.world.gate.borrow_mut().meanwhile = Some((at, Act::MasterRotated));
        start.invoke(Step::Set).await.unwrap().unwrap();
        let log = start.world.gate.borrow().log.clone();
        assert_eq!(connects(&log).len(), 3, "current, the old master, the new master: {log:?}");
    });
}

/// A password that the server remembers counts as set only where it logs in.
/// A server with a password history refuses to set a password again, so a login shows whether it is set. That
/// it was set at some time is not enough.
#[test]
fn remembered_password_needs_a_login() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        World::run(async {
            let kind = Kind::TwoPasswordsWithHistory;
            let service = Situation::Fresh.prepare(plan, kind, Variant::Sound).await;
            for step in [Step::Create, Step::Set, Step::Set] {
                service.invoke(step).await.unwrap().unwrap();
            }
            if plan == Plan::SingleUser {
                return;
            }
            let other = Some("of-an-administrator".to_owned());
            service.world.server.borrow_mut().users.get_mut("app_clone").unwrap().password = other;
            let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
            assert_eq!(error.code(), "DB_PASSWORD_POLICY");
        });
    }
}

/// A login only shows whether the password is set: a grant that failed before it must still be made, whatever
/// an earlier attempt has set.
#[test]
fn login_does_not_prove_a_grant() {
    for (refused, code) in [("server: grant", Some("DB_STATEMENT")), ("server: set password", None)] {
        World::run(async {
            let service = Situation::Fresh.prepare(Plan::Alternating, Kind::Autocommit, Variant::Sound).await;
            for step in [Step::Create, Step::Set] {
                service.invoke(step).await.unwrap().unwrap();
            }
            {
                let mut server = service.world.server.borrow_mut();
                server.users.get_mut("app_clone").unwrap().grants.clear();
                server.refuses = Some(refused);
            }
            let outcome = service.invoke(Step::Set).await.unwrap();
            assert_eq!(outcome.err().map(|error| error.code().name()), code, "{refused}");
        });
    }
}

/// A description that lags behind `RotateSecret` is waited for.
/// createSecret may be invoked before `DescribeSecret` shows what `RotateSecret` has just done.
#[test]
fn description_lagging_behind_rotate() {
    let older: [fn(&mut SecretModel); 3] = [
        |secret| drop(secret.versions.remove(&version(2))),
        |secret| secret.rotation_enabled = false,
        |secret| secret.function = Some("arn:aws:lambda:eu-central-1:123456789012:function:former".into()),
    ];
    for make_older in older {
        World::run(async {
            let service =
                Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
            let now = service.world.store.borrow().secret().clone();
            make_older(service.world.store.borrow_mut().secret_mut());
            let shown = async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                *service.world.store.borrow_mut().secret_mut() = now;
            };
            let (created, ()) = tokio::join!(service.invoke(Step::Create), shown);
            assert_eq!(created.unwrap().unwrap(), Outcome::Created);
        });
    }
}

/// A refusal that no lag can explain is returned at once.
#[test]
fn refusal_without_lag() {
    let described = |step, spoil: fn(&mut SecretModel)| {
        World::run(async {
            let service =
                Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
            service.invoke(Step::Create).await.unwrap().unwrap();
            spoil(service.world.store.borrow_mut().secret_mut());
            service.world.gate.borrow_mut().log.clear();
            service.invoke(step).await.unwrap().unwrap_err();
            let log = &service.world.gate.borrow().log;
            log.iter().filter(|(_, call)| *call == "store: DescribeSecret").count()
        })
    };
    assert_eq!(described(Step::Create, |secret| secret.unlabel(&StagingLabel::Pending)), 1);
    assert_eq!(described(Step::Create, |secret| secret.deleted = true), 1);
    assert_eq!(described(Step::Set, |secret| secret.rotation_enabled = false), 1);
    assert!(described(Step::Create, |secret| secret.rotation_enabled = false) > 1);
}

/// An AWSCURRENT that moved before the login is reported as moved labels.
#[test]
fn current_moved_before_the_login() {
    World::run(async {
        let start = Situation::Fresh.prepare(Plan::Alternating, Kind::Transactional, Variant::Sound).await;
        start.invoke(Step::Create).await.unwrap().unwrap();
        let healthy = start.fork();
        healthy.invoke(Step::Set).await.unwrap().unwrap();
        let at = connects(&healthy.world.gate.borrow().log)[0];
        let service = start.fork();
        service.world.gate.borrow_mut().meanwhile = Some((at, Act::PasswordChanged));
        let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
        assert_eq!(error.code().name(), "LABELS_MOVED");
    });
}

/// A step that waited for another session until it was overtaken is reported as moved labels.
#[test]
fn overtaken_while_waiting() {
    World::run(async {
        let start = Situation::Fresh.prepare(Plan::Alternating, Kind::Transactional, Variant::Sound).await;
        start.invoke(Step::Create).await.unwrap().unwrap();
        start.world.server.borrow_mut().busy = true;
        let waited = start.fork();
        let error = waited.invoke(Step::Set).await.unwrap().unwrap_err();
        assert_eq!(error.code().name(), "DB_BUSY");
        let log = waited.world.gate.borrow().log.clone();
        let at = log.iter().position(|(_, name)| *name == "server: stage").unwrap();
        let overtaken = start.fork();
        overtaken.world.gate.borrow_mut().meanwhile = Some((at, Act::PasswordChanged));
        let error = overtaken.invoke(Step::Set).await.unwrap().unwrap_err();
        assert_eq!(error.code().name(), "LABELS_MOVED");
    });
}

/// The service tests a configuration on a copy of the current value; its setSecret has nothing to do.
#[test]
fn pending_equals_current() {
    World::run(async {
        let start = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        {
            let mut store = start.world.store.borrow_mut();
            let secret = store.secret_mut();
            let value = secret.versions[&version(1)].value.clone();
            secret.versions.get_mut(&start.token).unwrap().value = value;
        }
        start.invoke(Step::Set).await.unwrap().unwrap();
        let log = start.world.gate.borrow().log.clone();
        let begun = |(_, name): &(usize, &str)| ["server: take turn", "server: stage"].contains(name);
        assert!(!log.iter().any(begun), "{log:?}");
    });
}

/// Only the server's own refusal counts as a refusal.
#[test]
fn only_the_servers_no_is_a_refusal() {
    let cause = || Cause::new("28P01");
    for error in [ConnectError::Refused(cause()), ConnectError::NoSuchUser(cause())] {
        assert!(error.is_refusal(), "{error}");
    }
    for error in [
        ConnectError::Unreachable(cause()),
        ConnectError::TimedOut,
        ConnectError::TlsUnavailable,
        ConnectError::TlsInvalid { fault: TlsFault::Expired, source: cause() },
        ConnectError::ReadOnly(cause()),
        ConnectError::Protocol(cause()),
    ] {
        assert!(!error.is_refusal(), "{error}");
    }
}

/// A name may be as long as the limit and no longer.
#[test]
fn name_length_limit() {
    for (limit, longest, too_long) in [
        (NameLimit::Bytes(4), "\u{e9}\u{e9}", "\u{e9}\u{e9}a"),
        (NameLimit::Characters(2), "\u{e9}\u{e9}", "abc"),
    ] {
        assert!(limit.admits(longest), "{limit:?}");
        assert!(!limit.admits(too_long), "{limit:?}");
    }
}

/// A value prints its version alone.
#[test]
fn value_prints_its_version_alone() {
    let text = Some("CANARY".to_owned().into());
    let printed = format!("{:?}", SecretValue { version: version(7), text });
    assert!(printed.contains("000000000007") && !printed.contains("CANARY"), "{printed}");
}

/// An AWSCURRENT that moves before the last look stops the change.
/// AWSCURRENT moves to another version right before the change is committed, while AWSPENDING stays where it
/// is.
#[test]
fn current_moved_before_the_last_look() {
    for plan in [Plan::SingleUser, Plan::Alternating] {
        World::run(async {
            let start = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
            start.invoke(Step::Create).await.unwrap().unwrap();
            let healthy = start.fork();
            healthy.invoke(Step::Set).await.unwrap().unwrap();
            let log = healthy.world.gate.borrow().log.clone();
            let look = log.iter().rposition(|(_, name)| *name == "store: DescribeSecret").unwrap();
            let service = start.fork();
            service.world.gate.borrow_mut().meanwhile = Some((look, Act::ValuePut));
            let users = service.world.server.borrow().users.clone();
            let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
            assert_eq!(error.code().name(), "LABELS_MOVED", "{plan:?}");
            assert_eq!(service.world.server.borrow().users, users, "no user is changed");
        });
    }
}
