//! A master secret that an AWS service manages: a user name and a password, and a tag that names their
//! server.

use serde_json::{Value, json};

use super::{
    Database, Owner, RotationStrategy,
    case::{Case, Scenes},
    database_lookup::Managed,
    masters::{rotate_meanwhile, set_code},
    scene::STEPS,
    verdict::{Verdict, ensure},
};

pub(super) fn cases<D: Database>(
    owners: Vec<(Owner, &'static str)>,
    strategy: RotationStrategy,
) -> Vec<Case<D>> {
    if strategy == RotationStrategy::SingleUser {
        let case = |(owner, engine)| {
            let managed = Managed { owner, engine, is_read_through: false };
            let name = format!("a single user needs no master of {owner:?} and no lookup of its server");
            Case::new(name, move |scenes| without_master(scenes, managed))
        };
        return owners.into_iter().map(case).collect();
    }
    let mut cases =
        vec![Case::new("a master secret without a host and without an owner is refused", owned_by_nobody)];
    for (owner, engine) in owners {
        let managed = Managed { owner, engine, is_read_through: false };
        cases.push(Case::new(format!("the tag of {owner:?} leads to the master's server"), move |scenes| {
            by_the_tag(scenes, managed)
        }));
        cases.push(Case::new(
            format!("a managed master of {owner:?} that is rotated meanwhile is read once more"),
            move |scenes| rotated_meanwhile(scenes, managed),
        ));
        if owner == Owner::Cluster {
            let managed = Managed { is_read_through: true, ..managed };
            cases.push(Case::new("a secret of a reader endpoint is changed on the writer", move |scenes| {
                through_a_reader(scenes, managed)
            }));
        }
    }
    cases
}

/// The function may run next to one for a master user: it reads neither the master's secret nor the service's
/// answer.
async fn without_master<D: Database>(scenes: Scenes<D>, managed: Managed) -> Verdict {
    let scene = scenes.build().managed(managed).start().await?;
    scene.rotate_well().await?;
    scene.check_live().await?;
    ensure!(scene.lookup()?.double.calls().is_empty(), "a single user looked up its server");
    let master =
        scene.manager.calls().into_iter().filter(|call| call.secret.as_deref() == Some(&scene.master));
    ensure!(master.count() == 0, "a single user read the master's secret");
    ensure!(scene.master_logins().accepted == 0, "the master logged in");
    Ok(())
}

async fn owned_by_nobody<D: Database>(scenes: Scenes<D>) -> Verdict {
    let bare = |master: &mut Value| {
        *master = json!({"username": master["username"], "password": master["password"]});
    };
    let scene = scenes.build().master(bare).start().await?;
    let before = scene.master_logins();
    set_code(&scene, "MASTER_OWNER_UNKNOWN").await?;
    ensure!(before == scene.master_logins(), "the master logged in");
    Ok(())
}

async fn by_the_tag<D: Database>(scenes: Scenes<D>, managed: Managed) -> Verdict {
    let scene = scenes.build().managed(managed).without_deployed_master().start().await?;
    let master: Value = serde_json::from_str(&scene.manager.value(&scene.master, "AWSCURRENT")?)?;
    let fields: Vec<_> = master.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    ensure!(fields == ["username", "password"], "the master secret holds {fields:?}");
    for _ in 0..2 {
        scene.rotate_well().await?;
        scene.check_live().await?;
    }
    let asked: Vec<_> = scene.lookup()?.double.calls().into_iter().map(|call| call.operation).collect();
    // Once for each setSecret; no other step needs it.
    ensure!(asked == [managed.owner.operation(); 2], "the lookup was asked for {asked:?}");
    let logins = scene.master_logins();
    ensure!((logins.accepted, logins.refused) == (2, 0), "the master made {logins:?}");
    Ok(())
}

async fn rotated_meanwhile<D: Database>(scenes: Scenes<D>, managed: Managed) -> Verdict {
    let scene = scenes.build().managed(managed).start().await?;
    rotate_meanwhile(&scene).await?;
    // The secret was read again, but the server was already known; then steps were repeated.
    let asked = scene.lookup()?.double.calls().len();
    ensure!(asked == 2, "the lookup was asked {asked} times by two setSecrets");
    Ok(())
}

async fn through_a_reader<D: Database>(scenes: Scenes<D>, managed: Managed) -> Verdict {
    let scene = scenes.build().managed(managed).start().await?;
    let endpoints = scene.lookup()?.endpoints.as_ref().ok_or("there is a reader")?;
    let rotation = scene.begin().await?;
    scene.step(&rotation, STEPS[0]).await?;
    scene.step(&rotation, STEPS[1]).await?;
    let made = (endpoints.writer.connections(), endpoints.reader.connections());
    // Current and the master on the writer; current, and then pending once it has arrived, on the reader.
    ensure!(made == (2, 2), "setSecret connected to the writer and the reader {made:?} times");
    scene.steps(&rotation).await?;
    scene.check_live().await?;
    let master = scene.master_logins();
    // Current logged in there as often as the master.
    ensure!(endpoints.writer.connections() == 2 * master.accepted, "the master was elsewhere: {master:?}");
    Ok(())
}
