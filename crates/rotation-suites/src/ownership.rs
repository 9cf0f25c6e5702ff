//! Other claims to the pair: a second server on the same host, a second secret, privileges that the live user
//! was granted.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use test_servers::{Proxy, TestLogin};

use super::{
    Database, RotationStrategy,
    case::{Case, Scenes},
    gate::Gate,
    masters::set_code,
    scene::{Rotation, STEPS, Scene},
    verdict::{Failure, Verdict, ensure},
};

pub(super) fn cases<D: Database>(strategy: RotationStrategy) -> Vec<Case<D>> {
    if strategy == RotationStrategy::SingleUser {
        return Vec::new();
    }
    vec![
        Case::new(
            "a master on a second server of the host is kept out until AWSCURRENT is proved there",
            second_server,
        ),
        Case::new("a secret may name a pooler's port and its master the server's", pooler),
        Case::new("the second secret of a pair is refused, and takes over the pair by name", second_secret),
        Case::new("the next rotation keeps what the live clone was granted", given_meanwhile),
    ]
}

/// The value of a setting that the function needs to trust both servers.
fn authorities<D: Database>(servers: [&D; 2]) -> String {
    servers.map(|database| database.server().authority_pem()).join("\n")
}

async fn second_server<D: Database>(scenes: Scenes<D>) -> Verdict {
    let elsewhere = scenes.database.elsewhere()?;
    let (port, bundle) = (elsewhere.port(), authorities([&*scenes.database, &elsewhere]));
    let build = scenes.build().env("TLS_CA_BUNDLE", &bundle).master(|master| master["port"] = json!(port));
    let scene = build.start().await?;
    let tenant = &scene.tenant;
    let text = |document: &Value, field: &str| document[field].as_str().unwrap_or_default().to_owned();
    let login = |document: &Value| TestLogin {
        username: text(document, "username"),
        password: text(document, "password"),
    };
    let user = TestLogin { password: "of-another-server-0123456789".into(), ..login(&tenant.document) };
    elsewhere.add_user(&user, false).await?;
    elsewhere.add_user(&login(&tenant.master), true).await?;
    set_code(&scene, "MASTER_ENDPOINT_UNPROVEN").await?;
    let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
    ensure!(message.contains(&port.to_string()), "the port is not named in {message}");
    ensure!(!elsewhere.has_user(&tenant.clone).await?, "the clone was made on the other server");
    ensure!(scene.database.opens(&tenant.document).await?, "AWSCURRENT does not log in any more");
    Ok(())
}

/// The pooler is a proxy that forwards everything.
async fn pooler<D: Database>(scenes: Scenes<D>) -> Verdict {
    let pooler = Proxy::start("127.0.0.1", scenes.database.port()).await?;
    let port = pooler.port();
    let scene = scenes.build().document(|document| document["port"] = json!(port)).start().await?;
    let before = scene.logins();
    scene.rotate_well().await?;
    let logins = scene.logins() - before;
    ensure!(
        (logins.accepted, logins.refused) == (4, 0),
        "{logins:?}: one more login than without a pooler was expected"
    );
    scene.check_live().await?;
    scene.rotate_well().await?;
    scene.check_live().await
}

async fn second_secret<D: Database>(scenes: Scenes<D>) -> Verdict {
    let build = scenes.build().twin_env("ADOPT_CLONES", "the-second");
    let scene = build.start().await?;
    scene.rotate_well().await?;
    let document = scene.document("AWSCURRENT")?;
    let second = scene.manager.create_secret("the-second", &document.to_string())?;
    let rotation = begin(&scene, &second).await?;
    pass(&scene.gate, &rotation, STEPS[0]).await?;
    let answer = scene.gate.pass(&rotation.step(STEPS[1])).await;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    if !scene.database.marks_pairs() {
        // Only equal privileges can be compared: a note reports that.
        ensure!(code.is_none(), "{answer:?}");
        return Ok(());
    }
    ensure!(code == Some("DB_USERS_OF_ANOTHER_SECRET"), "{answer:?}");
    let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
    ensure!(message.contains("application"), "the first secret is not named in {message}");
    scene.check_live().await?;
    for step in &STEPS[1..] {
        pass(&scene.twin, &rotation, step).await?;
    }
    let taken: Value = serde_json::from_str(&scene.manager.value(&second, "AWSCURRENT")?)?;
    ensure!(scene.database.opens(&taken).await?, "the second secret does not log in");
    // From here on the first secret is refused, and the second loses nothing.
    let rotation = scene.begin().await?;
    pass(&scene.gate, &rotation, STEPS[0]).await?;
    let answer = scene.gate.pass(&rotation.step(STEPS[1])).await;
    let code = answer.as_ref().err().map(|error| error.error_type.as_str());
    ensure!(code == Some("DB_USERS_OF_ANOTHER_SECRET"), "{answer:?}");
    ensure!(scene.database.opens(&taken).await?, "the second secret does not log in any more");
    Ok(())
}

async fn pass(gate: &Arc<Gate>, rotation: &Rotation, step: &str) -> Verdict {
    gate.pass(&rotation.step(step)).await.map_err(|error| format!("{step}: {error:?}"))?;
    Ok(())
}

/// `RotateSecret` of another secret with a closed gate.
async fn begin<D: Database>(scene: &Scene<D>, secret: &str) -> Result<Rotation, Failure> {
    scene.gate.set_open(false);
    let version = scene.manager.rotate(secret, scene.gate.function().arn())?;
    scene.manager.wait_for_rotation(secret, &version, Duration::from_secs(90)).await?;
    scene.gate.set_open(true);
    let mut event = scene.gate.events().pop().ok_or("the service sent no event")?;
    event.as_object_mut().ok_or("the event is no object")?.remove("Step");
    Ok(Rotation { event })
}

/// Either the original gets the privilege, or the rotation is refused with the statements and changes
/// nothing.
async fn given_meanwhile<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    scene.rotate_well().await?;
    let clone = &scene.tenant.clone;
    scene.database.give(&scene.tenant, clone).await?;
    let had = scene.database.rights(&scene.tenant, clone).await?;
    ensure!(had != scene.rights, "the suite gave nothing");
    let rotation = scene.begin().await?;
    pass(&scene.gate, &rotation, STEPS[0]).await?;
    let answer = scene.gate.pass(&rotation.step(STEPS[1])).await;
    if !D::KEEPS_WHAT_IS_GIVEN {
        // That it is revoked today is documented; this fails once that has changed.
        let has = scene.database.rights(&scene.tenant, clone).await?;
        ensure!(answer.is_ok() && has == scene.rights, "{answer:?}: set KEEPS_WHAT_IS_GIVEN");
        return Ok(());
    }
    let has = scene.database.rights(&scene.tenant, clone).await?;
    ensure!(has == had, "the live clone had\n{had}\nand has\n{has}");
    match answer {
        Ok(_) => {
            for step in &STEPS[2..] {
                pass(&scene.gate, &rotation, step).await?;
            }
        }
        Err(error) => {
            // Without a mark, a clone with different privileges is not recognized.
            let marked = scene.database.marks_pairs();
            let code = if marked { "DB_CLONE_EXCEEDS_ORIGINAL" } else { "DB_CLONE_NOT_RECOGNIZED" };
            ensure!(error.error_type == code, "{error:?}");
            let original = scene.database.rights(&scene.tenant, scene.tenant.original()).await?;
            ensure!(original == scene.rights, "a refused rotation changed the original: {original}");
            return Ok(());
        }
    }
    let current = scene.document("AWSCURRENT")?;
    let username = current["username"].as_str().unwrap_or_default();
    ensure!(scene.database.opens(&current).await?, "AWSCURRENT does not log in");
    let has = scene.database.rights(&scene.tenant, username).await?;
    ensure!(has == had, "the user in use had\n{had}\nand its successor has\n{has}");
    Ok(())
}
