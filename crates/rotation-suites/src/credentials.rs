//! Credentials that the server refuses after a manual change.

use super::{
    Database, RotationStrategy,
    case::{Case, Scenes},
    scene::{STEPS, Scene},
    verdict::{Verdict, ensure},
};

pub(super) fn cases<D: Database>(strategy: RotationStrategy) -> Vec<Case<D>> {
    let mut cases = vec![Case::new("testSecret refuses a password that was never set", tested_too_early)];
    cases.extend(match strategy {
        RotationStrategy::SingleUser => vec![
            Case::new("a password that is already pending's is recognized", already_pending),
            Case::new("a password that is still AWSPREVIOUS's is changed from there", still_previous),
            Case::new("a password that no version holds is reported", nobody_knows),
            Case::new("a user that was dropped is reported", dropped),
        ],
        RotationStrategy::MasterUser => vec![
            Case::new("a refused AWSCURRENT keeps the master out", current_refused),
            Case::new("a clone that was dropped is created again with its privileges", clone_dropped),
        ],
    });
    if D::LOCKS_USERS {
        cases.push(match strategy {
            RotationStrategy::SingleUser => Case::new("a user that may not log in is reported", locked),
            RotationStrategy::MasterUser => {
                Case::new("an AWSCURRENT that may not log in keeps the master out", current_locked)
            }
        });
    }
    cases
}

/// The password in a version that a rotation created.
fn password<D: Database>(scene: &Scene<D>, stage: &str) -> Result<String, super::verdict::Failure> {
    Ok(scene.document(stage)?["password"].as_str().unwrap_or_default().to_owned())
}

/// Runs setSecret and expects this code.
async fn set_fails<D: Database>(
    scene: &Scene<D>,
    rotation: &super::scene::Rotation,
    codes: &[&str],
) -> Verdict {
    let answer = scene.step(rotation, STEPS[1]).await;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    ensure!(code.is_some_and(|code| codes.contains(&code)), "{answer:?}, not {codes:?}");
    Ok(())
}

async fn tested_too_early<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    let answer = scene.step(&rotation, STEPS[2]).await;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    ensure!(code.is_some_and(|code| ["DB_AUTH_REFUSED", "DB_USER_NOT_FOUND"].contains(&code)), "{answer:?}");
    scene.converge(&rotation).await?;
    scene.check_live().await
}

async fn already_pending<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.database.set_password(scene.tenant.original(), &password(&scene, "AWSPENDING")?).await?;
    for step in &STEPS[1..] {
        scene.step(&rotation, step).await?;
    }
    scene.check_live().await
}

async fn still_previous<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.rotate_well().await?;
    scene.database.set_password(scene.tenant.original(), &password(&scene, "AWSPREVIOUS")?).await?;
    scene.rotate_well().await?;
    scene.check_live().await
}

async fn nobody_knows<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.rotate_well().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    let old = password(&scene, "AWSCURRENT")?;
    scene.database.set_password(scene.tenant.original(), "changed-by-hand-0123456789").await?;
    for _ in 0..2 {
        set_fails(&scene, &rotation, &["DB_NO_CREDENTIAL_ACCEPTED"]).await?;
    }
    scene.database.set_password(scene.tenant.original(), &old).await?;
    scene.converge(&rotation).await?;
    scene.check_live().await
}

async fn dropped<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.database.drop_user(&scene.tenant, scene.tenant.original()).await?;
    // Servers do not reveal to a client whether the name or the password was wrong.
    set_fails(&scene, &rotation, &["DB_NO_CREDENTIAL_ACCEPTED", "DB_USER_NOT_FOUND"]).await
}

async fn locked<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.database.lock_user(scene.tenant.original()).await?;
    let before = scene.logins();
    set_fails(&scene, &rotation, &["DB_LOCKED"]).await?;
    let tries = (scene.logins() - before).refused;
    ensure!(tries == 1, "a locked user was tried {tries} times");
    Ok(())
}

/// Checks that AWSCURRENT is refused with this code, that the master does not log in, and that there is no
/// clone.
async fn master_stays_out<D: Database>(scene: &Scene<D>, code: &str) -> Verdict {
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    let before = scene.master_logins();
    set_fails(scene, &rotation, &[code]).await?;
    let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
    ensure!(message.contains("AWSCURRENT"), "the message does not name the login that failed: {message}");
    let after = scene.master_logins();
    ensure!(before == after, "the master logged in");
    ensure!(!scene.database.has_user(&scene.tenant.clone).await?, "the clone was made");
    Ok(())
}

async fn current_refused<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.database.set_password(scene.tenant.original(), "changed-by-hand-0123456789").await?;
    master_stays_out(&scene, "DB_AUTH_REFUSED").await
}

async fn current_locked<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.database.lock_user(scene.tenant.original()).await?;
    master_stays_out(&scene, "DB_LOCKED").await
}

async fn clone_dropped<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.rotate_well().await?;
    scene.rotate_well().await?;
    scene.database.drop_user(&scene.tenant, &scene.tenant.clone).await?;
    scene.rotate_well().await?;
    scene.check_live().await
}
