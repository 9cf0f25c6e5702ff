//! A dry run shows what a rotation does, and changes nothing.

use rotation_database::{Necessity, Plan, PlannedStatement, Purpose, Session};
use test_servers::TestLogin;

use super::{causes::at, scene::EngineScene};
use crate::{
    DatabaseError,
    verdict::{Failure, Verdict, ensure},
};

pub(super) async fn hold<S: EngineScene>(start: &impl AsyncFn() -> Result<S, DatabaseError>) -> Verdict {
    own_password(&start().await?).await.map_err(at("a user's own password"))?;
    let scene = start().await?;
    let (original, clone) = (scene.original().clone(), scene.clone());
    other_user(&scene, &clone, None).await.map_err(at("a new clone"))?;
    let clone = changed(&clone, "Second-2-");
    other_user(&scene, &clone, Some(0)).await.map_err(at("an equal clone"))?;
    scene.give(&original.username).await?;
    scene.give(&clone.username).await?;
    let clone = changed(&clone, "Third-3-");
    other_user(&scene, &clone, Some(2)).await.map_err(at("a clone that lacks something and has more"))?;
    scene.give(&original.username).await?;
    let original = changed(&original, "Second-2-");
    other_user(&scene, &original, None).await.map_err(at("the original's turn"))
}

fn changed(login: &TestLogin, prefix: &str) -> TestLogin {
    TestLogin { password: format!("{prefix}{}", login.password), ..login.clone() }
}

async fn own_password<S: EngineScene>(scene: &S) -> Verdict {
    let (user, new) = (scene.original(), changed(scene.original(), "Own-2-").password);
    let plan = scene.plan_own(user, &new).await?;
    let before = scene.snapshot().await?;
    let begin = scene.writes().len();
    let again = scene.plan_own(user, &new).await?;
    ensure!(
        texts::<S>(&again) == texts::<S>(&plan),
        "the same plan has other statements: {plan:?} {again:?}"
    );
    unchanged(scene, &before, begin).await?;
    hides(&plan, &[&user.password, &new])?;
    let report = scene.stage_own(user, &new).await?.commit().await?;
    as_planned::<S>(&plan, &scene.writes()[begin..])?;
    ensure!(plan.notes == report.notes, "planned notes {:?}, and noted {:?}", plan.notes, report.notes);
    ensure!(
        scene.lets_in(&TestLogin { password: new, ..user.clone() }).await?,
        "the new password is refused"
    );
    Ok(())
}

async fn other_user<S: EngineScene>(scene: &S, next: &TestLogin, drift: Option<usize>) -> Verdict {
    let (before, begin) = (scene.snapshot().await?, scene.writes().len());
    let plan = scene.plan(next).await?;
    unchanged(scene, &before, begin).await?;
    hides(&plan, &[&next.password])?;
    let corrections = plan.drift().count();
    if let Some(drift) = drift {
        ensure!(corrections == drift, "{corrections} corrections are planned, not {drift}: {plan:?}");
    }
    let is_last = |one: &PlannedStatement| one.necessity != Necessity::Otherwise;
    let last = plan.statements.iter().rfind(|one| is_last(one)).ok_or("nothing is planned")?;
    // An engine that makes a user whole by one statement sets the password with it.
    let is_whole = plan.statements.iter().filter(|one| is_last(one)).count() == 1;
    ensure!(last.purpose == Purpose::Password || is_whole, "the password is not set last: {plan:?}");
    let report = scene.change_to(next).await?;
    as_planned::<S>(&plan, &scene.writes()[begin..])?;
    ensure!(plan.notes == report.notes, "planned notes {:?}, and noted {:?}", plan.notes, report.notes);
    Ok(())
}

fn texts<S: EngineScene>(plan: &Plan) -> Vec<String> {
    plan.statements.iter().map(|one| S::comparable(&one.text)).collect()
}

/// A plan has written nothing.
async fn unchanged<S: EngineScene>(scene: &S, before: &str, begin: usize) -> Verdict {
    let writes = scene.writes();
    ensure!(writes.len() == begin, "the plan itself has run {:?}", &writes[begin..]);
    ensure!(scene.snapshot().await? == before, "the plan has changed what the server keeps");
    Ok(())
}

/// No password is in a plan.
fn hides(plan: &Plan, passwords: &[&str]) -> Result<(), Failure> {
    let text = format!("{plan:?}");
    ensure!(!passwords.iter().any(|password| text.contains(password)), "the plan shows a password");
    Ok(())
}

/// What ran is what was planned, in its order; what runs only where the server refuses the one before may be
/// absent.
fn as_planned<S: EngineScene>(plan: &Plan, written: &[String]) -> Result<(), Failure> {
    let mut written = written.iter().map(|statement| S::comparable(statement)).peekable();
    ensure!(written.peek().is_some(), "the server received nothing");
    for statement in &plan.statements {
        let planned = S::comparable(&statement.text);
        if written.peek() == Some(&planned) {
            written.next();
        } else if statement.necessity != Necessity::Otherwise {
            let next = written.next();
            return Err(
                format!("planned, and not run in its place: {planned}; the server got {next:?}").into()
            );
        }
    }
    let beyond: Vec<_> = written.collect();
    ensure!(beyond.is_empty(), "run, and not planned: {beyond:?}");
    Ok(())
}
