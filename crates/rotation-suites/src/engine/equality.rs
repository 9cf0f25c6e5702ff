//! Whatever rights a user has and whatever manual changes follow, its clone ends equal.

use rotation_database::StatementFault;
use test_servers::TestLogin;

use super::{causes::at, scene::EngineScene};
use crate::{
    DatabaseError,
    verdict::{Verdict, ensure},
};

/// How many refusals in a row are decided: each may name a part of what the clone has too much.
const DECISIONS: usize = 4;

/// Seeds of the changes of one user, apart from those of the others.
const CHANGES: u64 = 8;

pub(super) async fn hold<S: EngineScene>(start: &impl AsyncFn() -> Result<S, DatabaseError>) -> Verdict {
    let mut scene = start().await?;
    for seed in 1..=S::RANDOM_USERS {
        one_user(&mut scene, seed).await.map_err(at(&format!("the user of seed {seed}")))?;
    }
    Ok(())
}

async fn one_user<S: EngineScene>(scene: &mut S, seed: u64) -> Verdict {
    scene.draw(seed).await?;
    let (original, clone) = (scene.original().clone(), scene.clone());
    let scene = &*scene;
    scene.change_to(&clone).await?;
    are_equal(scene, &original, &clone).await.map_err(at("a new clone"))?;

    // The clone is live, and keeps what it has unless an administrator decides otherwise.
    scene.alter(&original.username, seed * CHANGES).await?;
    let next = TestLogin { password: format!("Second-2-{}", original.password), ..original };
    originals_turn(scene, &next, seed.is_multiple_of(2)).await.map_err(at("the original's turn"))?;

    // The clone is idle, and becomes the original's equal.
    scene.alter(&next.username, seed * CHANGES + 1).await?;
    scene.alter(&clone.username, seed * CHANGES + 2).await?;
    let clone = TestLogin { password: format!("Second-2-{}", clone.password), ..clone };
    scene.change_to(&clone).await?;
    are_equal(scene, &next, &clone).await.map_err(at("an idle clone that was changed"))
}

async fn originals_turn<S: EngineScene>(scene: &S, next: &TestLogin, give: bool) -> Verdict {
    for _ in 0..DECISIONS {
        let before = scene.snapshot().await?;
        let Err(error) = scene.change_to(next).await else { return Ok(()) };
        let StatementFault::CloneExceeds { needed, .. } = &error.fault else { return Err(error.into()) };
        ensure!(scene.snapshot().await? == before, "a refused change has changed something");
        scene.decide(needed, give).await?;
    }
    scene.change_to(next).await?;
    Ok(())
}

async fn are_equal<S: EngineScene>(scene: &S, original: &TestLogin, clone: &TestLogin) -> Verdict {
    let (ours, theirs) = (scene.rights(original).await?, scene.rights(clone).await?);
    ensure!(!ours.is_empty(), "the scene shows no rights");
    ensure!(ours == theirs, "the original has\n{ours}\nand the clone\n{theirs}");
    Ok(())
}
