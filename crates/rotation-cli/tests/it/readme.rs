//! The commands of README that begin with `target/debug/rotate`, run as they stand, about a secret of the
//! name that README gives it.

use std::{fs, path::Path};

use local_aws::secrets_manager::Operation;
use serde_json::{Value, json};

use crate::world::{SECRET, World};

/// The arguments of each, without the program and without a comment.
fn readme_commands() -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let lines = readme.lines().filter_map(|line| line.strip_prefix("target/debug/rotate "));
    let command =
        |line: &str| line.split(" #").next().unwrap().split_whitespace().map(str::to_owned).collect();
    lines.map(command).collect()
}

#[tokio::test]
async fn every_command_of_the_readme_runs() {
    let commands = readme_commands();
    assert!(commands.len() >= 6, "{commands:?}");
    let world = World::new().await;
    let value: Value = serde_json::from_str(&world.service.value(SECRET, "AWSCURRENT").unwrap()).unwrap();
    for command in commands {
        let [name, secret, flags @ ..] = command.as_slice() else { panic!("{command:?} has no secret") };
        if world.service.stages(secret).is_err() {
            let request = json!({
                "Name": secret, "SecretString": value.to_string(),
                "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
            });
            world.service.call_inside(Operation::CreateSecret, request).unwrap();
        }
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let run = world.ask_about(secret, name, &flags).await;
        // What asks first is refused without a terminal; what looks up a network finds none here.
        let code = match name.as_str() {
            "doctor" | "explain" | "recover" => 0,
            "run" if flags.contains(&"--dry-run") => 0,
            _ => 1,
        };
        run.expect_code(code);
        assert!(!run.err.contains("Usage:"), "{command:?} is no command:\n{}", run.err);
    }
}
