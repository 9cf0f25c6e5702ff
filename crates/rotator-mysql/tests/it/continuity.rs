//! What an application sees that logs in continuously while its password is rotated.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rotation_database::{Engine, Transport};
use rotator_mysql::{DualPassword, Settings};
use test_servers::{MysqlFlavor, TestLogin};

use crate::fixture::{Lab, at, deadline, engine};

const ROTATIONS: usize = 100;

/// The results of an application's login loop.
#[derive(Debug, Default)]
struct Seen {
    logins: AtomicUsize,
    refused: AtomicUsize,
}

/// Rotates a hundred times while a client logs in with whatever the label `AWSCURRENT` holds; the label moves
/// a moment after the password, as it does in a rotation. Returns the client's results, and the longest time
/// during which a label named a password that no longer logged in.
async fn rotate(flavor: MysqlFlavor, dual: DualPassword) -> (Arc<Seen>, Duration) {
    let mut lab = Lab::new(flavor, "").await;
    lab.settings = Settings { dual_password: dual, ..Settings::default() };
    if dual == DualPassword::Require {
        let user = at(&lab.app.username, "%");
        lab.admin(&[&format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {user}")]).await;
    }
    let label = Arc::new(Mutex::new(lab.app.password.clone()));
    let (seen, over) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let client = {
        let (label, seen, over) = (Arc::clone(&label), Arc::clone(&seen), Arc::clone(&over));
        let (server, app) = (lab.server, lab.app.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let engine = engine(server, Settings::default());
                while !over.load(Ordering::Relaxed) {
                    let login = TestLogin { password: label.lock().unwrap().clone(), ..app.clone() };
                    let login = rotation_database::Login::from_document(
                        &crate::fixture::document(server, &login),
                        &rotator_mysql::MySql::PROFILE,
                    );
                    match engine.connect(&login.unwrap(), Transport::Tls, deadline()).await {
                        Ok(_) => seen.logins.fetch_add(1, Ordering::Relaxed),
                        Err(error) if error.is_refusal() => seen.refused.fetch_add(1, Ordering::Relaxed),
                        Err(error) => panic!("{error}"),
                    };
                }
            });
        })
    };
    let mut window = Duration::ZERO;
    for rotation in 0..ROTATIONS {
        let (old, new) = (label.lock().unwrap().clone(), format!("password-{rotation}-Aa1"));
        lab.change(&old, &new).await.unwrap();
        let changed = Instant::now();
        // testSecret comes between the password and the label.
        assert!(lab.opens(&new).await);
        *label.lock().unwrap() = new;
        window = window.max(changed.elapsed());
        // The next rotation begins once the client has read the label again: two attempts have ended since.
        let ended = || seen.logins.load(Ordering::Relaxed) + seen.refused.load(Ordering::Relaxed);
        let before = ended();
        while ended() < before + 2 {
            assert!(!client.is_finished(), "the client has given up");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    over.store(true, Ordering::Relaxed);
    client.join().unwrap();
    (seen, window)
}

/// With two passwords no login is refused during a hundred rotations.
#[tokio::test]
async fn hundred_rotations_with_two_passwords() {
    let (seen, _) = rotate(MysqlFlavor::MySql, DualPassword::Require).await;
    assert_eq!(seen.refused.load(Ordering::Relaxed), 0, "{seen:?}");
    assert!(seen.logins.load(Ordering::Relaxed) >= ROTATIONS, "the client hardly ran: {seen:?}");
}

/// Without two passwords there is a gap, which is measured and printed; a client does run into it.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "the figure is the result")]
async fn window_without_two_passwords() {
    for flavor in MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested()) {
        let (seen, window) = rotate(flavor, DualPassword::Off).await;
        println!("{flavor}: {seen:?} in {ROTATIONS} rotations; the longest window was {window:.1?}");
        assert!(seen.refused.load(Ordering::Relaxed) > 0, "the client would not detect a gap: {seen:?}");
    }
}
