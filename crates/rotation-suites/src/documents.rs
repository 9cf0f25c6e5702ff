//! Values of the secret that createSecret must refuse, before it stores or contacts anything.

use local_aws::secrets_manager::Operation;
use serde_json::{Value, json};

use super::{
    Database,
    case::{Case, Scenes},
    events::refused,
    scene::STEPS,
    verdict::{Verdict, ensure},
};

/// Texts that are not a host, or not a database's.
const HOSTS: [&str; 17] = [
    "",
    "169.254.169.254",
    "fd00:ec2::254",
    "0.0.0.0",
    "224.0.0.1",
    "2852039166",
    "0xa9fea9fe",
    "/var/run/postgresql",
    "@socket",
    "localhost,169.254.169.254",
    "localhost,/var/run/postgresql",
    "localhost:port",
    "localhost?sslmode=disable",
    "user@localhost",
    "postgresql://localhost/",
    "local host",
    "localhost\nhost=other",
];

/// Hosts that name several servers, or a port: valid only for engines whose secrets list the members of a
/// replica set.
const LISTS: [&str; 2] = ["localhost,127.0.0.1", "localhost:5432"];

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("values that are no JSON object are refused", not_an_object),
        Case::new("a missing field is named", missing_field),
        Case::new("a field of the wrong kind or out of range is named", wrong_field),
        Case::new("hosts that are no single database host are refused", wrong_host),
        Case::new("the secret of another engine is refused", wrong_engine),
        Case::new("options in dbname are a name and nothing else", options_in_the_database),
    ]
}

/// Stores this value under AWSCURRENT.
fn put_current(scene: &super::scene::Scene<impl Database>, kind: &str, value: &str) -> Verdict {
    let token = uuid::Uuid::new_v4().to_string();
    let mut request = json!({"SecretId": scene.secret, "ClientRequestToken": token});
    request[kind] = json!(value);
    scene.manager.call_inside(Operation::PutSecretValue, request)?;
    Ok(())
}

async fn not_an_object<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let good = scene.tenant.document.to_string();
    let twice = format!("{},\"host\":\"elsewhere.example.com\"}}", good.trim_end_matches('}'));
    let escaped = format!("{},\"h\\u006fst\":\"elsewhere.example.com\"}}", good.trim_end_matches('}'));
    let values = [
        ("SecretBinary", "AAECAwQF"),
        ("SecretString", "a password in plain text"),
        ("SecretString", " "),
        ("SecretString", "[]"),
        ("SecretString", "null"),
        ("SecretString", "\"text\""),
        ("SecretString", &good[..good.len() - 1]),
        ("SecretString", &twice),
        ("SecretString", &escaped),
    ];
    for (kind, value) in values {
        put_current(&scene, kind, value)?;
        let code = if kind == "SecretBinary" { "SECRET_BINARY" } else { "SECRET_MALFORMED" };
        let refusal = refused(&scene, &rotation.step(STEPS[0]), code).await;
        refusal.map_err(|error| format!("{kind} of {} bytes: {error}", value.len()))?;
    }
    // At the limit of the service: the new password is longer and no longer fits.
    let mut full = scene.tenant.document.clone();
    if scene.strategy == super::RotationStrategy::MasterUser {
        full["masterarn"] = json!(scene.master);
    }
    full["password"] = json!("short");
    full["filler"] = json!("");
    full["filler"] = json!("x".repeat(65_536 - full.to_string().len()));
    put_current(&scene, "SecretString", &full.to_string())?;
    let before = scene.manager.stages(&scene.secret)?;
    let answer = scene.step(&rotation, STEPS[0]).await;
    ensure!(answer.is_err(), "a value of more than 64 KiB was stored");
    ensure!(before == scene.manager.stages(&scene.secret)?, "the labels have changed");
    ensure!(scene.manager.version_value(&scene.secret, rotation.version()).is_err(), "a value was stored");
    Ok(())
}

async fn missing_field<D: Database>(scenes: Scenes<D>) -> Verdict {
    for field in ["engine", "host", "username", "password"] {
        for null in [false, true] {
            let build = scenes.build().document(|document| {
                if null {
                    document[field] = Value::Null;
                } else if let Some(fields) = document.as_object_mut() {
                    fields.remove(field);
                }
            });
            let scene = build.start().await?;
            let rotation = scene.begin().await?;
            refused(&scene, &rotation.step(STEPS[0]), "SECRET_FIELD_MISSING").await?;
            let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
            ensure!(message.contains(&format!("`{field}`")), "{field} is not named in {message}");
        }
    }
    Ok(())
}

async fn wrong_field<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let values = [
        ("port", json!(0)),
        ("port", json!("0")),
        ("port", json!(70_000)),
        ("port", json!(-1)),
        ("port", json!(5432.5)),
        ("port", json!("5432;x")),
        ("port", json!("+5432")),
        ("port", json!(" 5432")),
        ("port", json!("")),
        ("port", json!([5432])),
        ("engine", json!(7)),
        ("host", json!({"name": "localhost"})),
        ("username", json!("")),
        ("username", json!("a\u{0}b")),
        ("username", json!("n".repeat(1000))),
        ("password", json!("")),
        ("password", json!("with\u{0}nul-in-the-middle")),
        ("password", json!(12)),
        ("dbname", json!("a\u{0}b")),
        ("dbname", json!(["postgres"])),
    ];
    for (field, value) in values {
        let mut document = scene.document("AWSCURRENT")?;
        let kept = document.clone();
        document[field] = value.clone();
        put_current(&scene, "SecretString", &document.to_string())?;
        let refusal = refused(&scene, &rotation.step(STEPS[0]), "SECRET_FIELD_INVALID").await;
        refusal.map_err(|error| format!("{field} = {value}: {error}"))?;
        let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
        ensure!(message.contains(&format!("`{field}`")), "{field} = {value}: not named in {message}");
        put_current(&scene, "SecretString", &kept.to_string())?;
    }
    Ok(())
}

async fn wrong_host<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    let lists = if D::LISTS_MEMBERS { &[][..] } else { &LISTS };
    for host in HOSTS.iter().chain(lists) {
        let mut document = scene.document("AWSCURRENT")?;
        document["host"] = json!(host);
        put_current(&scene, "SecretString", &document.to_string())?;
        let refusal = refused(&scene, &rotation.step(STEPS[0]), "SECRET_FIELD_INVALID").await;
        refusal.map_err(|error| format!("{host:?}: {error}"))?;
    }
    Ok(())
}

async fn wrong_engine<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.scene().await?;
    let rotation = scene.begin().await?;
    for engine in ["", "no-such-engine", "oracle"] {
        let mut document = scene.document("AWSCURRENT")?;
        document["engine"] = json!(engine);
        put_current(&scene, "SecretString", &document.to_string())?;
        refused(&scene, &rotation.step(STEPS[0]), "SECRET_ENGINE_MISMATCH").await?;
    }
    Ok(())
}

async fn options_in_the_database<D: Database>(scenes: Scenes<D>) -> Verdict {
    for options in ["?sslmode=disable", " sslmode=disable host=elsewhere.example.com", "/../postgres"] {
        let build = scenes.build().document(|document| {
            let name = document["dbname"].as_str().unwrap_or_default();
            document["dbname"] = json!(format!("{name}{options}"));
        });
        let scene = build.start().await?;
        let rotation = scene.begin().await?;
        scene.step(&rotation, STEPS[0]).await?;
        for step in &STEPS[1..3] {
            let answer = scene.step(&rotation, step).await;
            let code = answer.as_ref().err().map(|error| error.error_type.as_str());
            ensure!(code.is_some_and(|code| code.starts_with("DB_")), "{options:?}: {step}: {answer:?}");
        }
        let opens = scene.database.opens(&scene.tenant.document).await?;
        ensure!(opens, "{options:?}: the user's password was changed");
    }
    Ok(())
}
