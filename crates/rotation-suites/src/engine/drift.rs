//! What the idle clone lacks or has too much is corrected, counted and named.

use rotation_core::{Applied, ChangeReport};
use test_servers::TestLogin;

use super::{attempt::Attempt, scene::EngineScene};
use crate::{
    DatabaseError,
    verdict::{Failure, Verdict, ensure},
};

pub(super) async fn hold<S: EngineScene>(start: &impl AsyncFn() -> Result<S, DatabaseError>) -> Verdict {
    let scene = start().await?;
    let (original, clone) = (scene.original().clone(), scene.clone());
    counts(&scene.change_to(&clone).await?, 0, "a clone that this change makes")?;
    counts(&scene.change_to(&clone).await?, 0, "an equal clone")?;

    scene.give(&original.username).await?;
    ensure!(differ(&scene, &original, &clone).await?, "the scene shows no difference");
    counts(&scene.change_to(&clone).await?, 1, "a clone that lacks one right")?;
    ensure!(!differ(&scene, &original, &clone).await?, "the clone still lacks it");
    counts(&scene.change_to(&clone).await?, 0, "a clone that was corrected")?;

    scene.give(&clone.username).await?;
    ensure!(differ(&scene, &original, &clone).await?, "the scene shows no difference");
    let report = scene.change_to(&clone).await?;
    counts(&report, 1, "a clone that has one right too much")?;
    ensure!(!report.notes.is_empty(), "what is taken from the clone is not named");
    ensure!(!differ(&scene, &original, &clone).await?, "the clone still has it");

    // The same count reaches the outcome of setSecret.
    scene.give(&original.username).await?;
    let next = TestLogin { password: format!("Second-2-{}", clone.password), ..clone };
    let attempt = Attempt { live: original, next };
    let port = scene.login(scene.original()).port;
    match attempt.apply(&scene, port).await? {
        Applied::Changed(report) => counts(&report, 1, "the outcome of setSecret"),
        Applied::AlreadySet => Err("setSecret found its password set already".into()),
    }
}

fn counts(report: &ChangeReport, drift: usize, what: &str) -> Result<(), Failure> {
    ensure!(report.drift == drift, "{what}: {} corrections are counted, not {drift}", report.drift);
    Ok(())
}

async fn differ<S: EngineScene>(scene: &S, one: &TestLogin, other: &TestLogin) -> Result<bool, Failure> {
    Ok(scene.rights(one).await? != scene.rights(other).await?)
}
