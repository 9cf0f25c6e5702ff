//! Test queries of the operator and of the secret.

use serde_json::{Value, json};

use super::{
    Database,
    case::{Case, Scenes},
    events::refused,
    scene::{STEPS, Scene},
    verdict::{Verdict, ensure},
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("a test query that the server runs lets the rotation continue", given),
        Case::new("a test query that the server refuses only fails testSecret", failed),
        Case::new("a secret's test query is ignored, and a note reports that", ignored),
        Case::new("a secret's test query counts where it is allowed", counted),
        Case::new("a secret's test query that is invalid is refused before a password is made", unusable),
        Case::new("a dry run reports that the test query would run, but not its text", planned),
    ]
}

async fn given<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().env("TEST_QUERY", D::TEST_QUERY).start().await?;
    for _ in 0..2 {
        scene.rotate_well().await?;
        scene.check_live().await?;
    }
    ensure!(scene.logins().refused == 0, "a login was refused");
    Ok(())
}

async fn failed<D: Database>(scenes: Scenes<D>) -> Verdict {
    let build = scenes.build().env("TEST_QUERY", D::REFUSED_STATEMENT);
    fails_until(&build.twin_env("TEST_QUERY", D::TEST_QUERY).start().await?).await
}

async fn counted<D: Database>(scenes: Scenes<D>) -> Verdict {
    let edit = |document: &mut Value| document["testquery"] = json!(D::REFUSED_STATEMENT);
    let build = scenes.build().document(edit).env("ALLOW_TEST_QUERY", "secret");
    let build = build.env("TEST_QUERY", D::TEST_QUERY);
    fails_until(&build.twin_env("ALLOW_TEST_QUERY", "off").start().await?).await
}

/// testSecret fails with its own code and changes nothing, until the setting is fixed: then the same version
/// continues.
async fn fails_until<D: Database>(scene: &Scene<D>) -> Verdict {
    let rotation = scene.begin().await?;
    for step in &STEPS[..2] {
        scene.step(&rotation, step).await?;
    }
    for _ in 0..2 {
        let answer = scene.step(&rotation, STEPS[2]).await;
        let Err(error) = answer else { return Err("testSecret succeeded".into()) };
        ensure!(error.error_type == "TEST_QUERY_FAILED", "testSecret was answered {error}");
        ensure!(
            error.message.contains("SQLSTATE")
                || error.message.contains("error ")
                || error.message.contains("code "),
            "the server's code is not in {error}"
        );
    }
    let output = scene.gate.function().output();
    ensure!(!output.contains(D::REFUSED_STATEMENT), "the statement is in the output");
    scene.check_open().await?;
    for step in STEPS {
        scene.twin.pass(&rotation.step(step)).await?;
    }
    scene.check_live().await
}

async fn ignored<D: Database>(scenes: Scenes<D>) -> Verdict {
    let edit = |document: &mut Value| document["testquery"] = json!(D::REFUSED_STATEMENT);
    let scene = scenes.build().document(edit).start().await?;
    scene.rotate_well().await?;
    let output = scene.gate.function().output();
    ensure!(output.contains("`testquery` was ignored"), "there is no note in {output}");
    ensure!(!output.contains(D::REFUSED_STATEMENT), "the statement is in the output");
    scene.check_live().await
}

async fn unusable<D: Database>(scenes: Scenes<D>) -> Verdict {
    let edit = |document: &mut Value| document["testquery"] = json!("DROP this; DROP that");
    let build = scenes.build().document(edit).env("ALLOW_TEST_QUERY", "secret");
    let scene = build.start().await?;
    let rotation = scene.begin().await?;
    refused(&scene, &rotation.step(STEPS[0]), "SECRET_FIELD_INVALID").await?;
    let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
    ensure!(message.contains("testquery"), "the field is not named in {message}");
    scene.check_live().await
}

async fn planned<D: Database>(scenes: Scenes<D>) -> Verdict {
    let build = scenes.build().env("DRY_RUN", "true").env("TEST_QUERY", D::REFUSED_STATEMENT);
    let scene = build.start().await?;
    scene.rotate().await?;
    let output = scene.gate.function().output();
    let reported = "the statement of TEST_QUERY, in a read-only transaction";
    ensure!(output.contains(reported), "the statement is not reported in {output}");
    ensure!(!output.contains(D::REFUSED_STATEMENT), "the statement is in the output");
    scene.check_live().await
}
