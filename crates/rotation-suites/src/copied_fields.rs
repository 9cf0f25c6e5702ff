//! Fields of the secret with copies of the credentials, parsed as the clients of applications parse
//! them.

use serde_json::{Value, json};

use super::{
    Database,
    case::{Case, Scenes},
    scene::Scene,
    verdict::{Verdict, ensure},
};

/// Fields in the forms of URLs and connection strings; `USER`, `PASSWORD` and `HOST` stand for
/// the secret's own.
const FORMS: [(&str, &str); 4] = [
    ("url", "postgresql://USER:PASSWORD@HOST:5433,two.example/shop?connect_timeout=3"),
    ("mysql_url", "mysql://USER:PASSWORD@HOST:3307/shop"),
    ("keywords", "host=HOST user='USER' password = 'PASSWORD' dbname=shop"),
    ("copy", "PASSWORD"),
];
/// A field that no rotation touches.
const OTHER: (&str, &str) = ("cache", "redis://cache:of-its-own@cache.example:6379/0");

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    vec![
        Case::new("the fields of REWRITE_FIELDS are rewritten, as third-party clients parse them", follow),
        Case::new("a field that is not rewritten is noted by its name", noted),
        Case::new("a field in an unknown form is refused before a password is made", refused),
    ]
}

/// Adds all of them to the secret.
fn add_fields(document: &mut Value) {
    let of = |field: &str| document[field].as_str().unwrap_or_default().to_owned();
    let (user, password, host) = (of("username"), of("password"), of("host"));
    for (field, form) in FORMS.into_iter().chain([OTHER]) {
        document[field] =
            json!(form.replace("USER", &user).replace("PASSWORD", &password).replace("HOST", &host));
    }
}

async fn follow<D: Database>(scenes: Scenes<D>) -> Verdict {
    let fields = "url, mysql_url,keywords,copy,missing";
    // Characters with a meaning in URLs, as far as the engine accepts them.
    let build = scenes.build().document(add_fields).env("REWRITE_FIELDS", fields);
    let scene = build.env("EXCLUDE_CHARACTERS", "0").env("PASSWORD_LENGTH", "60").start().await?;
    let cache = scene.document("AWSCURRENT")?[OTHER.0].clone();
    for _ in 0..3 {
        scene.rotate_well().await?;
        let document = scene.document("AWSCURRENT")?;
        let of = |field: &str| document[field].as_str().unwrap_or_default();
        for field in ["url", "keywords"] {
            let config: tokio_postgres::Config = of(field).parse()?;
            let read = (config.get_user(), config.get_password(), config.get_dbname());
            let expected = (Some(of("username")), Some(of("password").as_bytes()), Some("shop"));
            ensure!(read == expected, "{field} holds other credentials");
        }
        let read = mysql_async::Opts::from_url(of("mysql_url"))?;
        let credentials = (read.user(), read.pass(), read.tcp_port());
        ensure!(
            credentials == (Some(of("username")), Some(of("password")), 3307),
            "mysql_url holds other credentials"
        );
        ensure!(of("copy") == of("password"), "the copy is another password");
        ensure!(document[OTHER.0] == cache, "a field of another service was changed");
    }
    ensure!(notes(&scene).is_empty(), "a rewritten field is noted");
    scene.check_live().await
}

async fn noted<D: Database>(scenes: Scenes<D>) -> Verdict {
    let scene = scenes.build().document(add_fields).env("REWRITE_FIELDS", "copy").start().await?;
    let before = scene.document("AWSCURRENT")?;
    for _ in 0..2 {
        scene.rotate_well().await?;
        let document = scene.document("AWSCURRENT")?;
        let notes = notes(&scene);
        for field in ["url", "mysql_url", "keywords"] {
            ensure!(document[field] == before[field], "{field} was changed");
            let note = format!("the field {field} holds another password");
            ensure!(notes.contains(&note), "{field} is not named in {notes}");
        }
        ensure!(!notes.contains("the field copy") && !notes.contains(OTHER.0), "too much in {notes}");
    }
    scene.check_live().await
}

async fn refused<D: Database>(scenes: Scenes<D>) -> Verdict {
    let edit = |document: &mut Value| {
        let password = document["password"].as_str().unwrap_or_default();
        document["odd"] = json!(format!("<login password=\"{password}\"/>"));
    };
    let scene = scenes.build().document(edit).env("REWRITE_FIELDS", "odd").start().await?;
    let rotation = scene.begin().await?;
    super::events::refused(&scene, &rotation.step("createSecret"), "SECRET_FIELD_INVALID").await?;
    let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
    ensure!(message.contains("`odd`"), "the field is not named in {message}");
    scene.check_open().await
}

/// The function's notes about fields.
fn notes<D: Database>(scene: &Scene<D>) -> String {
    let output = scene.gate.function().output();
    output.lines().filter(|line| line.contains("the field ")).collect::<Vec<_>>().join("\n")
}
