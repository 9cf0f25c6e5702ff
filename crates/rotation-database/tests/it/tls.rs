//! When a password may be sent in cleartext.

use std::{rc::Rc, time::Duration};

use rotation_core::{SecretDocument, StagingLabel, Target};
use rotation_database::{Database, DatabaseSettings, Strategy, Transport};

use crate::world::{
    Kind, Plan, Server, ServerTls, Service, Situation, Value, Variant, World, document, invocation, policy,
};

/// Writes `ssl` into the current document of the secret.
fn set_ssl(service: &Service, ssl: &str) {
    let mut store = service.world.store.borrow_mut();
    let secret = store.secret_mut();
    let version = secret.holder(&StagingLabel::Current).unwrap().clone();
    let text = document("app", "first-password").replacen('{', &format!("{{\"ssl\":{ssl},"), 1);
    secret.versions.get_mut(&version).unwrap().value = Some(Value::Text(text));
}

/// Rotates. Returns whether that succeeded, and whether each user's password was sent in cleartext.
fn rotate(plan: Plan, tls: ServerTls, ssl: Option<&str>) -> (bool, Vec<(String, bool)>) {
    World::run(async {
        let service = Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await;
        if let Some(ssl) = ssl {
            set_ssl(&service, ssl);
        }
        service.world.server.borrow_mut().tls = tls;
        let rotated = service.attempt().await.is_ok();
        let attempts = &service.world.server.borrow().attempts;
        (rotated, attempts.iter().map(|attempt| (attempt.username.clone(), attempt.in_the_clear())).collect())
    })
}

#[track_caller]
fn check(plan: Plan, tls: ServerTls, ssl: Option<&str>, rotated: bool, attempts: &[(&str, bool)]) {
    let (went_through, travelled) = rotate(plan, tls, ssl);
    let travelled: Vec<_> = travelled.iter().map(|(user, clear)| (user.as_str(), *clear)).collect();
    assert_eq!((went_through, &travelled[..]), (rotated, attempts));
}

/// A secret without `ssl` follows what the server offers.
#[test]
fn silent_secret_follows_the_server() {
    let (single, silent) = (Plan::SingleUser, None);
    check(single, ServerTls::Good, silent, true, &[("app", false), ("app", false)]);
    check(single, ServerTls::Absent, silent, true, &[("app", true), ("app", true)]);
}

/// A secret that demands TLS gets it or nothing.
#[test]
fn secret_that_demands_tls() {
    let (single, on) = (Plan::SingleUser, Some("true"));
    check(single, ServerTls::Good, on, true, &[("app", false), ("app", false)]);
    check(single, ServerTls::Absent, on, false, &[]);
}

/// A secret that declines TLS gets none.
#[test]
fn secret_that_declines_tls() {
    let off = Some("\"False\"");
    check(Plan::SingleUser, ServerTls::Good, off, true, &[("app", true), ("app", true)]);
}

/// A master secret without `ssl` is protected as the secret itself demands.
#[test]
fn silent_master_follows_its_secret() {
    let stripped = ServerTls::StrippedFor("master");
    check(Plan::Alternating, stripped, Some("true"), false, &[("app", false)]);
    let travelled = [("app", false), ("master", true), ("app_clone", false)];
    check(Plan::Alternating, stripped, None, true, &travelled);
}

/// An operator who requires TLS overrules a secret without `ssl`.
#[test]
fn operator_who_requires_tls_overrules() {
    World::run(async {
        for (ssl, expected) in [(None, Err("TLS_UNAVAILABLE")), (Some("false"), Ok(Transport::Plaintext))] {
            let service =
                Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
            let world = &service.world;
            world.server.borrow_mut().tls = ServerTls::Absent;
            let ssl = ssl.map(|ssl: &str| format!("\"ssl\":{ssl},")).unwrap_or_default();
            let text = document("app", "first-password").replacen('{', &format!("{{{ssl}"), 1);
            let server = Server(Rc::clone(world));
            let settings = DatabaseSettings { require_tls: true, ..DatabaseSettings::new(policy()) };
            let invocation = invocation(Duration::from_secs(9));
            let database = Database::<_>::new(server, Strategy::SingleUser, settings, &invocation);
            let outcome = database.verify(&SecretDocument::parse(&text).unwrap()).await;
            let transport = world.server.borrow().attempts.first().map(|attempt| attempt.transport);
            assert_eq!(outcome.map(|_| transport.unwrap()).map_err(|error| error.code().name()), expected);
            assert_eq!(transport, expected.ok());
        }
    });
}
