//! The primary is lost at each moment of a rotation: nothing else is.

use super::scene::{By, Fall, Scene, codes, fall_at_change, set};

/// The primary falls while setSecret changes the password, before the server has executed that and after: the service's
/// next attempt goes on at the new one.
#[tokio::test]
async fn a_failover_in_set_secret_loses_nothing() {
    let (set, _turn) = set(false).await;
    for by in By::BOTH {
        for fall in Fall::ALL {
            for executed in [false, true] {
                set.revive().unwrap();
                let scene = Scene::witnessed(set, by).await;
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

/// The primary falls between two steps.
#[tokio::test]
async fn a_failover_between_steps_loses_nothing() {
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

/// The secondaries are frozen, so that the primary alone has the new password; it is killed, another one is elected, and the
/// old one takes back what it had alone.
#[tokio::test]
async fn a_password_that_was_rolled_back_is_set_again() {
    let (set, _turn) = set(false).await;
    for by in By::BOTH {
        set.revive().unwrap();
        let old = set.primary().unwrap();
        let act = move |step: &str, count: usize| match (step, count) {
            ("setSecret", 1) => super::scene::others(set).iter().for_each(|member| member.freeze().unwrap()),
            ("setSecret" | "createSecret", 2) if count == 2 => {
                old.stop("KILL").unwrap();
                set.members().iter().for_each(|member| member.thaw().unwrap());
                set.primary().unwrap();
            }
            _ => {}
        };
        let scene = Scene::new(set, by, act).await;
        let record = scene.rotate().await;
        println!("{by:?}: {:?}", codes(&record));
        assert!(!codes(&record).is_empty());
        scene.check_labels(by).await;
        old.start_again().unwrap();
        set.settle().unwrap();
        scene.check_labels(by).await;
    }
}
