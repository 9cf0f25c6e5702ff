//! The primary is lost at each moment of a rotation: nothing else is.

use std::sync::{Arc, OnceLock};

use test_servers::ProxyAction;

use super::scene::{By, Fall, Scene, codes, fall_at_change, others, rollbacks, set};

/// A failover in setSecret loses nothing.
/// The primary fails while setSecret changes the password, before the server has executed that and after: the
/// service's next attempt goes on at the new one.
#[tokio::test]
async fn failover_in_set_secret_loses_nothing() {
    let (set, _turn) = set(false).await;
    for by in By::BOTH {
        for fall in Fall::ALL {
            for executed in [false, true] {
                set.revive().unwrap();
                let scene = Scene::recorded(set, by).await;
                let fallen = fall_at_change(&scene, fall, executed);
                let record = scene.rotate().await;
                assert!(fallen.get().is_some(), "{by:?} {fall:?} {executed}");
                let codes = codes(&record);
                println!("{by:?} {fall:?} executed={executed}: {codes:?}");
                scene.check_labels(by).await;
                set.revive().unwrap();
                scene.check_labels(by).await;
            }
        }
    }
}

/// A failover between steps loses nothing.
/// The primary fails between two steps.
#[tokio::test]
async fn failover_between_steps_loses_nothing() {
    let (set, _turn) = set(false).await;
    for by in By::BOTH {
        for (before, fall) in [
            ("setSecret", Fall::IsKilled),
            ("testSecret", Fall::IsFrozen),
            ("testSecret", Fall::IsKilled),
            ("finishSecret", Fall::StepsDown),
            ("finishSecret", Fall::IsKilled),
        ] {
            set.revive().unwrap();
            let act = move |step: &str, count: usize| {
                if step == before && count == 1 {
                    fall.befall(set);
                }
            };
            let scene = Scene::new(set, by, act).await;
            let record = scene.rotate().await;
            println!("{by:?} {fall:?} before {before}: {:?}", codes(&record));
            scene.check_labels(by).await;
            set.revive().unwrap();
            scene.check_labels(by).await;
        }
    }
}

/// A password that was rolled back is set again.
/// The secondaries are down, so that the primary alone has the new password; it is killed, another one is
/// elected, and the old one rolls back what it had alone.
#[tokio::test]
async fn rolled_back_password_is_set_again() {
    let (set, _turn) = set(false).await;
    for by in By::BOTH {
        set.revive().unwrap();
        let old = set.primary().unwrap();
        let scene = Scene::recorded(set, by).await;
        alone_with_the_change(&scene);
        let record = scene.rotate().await;
        let codes = codes(&record);
        // On a busy machine the function's time is over before the old primary has gone.
        let unanswered = ["DB_CONNECTION_LOST", "DB_TIMED_OUT"];
        assert!(codes.first().is_some_and(|code| unanswered.contains(&code.as_str())), "{codes:?}");
        scene.check_labels(by).await;
        let before = rollbacks(old);
        old.start_again().unwrap();
        set.settle().unwrap();
        assert_eq!(rollbacks(old), before + 1, "{by:?}: the old primary rolled back the change");
        scene.check_labels(by).await;
    }
}

/// The first change of a user is executed by the primary alone, which is killed before the answer is sent.
fn alone_with_the_change(scene: &Scene) {
    let (begun, ended) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    for recorder in scene.recorders.iter() {
        let (set, begun, ended) = (scene.set, Arc::clone(&begun), Arc::clone(&ended));
        recorder.set_script(move |command, reply| {
            let is_change = command.get("updateUser").is_some() || command.get("createUser").is_some();
            match reply {
                None if is_change && begun.set(()).is_ok() => {
                    // A frozen one would find the change in its socket.
                    for member in others(set) {
                        member.stop("KILL").unwrap();
                    }
                }
                Some(_) if is_change && ended.set(()).is_ok() => {
                    // By now it has noticed that it is alone, and is no longer the primary.
                    let old = set.members().iter().find(|member| member.is_awake()).unwrap();
                    let others = set.members().iter().filter(|member| member.port() != old.port());
                    old.stop("KILL").unwrap();
                    others.for_each(|member| member.start_again().unwrap());
                    return ProxyAction::Cut;
                }
                _ => {}
            }
            ProxyAction::Pass
        });
    }
}
