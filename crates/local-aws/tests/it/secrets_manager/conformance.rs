//! One table of rules, and three backends that have to follow them.

use std::sync::Arc;

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{RotationSettings, Settings},
};
use test_servers::Moto;

use super::{
    backend::Backend,
    function::{Broken, FUNCTION},
    rules::{Ground, MotoSays, rules},
};

/// The model keeps every rule in process.
#[tokio::test]
async fn model_in_process() {
    let manager = ours().await;
    keeps_every_rule(&Backend::InProcess(manager.handle())).await;
}

/// The model keeps every rule over HTTP.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn model_over_http() {
    let manager = ours().await;
    keeps_every_rule(&Backend::Http(manager.address())).await;
}

/// Moto keeps the rules that it gets right, and breaks the others as recorded.
/// Where moto is right, it confirms the rule independently. Where it is wrong, it has to be wrong in the
/// documented way, so that a fixed moto is detected.
#[tokio::test]
async fn moto_keeps_the_known_rules() {
    let Some(moto) = Moto::start().await else {
        return;
    };
    let backend = Backend::Http(moto.address());
    let (mut surprises, mut kept) = (Vec::new(), 0);
    for (place, rule) in rules().into_iter().enumerate() {
        if let MotoSays::NotAsked(reason) = rule.moto {
            assert!(!reason.is_empty(), "{}: give the reason why moto is not asked", rule.name);
            continue;
        }
        let ground = Ground::new(&backend, place);
        let outcome = (rule.check)(&ground).await;
        match (rule.moto, outcome) {
            (MotoSays::NotAsked(_), _) => {}
            (MotoSays::TheSame, Ok(())) => kept += 1,
            (MotoSays::TheSame, Err(mismatch)) => {
                surprises.push(format!("{}: moto does not agree: {mismatch}", rule.name));
            }
            (MotoSays::Otherwise(_), Ok(())) => {
                surprises.push(format!("{}: moto has been fixed", rule.name));
            }
            (MotoSays::Otherwise(how), Err(mismatch)) if mismatch.contains(how) => {}
            (MotoSays::Otherwise(how), Err(mismatch)) => {
                surprises.push(format!("{}: not wrong as known ({how}): {mismatch}", rule.name));
            }
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    assert!(kept >= 20, "only {kept} rules are compared with moto");
}

async fn ours() -> LocalSecretsManager {
    let rotation = RotationSettings { attempts: 1, ..RotationSettings::default() };
    let manager = LocalSecretsManager::start(Settings { rotation, ..Settings::default() }).await.unwrap();
    manager.register(FUNCTION, Arc::new(Broken));
    manager
}

async fn keeps_every_rule(backend: &Backend) {
    let mut broken = Vec::new();
    for (place, rule) in rules().into_iter().enumerate() {
        let ground = Ground::new(backend, place);
        if let Err(mismatch) = (rule.check)(&ground).await {
            broken.push(format!("{} [{:?}]: {mismatch}", rule.name, rule.source));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
