//! Healthy rotations.

use std::time::Duration;

use local_aws::secrets_manager::Operation;
use serde_json::{Value, json};
use test_servers::Logins;

use super::{
    Database, RotationStrategy, StoreCost,
    case::{Case, Scenes},
    scene::STEPS,
    verdict::{Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("two rotations keep AWSCURRENT and the old credential as expected", two_rotations),
        Case::new("a rotation makes few logins and none is refused", logins),
        Case::new("a rotation makes few calls, and few of them wait for one another", calls),
        Case::new("testSecret alone succeeds and changes nothing", test_alone),
        Case::new("a label AWSPENDING that stays on AWSCURRENT does no harm", pending_stays),
        Case::new("unknown keys of the secret keep their order and value", unknown_keys),
        Case::new("the guide's spelling of the steps is understood", guide_spelling),
        Case::new("Secrets Manager makes the password where that is configured", random_password),
    ]
}

async fn two_rotations<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let mut seen = vec![scene.document("AWSCURRENT")?];
    for _ in 0..2 {
        let record = scene.rotate_well().await?;
        ensure!(record.attempts.len() == 1, "more than one attempt was needed: {record:?}");
        let document = scene.document("AWSCURRENT")?;
        ensure!(
            seen.iter().all(|old| old["password"] != document["password"]),
            "a password came a second time"
        );
        let previous = seen.last().ok_or("there is a first document")?;
        ensure!(scene.document("AWSPREVIOUS")? == *previous, "AWSPREVIOUS is not what AWSCURRENT was");
        let old_opens = scene.database.opens(previous).await?;
        match scene.strategy {
            RotationStrategy::SingleUser => {
                ensure!(!old_opens, "the previous password still logs in");
                ensure!(document["username"] == previous["username"], "the user has changed");
            }
            RotationStrategy::MasterUser => {
                ensure!(old_opens, "the previous user does not log in any more");
                ensure!(document["username"] != previous["username"], "the user has not changed");
            }
        }
        scene.check_live().await?;
        seen.push(document);
    }
    if scene.strategy == RotationStrategy::MasterUser {
        ensure!(seen[0]["username"] == seen[2]["username"], "the second rotation does not go back");
        ensure!(!scene.database.opens(&seen[0]).await?, "the first password still logs in");
    }
    Ok(())
}

async fn logins<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let wanted = match scene.strategy {
        RotationStrategy::SingleUser => 2,
        RotationStrategy::MasterUser => 3,
    };
    for rotation in 1..=2 {
        let before = scene.logins();
        scene.rotate_well().await?;
        let Logins { accepted, refused } = scene.logins() - before;
        ensure!(refused == 0, "rotation {rotation}: {refused} logins were refused");
        ensure!(accepted == wanted, "rotation {rotation}: {accepted} logins, not {wanted}");
    }
    Ok(())
}

async fn calls<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    for round in 1..=2 {
        let rotation = scene.begin().await?;
        let (mut cost, mut made) = (StoreCost::default(), Vec::new());
        for step in STEPS {
            scene.manager.take_calls();
            scene.manager.expect_together(scene.strategy.calls_together(step));
            let answer = scene.step(&rotation, step).await;
            scene.manager.expect_together(&[]);
            answer?;
            let calls = scene.manager.take_calls();
            cost = cost + StoreCost::of_step(&calls);
            made.push(calls.iter().map(|call| call.operation.as_str()).collect::<Vec<_>>());
        }
        ensure!(cost.is_within(StoreCost::MOST), "rotation {round}: {cost:?}: {made:?}");
    }
    scene.check_live().await
}

async fn test_alone<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let (labels, value) = (scene.manager.stages(&scene.secret)?, scene.document("AWSCURRENT")?);
    let token = uuid::Uuid::new_v4().to_string();
    let request = json!({
        "SecretId": scene.secret,
        "ClientRequestToken": token,
        "RotationLambdaARN": scene.gate.function().arn(),
        "RotateImmediately": false,
    });
    scene.manager.call_inside(Operation::RotateSecret, request)?;
    let record = scene.manager.wait_for_rotation(&scene.secret, &token, Duration::from_mins(1)).await?;
    let steps: Vec<_> = record.steps().map(|step| (step.step, step.error.is_none())).collect();
    ensure!(steps == [("testSecret", true)], "{record:?}");
    ensure!(scene.manager.stages(&scene.secret)? == labels, "the labels have changed");
    ensure!(scene.document("AWSCURRENT")? == value, "the value has changed");
    let writes = scene.untouched()?;
    ensure!(writes.contains(" 0 writes"), "{writes}");
    ensure!(writes.ends_with(" 0 refused logins"), "{writes}");
    scene.check_live().await
}

async fn pending_stays<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    // Driven by the case, so that the service does not clean up.
    let first = scene.begin().await?;
    scene.steps(&first).await?;
    let labels = scene.manager.stages(&scene.secret)?;
    let held = &labels[first.version()];
    ensure!(held.contains(&"AWSPENDING".to_owned()) && held.contains(&"AWSCURRENT".to_owned()), "{held:?}");
    scene.rotate_well().await?;
    scene.check_live().await
}

async fn unknown_keys<D: Database>(scenes: Scenes<D>) -> Verdict {
    let extra = json!({"z": [1, 2.50, {"y": null}], "a": "\u{e4}\"\\", "big": 9_007_199_254_740_993_u64});
    let build = scenes.build().document(|document| {
        document["zz_first"] = extra.clone();
        document["port"] = json!(document["port"].to_string());
        document["aa_last"] = json!(true);
    });
    let scene = build.start().await?;
    let keys =
        |document: &Value| document.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    let before = scene.document("AWSCURRENT")?;
    scene.rotate_well().await?;
    let after = scene.document("AWSCURRENT")?;
    ensure!(keys(&before) == keys(&after), "the keys were {:?} and are {:?}", keys(&before), keys(&after));
    for key in keys(&before).unwrap_or_default() {
        if key != "password" && key != "username" {
            ensure!(before[&key] == after[&key], "the value of {key} has changed");
        }
    }
    scene.check_live().await
}

async fn guide_spelling<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    for step in ["create_secret", "set_secret", "test_secret", "finish_secret"] {
        scene.step(&rotation, step).await?;
    }
    scene.check_live().await
}

async fn random_password<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().env("PASSWORD_SOURCE", "secrets-manager").start().await?;
    scene.rotate_well().await?;
    let calls = scene.manager.calls();
    let asked = calls.iter().filter(|call| call.operation == Operation::GetRandomPassword).count();
    ensure!(asked == 1, "GetRandomPassword was called {asked} times");
    scene.check_live().await
}
