//! The master of alternating users: which secret, which user, and what happens if its password has changed.

use std::time::Duration;

use local_aws::secrets_manager::{Fault, FaultKind, Operation};
use serde_json::{Value, json};

use super::{
    Database, RotationStrategy,
    case::{Case, Scenes},
    events::refused,
    scene::{Rotation, STEPS, Scene},
    verdict::{Failure, Verdict, ensure},
};

pub(super) fn cases<D: Database>(strategy: RotationStrategy) -> Vec<Case<D>> {
    if strategy == RotationStrategy::SingleUser {
        return Vec::new();
    }
    vec![
        Case::new("masterarn alone names the master, as with AWS's templates", by_the_secret_alone),
        Case::new("the deployed master serves a secret without masterarn", by_the_function_alone),
        Case::new("a secret without masterarn is refused where no master is deployed", by_nobody),
        Case::new("another masterarn than the deployed one is refused", not_deployed),
        Case::new("a secret that is its own master is refused without a connection", its_own_master),
        Case::new("a master that is the user itself is refused without a connection", same_user),
        Case::new("a master on another server is refused without its password being sent", other_server),
        Case::new("a master secret that is not a document is refused", malformed),
        Case::new("a master secret that does not exist is refused", unknown),
        Case::new("a refused master changes nothing and is reported", refused_master),
    ]
}

pub(super) fn races<D: Database>(strategy: RotationStrategy) -> Vec<Case<D>> {
    if strategy == RotationStrategy::SingleUser {
        return Vec::new();
    }
    vec![Case::new("a master rotated between its read and its login is read once more", rotated_meanwhile)]
}

/// createSecret succeeds, and setSecret is refused with this code before it connects.
async fn set_refused<D: Database>(scene: &Scene<D>, code: &str) -> Result<Rotation, Failure> {
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    refused(scene, &rotation.step(STEPS[1]), code).await?;
    Ok(rotation)
}

async fn by_the_secret_alone<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().without_deployed_master().start().await?;
    scene.rotate_well().await?;
    scene.rotate_well().await?;
    scene.check_live().await
}

fn without_masterarn(document: &mut Value) {
    if let Some(fields) = document.as_object_mut() {
        fields.remove("masterarn");
    }
}

async fn by_the_function_alone<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().document(without_masterarn).start().await?;
    scene.rotate_well().await?;
    scene.check_live().await
}

async fn by_nobody<D: Database>(scenes: Scenes<D>) -> Verdict {
    let build = scenes.build().without_deployed_master().document(without_masterarn);
    let scene = build.start().await?;
    let rotation = scene.begin().await?;
    refused(&scene, &rotation.step(STEPS[0]), "SECRET_FIELD_MISSING").await
}

async fn not_deployed<D: Database>(scenes: Scenes<D>) -> Verdict {
    let other = "arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf";
    let scene = scenes.build().document(|document| document["masterarn"] = json!(other)).start().await?;
    let rotation = scene.begin().await?;
    refused(&scene, &rotation.step(STEPS[0]), "MASTER_NOT_DEPLOYED").await?;
    // A value that another writer stored does not get further either.
    let mut document = scene.document("AWSCURRENT")?;
    document["username"] = json!(scene.tenant.clone);
    document["password"] = json!("put-there-by-hand-0123456789");
    scene.put_pending(&rotation, &document.to_string())?;
    refused(&scene, &rotation.step(STEPS[1]), "MASTER_NOT_DEPLOYED").await
}

async fn its_own_master<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().without_deployed_master().start().await?;
    let mut document = scene.document("AWSCURRENT")?;
    document["masterarn"] = json!(scene.secret);
    let token = uuid::Uuid::new_v4().to_string();
    let request = json!({
        "SecretId": scene.secret, "ClientRequestToken": token, "SecretString": document.to_string(),
    });
    scene.manager.call_inside(Operation::PutSecretValue, request)?;
    set_refused(&scene, "MASTER_SAME_AS_SECRET").await.map(drop)
}

/// The secret contains the master's own user: current logs in, and then the master must not change itself.
async fn same_user<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let mut document = scene.document("AWSCURRENT")?;
    document["username"] = scene.tenant.master["username"].clone();
    document["password"] = scene.tenant.master["password"].clone();
    let token = uuid::Uuid::new_v4().to_string();
    let request = json!({
        "SecretId": scene.secret, "ClientRequestToken": token, "SecretString": document.to_string(),
    });
    scene.manager.call_inside(Operation::PutSecretValue, request)?;
    set_code(&scene, "MASTER_SAME_AS_SECRET").await?;
    let master = scene.tenant.master.clone();
    ensure!(scene.database.opens(&master).await?, "the master's password was changed");
    let clone = format!("{}_clone", scene.tenant.master_name());
    ensure!(!scene.database.has_user(&clone).await?, "a clone of the master was made");
    Ok(())
}

/// createSecret succeeds, and setSecret fails with this code; it may have made logins.
pub(super) async fn set_code<D: Database>(scene: &Scene<D>, code: &str) -> Result<Rotation, Failure> {
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    let answer = scene.step(&rotation, STEPS[1]).await;
    let answered = answer.as_ref().err().map(|error| error.error_type.as_str());
    ensure!(answered == Some(code), "{answer:?}, not {code}");
    ensure!(!scene.database.has_user(&scene.tenant.clone).await?, "the clone was made");
    Ok(rotation)
}

async fn other_server<D: Database>(scenes: Scenes<D>) -> Verdict {
    let elsewhere = |master: &mut Value| master["host"] = json!("db.elsewhere.example.com");
    let scene = scenes.build().master(elsewhere).start().await?;
    let before = scene.master_logins();
    set_code(&scene, "MASTER_HOST_DIFFERS").await?;
    ensure!(before == scene.master_logins(), "the master logged in");
    Ok(())
}

async fn malformed<D: Database>(scenes: Scenes<D>) -> Verdict {
    for field in ["engine", "host", "username", "password"] {
        let build = scenes.build().master(|master| master[field] = Value::Null);
        let scene = build.start().await?;
        set_code(&scene, "MASTER_INVALID").await?;
        let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
        ensure!(message.contains(&format!("`{field}`")) && message.contains("master"), "{message}");
    }
    Ok(())
}

async fn unknown<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let request = json!({"SecretId": scene.master, "ForceDeleteWithoutRecovery": true});
    scene.manager.call_inside(Operation::DeleteSecret, request)?;
    set_code(&scene, "MASTER_UNREADABLE").await.map(drop)
}

async fn refused_master<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.database.set_password(scene.tenant.master_name(), "changed-by-hand-0123456789").await?;
    let rotation = set_code(&scene, "DB_AUTH_REFUSED").await?;
    let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
    ensure!(message.contains("master secret"), "the message does not name the login that failed: {message}");
    let password = scene.tenant.master["password"].as_str().unwrap_or_default();
    scene.database.set_password(scene.tenant.master_name(), password).await?;
    scene.converge(&rotation).await?;
    scene.check_live().await
}

async fn rotated_meanwhile<D: Database>(scenes: Scenes<D>) -> Verdict {
    rotate_meanwhile(&scenes.scene().await?).await
}

/// The master gets another password between the read of its secret by setSecret and its login.
pub(super) async fn rotate_meanwhile<D: Database>(scene: &Scene<D>) -> Verdict {
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.manager.take_calls();
    let hold = Duration::from_millis(1500);
    scene.manager.inject(Fault::new(Operation::DescribeSecret, FaultKind::Delay(hold)));
    let change = async {
        let read = || scene.manager.calls().iter().any(|call| call.secret.as_deref() == Some(&scene.master));
        while !read() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut master: Value = serde_json::from_str(&scene.manager.value(&scene.master, "AWSCURRENT")?)?;
        master["password"] = json!("the-masters-next-password-0123456789");
        let token = uuid::Uuid::new_v4().to_string();
        let request = json!({
            "SecretId": scene.master, "ClientRequestToken": token, "SecretString": master.to_string(),
        });
        scene.manager.call_inside(Operation::PutSecretValue, request)?;
        let password = master["password"].as_str().unwrap_or_default();
        scene.database.set_password(scene.tenant.master_name(), password).await?;
        Ok::<_, Failure>(())
    };
    let (answer, changed) = tokio::join!(scene.step(&rotation, STEPS[1]), change);
    changed?;
    answer?;
    let refused = scene.master_logins().refused;
    ensure!(refused == 1, "the old password was refused {refused} times, so the race was not met");
    scene.converge(&rotation).await?;
    scene.check_live().await
}
