//! Settings of the function that must be refused without ending the process.

use super::{
    Database,
    case::{Case, Scenes},
    events::refused,
    scene::STEPS,
    verdict::{Verdict, ensure},
};

/// Variables, their values, and the setting that the answer must name.
const WRONG: [(&str, &[(&str, &str)]); 15] = [
    ("PASSWORD_LENGTH", &[("PASSWORD_LENGTH", "abc")]),
    ("PASSWORD_LENGTH", &[("PASSWORD_LENGTH", "-1")]),
    ("PASSWORD_LENGTH", &[("PASSWORD_LENGTH", "3")]),
    ("PASSWORD_LENGTH", &[("PASSWORD_LENGTH", "100000")]),
    ("EXCLUDE_NUMBERS", &[("EXCLUDE_NUMBERS", "maybe")]),
    ("REQUIRE_EACH_INCLUDED_TYPE", &[("REQUIRE_EACH_INCLUDED_TYPE", "2")]),
    ("REQUIRE_TLS", &[("REQUIRE_TLS", "on")]),
    ("PASSWORD_SOURCE", &[("PASSWORD_SOURCE", "dice")]),
    (
        "PASSWORD_LENGTH",
        &[
            ("EXCLUDE_CHARACTERS", "bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ"),
            ("EXCLUDE_PUNCTUATION", "1"),
        ],
    ),
    ("PASSWORD_LENGTH", &[("EXCLUDE_CHARACTERS", "bcdefghijklmnopqrstuvwxyz"), ("PASSWORD_LENGTH", "16")]),
    ("AWS_LAMBDA_LOG_FORMAT", &[("AWS_LAMBDA_LOG_FORMAT", "xml")]),
    ("AWS_LAMBDA_LOG_LEVEL", &[("AWS_LAMBDA_LOG_LEVEL", "loud")]),
    ("TEST_QUERY", &[("TEST_QUERY", "DROP this; DROP that")]),
    ("ALLOW_TEST_QUERY", &[("ALLOW_TEST_QUERY", "true")]),
    ("METRICS", &[("METRICS", "perhaps")]),
];

pub(super) fn cases<D: Database>() -> Vec<Case<D>> {
    let case = |(setting, variables): (&'static str, &'static [(&'static str, &'static str)])| {
        let name = format!("{variables:?} is answered with {setting}");
        Case::new(name, move |scenes| answered(scenes, setting, variables))
    };
    let mut cases: Vec<Case<D>> = WRONG.into_iter().map(case).collect();
    cases.push(Case::new("the settings of AWS's templates shape the password", shaped));
    cases
}

async fn answered<D: Database>(scenes: Scenes<D>, setting: &str, variables: &[(&str, &str)]) -> Verdict {
    let build = variables.iter().fold(scenes.build(), |build, (name, value)| build.env(name, value));
    let scene = build.start().await?;
    let rotation = scene.begin().await?;
    for step in STEPS {
        refused(&scene, &rotation.step(step), "CONFIG_INVALID").await?;
        let message = scene.gate.errors().pop().map(|error| error.message).unwrap_or_default();
        ensure!(message.contains(setting), "{setting} is not named in {message}");
    }
    ensure!(scene.manager.calls().is_empty(), "Secrets Manager was called");
    let reports = scene.gate.function().reports();
    ensure!(
        reports.len() == STEPS.len()
            && reports.iter().all(|report| report.process_id == reports[0].process_id),
        "the process ended: {reports:?}"
    );
    Ok(())
}

async fn shaped<D: Database>(scenes: Scenes<D>) -> Verdict {
    let build = scenes
        .build()
        .env("PASSWORD_LENGTH", "40")
        .env("EXCLUDE_PUNCTUATION", "Yes")
        .env("EXCLUDE_CHARACTERS", "aeiouAEIOU01")
        .env("EXCLUDE_NUMBERS", "n");
    let scene = build.start().await?;
    for _ in 0..3 {
        scene.rotate_well().await?;
        let document = scene.document("AWSCURRENT")?;
        let password = document["password"].as_str().unwrap_or_default();
        let shape = (
            password.len(),
            password.chars().all(|c| c.is_ascii_alphanumeric() && !"aeiouAEIOU01".contains(c)),
            password.chars().any(|c| c.is_ascii_digit()),
            password.chars().any(|c| c.is_ascii_lowercase()),
            password.chars().any(|c| c.is_ascii_uppercase()),
        );
        ensure!(shape == (40, true, true, true, true), "the password's shape is {shape:?}");
    }
    scene.check_live().await
}
