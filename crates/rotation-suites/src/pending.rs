//! Values under AWSPENDING that setSecret must refuse before it opens a connection.

use serde_json::{Value, json};

use super::{
    Database, RotationStrategy,
    case::{Case, Scenes},
    events::refused,
    scene::STEPS,
    verdict::Verdict,
};

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("a pending value for another server is refused without a connection", other_server),
        Case::new("a pending value for another user is refused without a connection", other_user),
        Case::new("a pending value that is not a document is refused without a connection", malformed),
    ]
}

/// setSecret refuses the document that createSecret would have stored, after `edit`, with this code.
async fn refuses<D: Database>(scenes: &Scenes<D>, edit: impl FnOnce(&mut Value), code: &str) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let mut document = scene.document("AWSCURRENT")?;
    if scene.strategy == RotationStrategy::MasterUser {
        document["username"] = json!(scene.tenant.clone);
    }
    document["password"] = json!("put-there-by-hand-0123456789");
    edit(&mut document);
    scene.put_pending(&rotation, &document.to_string())?;
    refused(&scene, &rotation.step(STEPS[1]), code).await?;
    scene.check_live().await
}

async fn other_server<D: Database>(scenes: Scenes<D>) -> Verdict {
    let host = |document: &mut Value| document["host"] = json!("db.elsewhere.example.com");
    refuses(&scenes, host, "PENDING_HOST_DIFFERS").await?;
    let address = |document: &mut Value| document["host"] = json!("127.0.0.2");
    refuses(&scenes, address, "PENDING_HOST_DIFFERS").await?;
    refuses(&scenes, |document| document["port"] = json!(1), "PENDING_HOST_DIFFERS").await
}

async fn other_user<D: Database>(scenes: Scenes<D>) -> Verdict {
    let somebody = |document: &mut Value| document["username"] = json!("somebody_else");
    refuses(&scenes, somebody, "PENDING_USER_DIFFERS").await?;
    // The user that the other strategy would have named.
    let strategy = scenes.strategy;
    let swap = move |document: &mut Value| {
        let name = document["username"].as_str().unwrap_or_default();
        document["username"] = match strategy {
            RotationStrategy::SingleUser => json!(format!("{name}_clone")),
            RotationStrategy::MasterUser => json!(name.trim_end_matches("_clone")),
        };
    };
    refuses(&scenes, swap, "PENDING_USER_DIFFERS").await
}

async fn malformed<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.put_pending(&rotation, "no document at all")?;
    for step in &STEPS[1..3] {
        refused(&scene, &rotation.step(step), "SECRET_MALFORMED").await?;
    }
    let edit = |document: &mut Value| document["host"] = json!("169.254.169.254");
    refuses(&scenes, edit, "SECRET_FIELD_INVALID").await?;
    let edit = |document: &mut Value| document["password"] = Value::Null;
    refuses(&scenes, edit, "SECRET_FIELD_MISSING").await
}
