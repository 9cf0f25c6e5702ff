//! The event `{"doctor": "<secret>"}`: diagnoses, reports, and changes nothing.

use serde_json::{Value, json};

use super::{
    Database,
    case::{Case, Scenes},
    events::refused,
    scene::{STEPS, Scene},
    verdict::{Failure, Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("a doctor event finds nothing wrong with a rotated secret", healthy),
        Case::new("a doctor event names a rotation that is interrupted", half_way),
        Case::new("a doctor event obeys the rules of a rotation", rules),
    ]
}

/// The largest answer: Lambda accepts six MiB, but people read it.
const MOST_BYTES: usize = 64 * 1024;

async fn ask<D: Database>(scene: &Scene<D>, more: Value) -> Result<Value, Failure> {
    let mut event = json!({"doctor": scene.secret});
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    let labels = scene.manager.stages(&scene.secret)?;
    let answer = scene.gate.pass(&event).await?;
    ensure_same(&labels, &scene.manager.stages(&scene.secret)?)?;
    let size = answer.to_string().len();
    if size > MOST_BYTES {
        return Err(format!("the answer has {size} bytes").into());
    }
    Ok(answer)
}

fn ensure_same<T: PartialEq + std::fmt::Debug>(before: &T, after: &T) -> Verdict {
    ensure!(before == after, "the labels were {before:?} and are {after:?}");
    Ok(())
}

async fn healthy<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.rotate_well().await?;
    let before = scene.database.rights(&scene.tenant, scene.tenant.users()[0]).await?;
    let answer = ask(&scene, json!({})).await?;
    ensure!(answer["state"] == "healthy", "{answer:#}");
    ensure!(["ok", "note"].contains(&answer["severity"].as_str().unwrap_or_default()), "{answer:#}");
    let checks: Vec<_> =
        answer["findings"].as_array().into_iter().flatten().map(|finding| &finding["check"]).collect();
    for check in ["secret", "rotation", "document", "address", "connection", "login", "privileges"] {
        ensure!(checks.contains(&&json!(check)), "no {check} in {answer:#}");
    }
    let after = scene.database.rights(&scene.tenant, scene.tenant.users()[0]).await?;
    ensure!(before == after, "the rights were {before} and are {after}");
    let before = scene.logins();
    ask(&scene, json!({"logins": false})).await?;
    ensure!(scene.logins() == before, "a login was tried");
    scene.check_live().await
}

async fn half_way<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let answer = ask(&scene, json!({})).await?;
    ensure!(answer["state"] == "pending_empty", "{answer:#}");
    scene.step(&rotation, STEPS[0]).await?;
    let answer = ask(&scene, json!({})).await?;
    ensure!(answer["state"] == "pending_refused", "{answer:#}");
    ensure!(answer["findings"][0]["code"] == "PENDING_STUCK", "{answer:#}");
    scene.steps(&rotation).await?;
    scene.check_live().await
}

async fn rules<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().region("eu-west-1").start().await?;
    scene.begin().await?;
    refused(&scene, &json!({"doctor": scene.secret}), "SECRET_FOREIGN").await?;
    let scene = scenes.scene().await?;
    // No rotation function is configured yet.
    refused(&scene, &json!({"doctor": scene.secret}), "ROTATION_DISABLED").await?;
    refused(&scene, &json!({"doctor": scene.master}), "ROTATION_DISABLED").await?;
    for id in [json!(""), json!(7), json!(null), json!("a\nb")] {
        refused(&scene, &json!({"doctor": id}), "EVENT_INVALID").await?;
    }
    refused(&scene, &json!({"doctor": scene.secret, "logins": "no"}), "EVENT_INVALID").await
}
