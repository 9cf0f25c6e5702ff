//! Events and labels that must be refused before anything is touched.

use local_aws::secrets_manager::Operation;
use serde_json::{Value, json};

use super::{
    Database,
    case::{Case, Scenes},
    scene::{Rotation, STEPS, Scene},
    verdict::{Failure, Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("events that are not rotation events are refused", malformed),
        Case::new("events of unusual size and depth are refused", outsized),
        Case::new("a token that is in no version is refused", unknown_version),
        Case::new("a token that has lost AWSPENDING is refused", not_pending),
        Case::new("a token that is AWSPREVIOUS is refused", previous),
        Case::new("a secret with rotation disabled is refused", disabled),
        Case::new("a secret that another function rotates is refused", other_function),
        Case::new("a secret of another Region is refused unless allowed", foreign),
        Case::new("a secret that is scheduled for deletion is refused", deleted),
        Case::new("a secret that does not exist is refused", unknown_secret),
    ]
}

/// Sends the event and expects this code, a hint, and that nothing has changed.
pub(super) async fn refused<D: Database>(scene: &Scene<D>, event: &Value, code: &str) -> Verdict {
    let before = scene.untouched()?;
    let answer = scene.gate.pass(event).await;
    let after = scene.untouched()?;
    let step = event["Step"].as_str().unwrap_or("an odd step");
    let Err(error) = answer else {
        return Err(format!("{step} succeeded where {code} was expected").into());
    };
    ensure!(error.error_type == code, "{step} was answered {error}, not {code}");
    let sentences = error.message.matches(". ").count();
    ensure!(sentences >= 1 && error.message.ends_with('.'), "{step}: there is no hint in {error}");
    ensure!(before == after, "{step}: it was {before} and is {after}");
    Ok(())
}

async fn all_steps<D: Database>(scene: &Scene<D>, rotation: &Rotation, code: &str) -> Verdict {
    for step in STEPS {
        refused(scene, &rotation.step(step), code).await?;
    }
    Ok(())
}

async fn malformed<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let good = rotation.step(STEPS[0]);
    let edits = [
        ("Step", json!("dropSecret")),
        ("Step", json!("")),
        ("Step", json!("CREATESECRET")),
        ("Step", json!(1)),
        ("Step", Value::Null),
        ("ClientRequestToken", json!("a".repeat(31))),
        ("ClientRequestToken", json!("a".repeat(65))),
        ("ClientRequestToken", json!([rotation.version()])),
        ("ClientRequestToken", Value::Null),
        ("SecretId", json!("")),
        ("SecretId", json!("a\nb")),
        ("SecretId", Value::Null),
        ("RotationToken", json!("")),
        ("RotationToken", json!("a".repeat(2049))),
    ];
    for (field, value) in edits {
        let mut event = good.clone();
        event[field] = value.clone();
        let refusal = refused(&scene, &event, "EVENT_INVALID").await;
        refusal.map_err(|error| format!("{field} = {value}: {error}"))?;
        let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
        ensure!(message.contains(field), "{field} = {value}: the field is not named in {message}");
    }
    for field in ["Step", "ClientRequestToken", "SecretId"] {
        let mut event = good.clone();
        event.as_object_mut().ok_or("the event is an object")?.remove(field);
        let refusal = refused(&scene, &event, "EVENT_INVALID").await;
        refusal.map_err(|error| format!("without {field}: {error}"))?;
    }
    for event in [json!([]), json!("createSecret"), json!(null), json!(7), json!({})] {
        let refusal = refused(&scene, &event, "EVENT_INVALID").await;
        refusal.map_err(|error| format!("{event}: {error}"))?;
    }
    ensure!(scene.manager.calls().is_empty(), "a malformed event made calls");
    Ok(())
}

async fn outsized<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let mut nested = json!(0);
    for _ in 0..200 {
        nested = json!([nested]);
    }
    let mut event = rotation.step(STEPS[0]);
    event["Extra"] = nested;
    refused(&scene, &event, "EVENT_INVALID").await?;
    let mut event = rotation.step(STEPS[0]);
    event["Extra"] = json!("x".repeat(1024 * 1024));
    refused(&scene, &event, "EVENT_INVALID").await?;
    ensure!(scene.manager.calls().is_empty(), "an outsized event made calls");
    // A small unknown field is no reason to refuse an event.
    let mut event = rotation.step(STEPS[0]);
    event["Extra"] = json!({"of": "AWS"});
    scene.gate.pass(&event).await?;
    Ok(())
}

async fn unknown_version<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let mut rotation = scene.begin().await?;
    rotation.event["ClientRequestToken"] = json!(uuid::Uuid::new_v4().to_string());
    all_steps(&scene, &rotation, "VERSION_NOT_FOUND").await
}

/// Removes AWSPENDING manually, as the documentation suggests after a cancelled rotation.
pub(super) fn abandon<D: Database>(scene: &Scene<D>, rotation: &Rotation) -> Result<(), Failure> {
    let request = json!({
        "SecretId": scene.secret, "VersionStage": "AWSPENDING", "RemoveFromVersionId": rotation.version(),
    });
    scene.manager.call_inside(Operation::UpdateSecretVersionStage, request)?;
    Ok(())
}

async fn not_pending<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    abandon(&scene, &rotation)?;
    // A custom label keeps the version in the description.
    let request = json!({
        "SecretId": scene.secret, "VersionStage": "KEPT", "MoveToVersionId": rotation.version(),
    });
    scene.manager.call_inside(Operation::UpdateSecretVersionStage, request)?;
    all_steps(&scene, &rotation, "VERSION_NOT_PENDING").await
}

async fn previous<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let first = scene.begin().await?;
    scene.steps(&first).await?;
    abandon(&scene, &first)?;
    scene.rotate_well().await?;
    all_steps(&scene, &first, "VERSION_NOT_PENDING").await?;
    scene.check_live().await
}

async fn disabled<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.manager.call_inside(Operation::CancelRotateSecret, json!({"SecretId": scene.secret}))?;
    all_steps(&scene, &rotation, "ROTATION_DISABLED").await
}

async fn other_function<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let own = scene.gate.function().arn().to_owned();
    let other = format!("{own}-of-another-owner");
    scene.manager.register(&other, scene.gate.clone());
    scene.gate.set_open(false);
    let version = scene.manager.rotate(&scene.secret, &other)?;
    let wait = std::time::Duration::from_mins(1);
    scene.manager.wait_for_rotation(&scene.secret, &version, wait).await?;
    let event = scene.gate.events().pop().ok_or("the service sent no event")?;
    all_steps(&scene, &Rotation { event }, "ROTATION_OTHER_FUNCTION").await
}

async fn foreign<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().region("eu-west-1").start().await?;
    let rotation = scene.begin().await?;
    all_steps(&scene, &rotation, "SECRET_FOREIGN").await?;
    let build = scenes.build().region("eu-west-1").env("ALLOW_FOREIGN_SECRETS", "true");
    let scene = build.start().await?;
    scene.rotate_well().await?;
    scene.check_live().await
}

async fn deleted<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.manager.call_inside(Operation::DeleteSecret, json!({"SecretId": scene.secret}))?;
    all_steps(&scene, &rotation, "SECRET_DELETED").await
}

async fn unknown_secret<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let mut rotation = scene.begin().await?;
    rotation.event["SecretId"] = json!(format!("{}x", scene.secret.replace("application", "nothing")));
    all_steps(&scene, &rotation, "SECRET_NOT_FOUND").await
}
