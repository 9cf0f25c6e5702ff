//! What an invocation records about itself: logins, phases, and the state that follows from them.

mod limits;

use std::{fmt::Write, time::Duration};

use expect_test::{Expect, expect};
use rotation_core::{Answer, Class, Journal, Step};
use rotation_database::codes;

use crate::codes::{all_codes, all_meanings};
use crate::world::{Badness, Fault, Kind, Plan, ServerTls, Service, Situation, Variant, World};

fn text(journal: &Journal) -> String {
    let mut text = String::new();
    for login in journal.logins() {
        let (credential, transport) = (login.credential, login.transport);
        let (host, port) = (&login.host, login.port);
        let answer = login.answer.code().map_or(login.answer.name(), |code| code.name());
        writeln!(text, "{credential} {transport:?} {host}:{port}: {answer}").unwrap();
    }
    let phases: Vec<_> = journal.phases().iter().map(|(phase, _)| phase.name()).collect();
    writeln!(text, "{}", phases.join(" ")).unwrap();
    if let Some(state) = journal.state() {
        writeln!(text, "{state}").unwrap();
    }
    text
}

/// setSecret after `spoil`, with these faults at its calls.
async fn set(plan: Plan, spoil: impl Fn(&Service), faults: &[(usize, Fault)]) -> Journal {
    let service = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
    service.invoke(Step::Create).await.unwrap().unwrap();
    spoil(&service);
    service.world.gate.borrow_mut().calls = 0;
    service.world.gate.borrow_mut().faults = faults.to_vec();
    let (_, journal) = service.journaled(Step::Set).await.unwrap();
    assert_eq!(service.world.watch.borrow().violations, []);
    journal
}

#[track_caller]
fn check(plan: Plan, spoil: impl Fn(&Service), faults: &[(usize, Fault)], expected: &Expect) {
    expected.assert_eq(&text(&World::run(set(plan, spoil, faults))));
}

fn nothing(_: &Service) {}

/// The user's password differs from every stored one.
fn other_password(service: &Service) {
    service.world.server.borrow_mut().users.get_mut("app").unwrap().password = Some("nobody's".into());
}

/// A change that was made clears what was seen before it.
#[test]
fn change_clears_earlier_observations() {
    let single = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: logged_in
        describe read connect change confirm commit
        AWSPENDING was set
    "#]];
    check(Plan::SingleUser, nothing, &[], &single);
    let alternating = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: logged_in
        the master secret "tls" db.example.com:5432: logged_in
        describe read connect change confirm commit
        AWSCURRENT logs in; AWSPENDING was set
    "#]];
    check(Plan::Alternating, nothing, &[], &alternating);
}

/// Refused credentials are named one by one.
#[test]
fn refused_credentials_are_listed() {
    let refused = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: DB_AUTH_REFUSED
        AWSPENDING "tls" db.example.com:5432: DB_AUTH_REFUSED
        describe read connect confirm
        AWSCURRENT does not log in; AWSPENDING does not log in
    "#]];
    check(Plan::SingleUser, other_password, &[], &refused);
    let master = |service: &Service| {
        service.world.server.borrow_mut().users.get_mut("master").unwrap().password = None;
    };
    let master_refused = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: logged_in
        the master secret "tls" db.example.com:5432: DB_AUTH_REFUSED
        describe read connect confirm
        AWSCURRENT logs in
    "#]];
    check(Plan::Alternating, master, &[], &master_refused);
}

/// Each transport is an attempt of its own.
#[test]
fn each_transport_is_an_attempt() {
    let plain = |service: &Service| service.world.server.borrow_mut().tls = ServerTls::Absent;
    let fallback = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: TLS_UNAVAILABLE
        AWSCURRENT "plaintext" db.example.com:5432: logged_in
        describe read connect change confirm commit
        AWSPENDING was set
    "#]];
    check(Plan::SingleUser, plain, &[], &fallback);
    let bad = |service: &Service| service.world.server.borrow_mut().tls = ServerTls::Bad(Badness::Expired);
    let expired = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: TLS_EXPIRED
        describe read connect
        AWSCURRENT could not be tried (TLS_EXPIRED)
    "#]];
    check(Plan::SingleUser, bad, &[], &expired);
}

/// A journal outlives the deadline, and reports no more than was seen.
/// The calls of setSecret for a single user: three of the store, connect, probe, stage, confirm, commit.
#[test]
fn journal_survives_the_deadline() {
    let hung = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: NET_DB_TIMED_OUT
        describe read connect
        AWSCURRENT could not be tried (NET_DB_TIMED_OUT)
    "#]];
    check(Plan::SingleUser, nothing, &[(3, Fault::Hang)], &hung);
    // A greeting is not yet an answer of the server.
    let let_in = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: DB_NOT_READY
        describe read connect
        AWSCURRENT could not be tried (DB_NOT_READY)
    "#]];
    check(Plan::SingleUser, nothing, &[(4, Fault::Hang)], &let_in);
    let staged = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: logged_in
        describe read connect change
        AWSCURRENT logs in
    "#]];
    check(Plan::SingleUser, nothing, &[(5, Fault::Hang)], &staged);
    let committed = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: logged_in
        describe read connect change confirm commit
        AWSPENDING may have been set
    "#]];
    check(Plan::SingleUser, nothing, &[(7, Fault::Late)], &committed);
    let lost = expect![[r#"
        AWSCURRENT "tls" db.example.com:5432: logged_in
        AWSPENDING "tls" db.example.com:5432: logged_in
        describe read connect change confirm commit
        AWSPENDING logs in
    "#]];
    check(Plan::SingleUser, nothing, &[(7, Fault::After)], &lost);
}

/// The error of setSecret where this call is never answered.
#[track_caller]
fn check_hang(call: usize, expected: &str) {
    World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        service.world.gate.borrow_mut().calls = 0;
        service.world.gate.borrow_mut().faults = vec![(call, Fault::Hang)];
        let error = service.invoke(Step::Set).await.unwrap().unwrap_err();
        assert_eq!((error.code().name(), error.class()), (expected, Class::Retryable), "call {call}");
    });
}

/// What hangs is named by the party that kept the step waiting.
#[test]
fn hang_is_named_by_its_cause() {
    for (call, code) in [
        (0, "TIMED_OUT"),
        (3, "NET_DB_TIMED_OUT"),
        (4, "DB_NOT_READY"),
        (5, "DB_TIMED_OUT"),
        (6, "TIMED_OUT"),
    ] {
        check_hang(call, code);
    }
    check_hang(7, "DB_TIMED_OUT");
}

/// Times are those of the phases, and concurrent reads count once.
#[test]
fn concurrent_reads_count_once() {
    World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        service.world.gate.borrow_mut().store_delay = std::time::Duration::from_millis(20);
        let (outcome, journal) = service.journaled(Step::Set).await.unwrap();
        outcome.unwrap();
        let milliseconds: Vec<_> =
            journal.phases().iter().map(|(phase, time)| (phase.name(), time.as_millis() / 20)).collect();
        let expected =
            [("describe", 1), ("read", 1), ("connect", 0), ("change", 0), ("confirm", 1), ("commit", 0)];
        assert_eq!(milliseconds, expected);
    });
}

/// A turn saves the time of whichever is shorter.
/// A master's change is staged while the labels are read; without a turn, one comes after the other.
#[test]
fn turn_saves_the_shorter_time() {
    let took = |kind| {
        World::run(async move {
            let service = Situation::SecondRotation.prepare(Plan::Alternating, kind, Variant::Sound).await;
            service.invoke(Step::Create).await.unwrap().unwrap();
            service.world.gate.borrow_mut().store_delay = Duration::from_millis(20);
            service.world.server.borrow_mut().waits = Duration::from_millis(20);
            let start = tokio::time::Instant::now();
            service.invoke(Step::Set).await.unwrap().unwrap();
            start.elapsed().as_millis() / 20
        })
    };
    assert_eq!(
        [Kind::Transactional, Kind::AutocommitWithLock, Kind::RowLock, Kind::Autocommit].map(took),
        [2, 2, 3, 3]
    );
}

/// A journal holds no password.
#[test]
fn holds_no_password() {
    for faults in [&[][..], &[(4, Fault::Before)][..]] {
        let journal = World::run(set(Plan::SingleUser, nothing, faults));
        let text = format!("{journal:?} {:?}", journal.state());
        assert!(text.contains("db.example.com") && !text.contains("password\""), "{text}");
        assert!(!text.contains("first-password"), "{text}");
    }
}

/// Every code has a name of its own, a meaning and a class.
#[test]
fn codes_have_names_meanings_and_classes() {
    let all = all_codes();
    for (index, code) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|other| other.name() != code.name()), "{code} twice");
        assert!(code.name().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{code}");
        assert!(["refused", "retryable", "failed", "dry_run"].contains(&code.class().name()));
    }
    for (code, meaning) in all_meanings() {
        let meaning = meaning.trim();
        assert!(meaning.ends_with('.') && !meaning.contains("  "), "{code}: {meaning}");
    }
    assert_eq!(codes::DB_BUSY.class(), Class::Retryable);
    assert_eq!(Answer::Failed(codes::DB_BUSY).name(), "failed");
    assert_eq!(Answer::Failed(codes::DB_BUSY).code(), Some(codes::DB_BUSY));
}
