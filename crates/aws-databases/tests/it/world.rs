//! What moto contains, created and described by botocore: `world.py`.

use std::path::PathBuf;

use serde_json::Value;
use test_servers::Moto;

/// Runs a script of this folder by the Python that has moto and botocore; it prints JSON. `None` where that
/// is missing and may be.
pub(crate) async fn script(name: &str, arguments: &[&str]) -> Option<Value> {
    let python = Moto::program("python")?;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(name);
    let output = tokio::process::Command::new(python).arg(path).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The host and the port of something in such a world.
#[track_caller]
pub(crate) fn place(world: &Value, name: &str) -> (String, u64) {
    let place = &world[name];
    (
        place[0].as_str().unwrap_or_else(|| panic!("no {name} in {world}")).to_owned(),
        place[1].as_u64().unwrap(),
    )
}
