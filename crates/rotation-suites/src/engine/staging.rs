//! Nothing is seen before the commit, and a session that is dropped takes everything back.

use rotation_database::Session;
use test_servers::TestLogin;

use super::{causes::at, scene::EngineScene};
use crate::{
    DatabaseError,
    verdict::{Verdict, ensure},
};

pub(super) async fn hold<S: EngineScene>(start: &impl AsyncFn() -> Result<S, DatabaseError>) -> Verdict {
    own_password(&start().await?).await.map_err(at("a user's own password"))?;
    let scene = start().await?;
    let (original, clone) = (scene.original().clone(), scene.clone());
    other_user(&scene, &original, &clone).await.map_err(at("a new clone"))?;
    let idle = TestLogin { password: format!("Idle-2-{}", clone.password), ..clone.clone() };
    scene.give(&original.username).await?;
    scene.give(&idle.username).await?;
    other_user(&scene, &original, &idle).await.map_err(at("a clone that drifted"))?;
    let next = TestLogin { password: format!("Next-2-{}", original.password), ..original };
    other_user(&scene, &idle, &next).await.map_err(at("the original's turn"))
}

async fn own_password<S: EngineScene>(scene: &S) -> Verdict {
    let old = scene.original().clone();
    let new = TestLogin { password: format!("Own-2-{}", old.password), ..old.clone() };
    ensure!(scene.lets_in(&old).await?, "the user of the scene is refused");
    let before = scene.snapshot().await?;
    let staged = scene.stage_own(&old, &new.password).await?;
    ensure!(scene.snapshot().await? == before, "others see what is staged");
    ensure!(scene.lets_in(&old).await?, "the old password is refused before the commit");
    ensure!(!scene.lets_in(&new).await?, "the new password logs in before the commit");
    drop(staged);
    // This one would wait for the user, had the first not gone.
    let staged = scene.stage_own(&old, &new.password).await?;
    ensure!(scene.snapshot().await? == before, "a session that was dropped has left something");
    staged.commit().await?;
    ensure!(scene.lets_in(&new).await?, "the new password is refused after the commit");
    Ok(())
}

async fn other_user<S: EngineScene>(scene: &S, live: &TestLogin, next: &TestLogin) -> Verdict {
    let before = scene.snapshot().await?;
    let staged = scene.stage(next).await?;
    ensure!(scene.snapshot().await? == before, "others see what is staged");
    ensure!(!scene.lets_in(next).await?, "the next login is let in before the commit");
    drop(staged);
    let staged = scene.stage(next).await?;
    ensure!(scene.snapshot().await? == before, "a session that was dropped has left something");
    staged.commit().await?;
    for (who, login) in [("live", live), ("next", next)] {
        ensure!(scene.lets_in(login).await?, "the {who} login is refused after the commit");
    }
    Ok(())
}
