//! Many rotations of a server's user while the function is killed at random moments, and an application with
//! redis-py logs in all the time.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use local_aws::secrets_manager::RotationOutcome;
use serde_json::Value;
use test_servers::{ElastiCacheDouble, ValkeyProduct, ValkeyServer};

use crate::fixture::{Plan, Scene, shared};

/// The number of rotations, unless `VALKEY_ROTATIONS` sets another; the figures in the documentation are
/// from 1000.
const ROTATIONS: usize = 20;

/// At whatever moment the function is killed: every rotation ends, the application is never refused, at most
/// two passwords exist, and AWSPREVIOUS logs in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lock_nobody_out_of_redis() {
    own_user(ValkeyProduct::Redis7).await;
}

/// The same on Valkey.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lock_nobody_out_of_valkey() {
    own_user(ValkeyProduct::Valkey9).await;
}

async fn own_user(product: ValkeyProduct) {
    let server = shared(product);
    let scene = Plan::at(server).attempts(50).own().await;
    soak(&format!("{product}"), &scene, server, &|| ()).await;
}

/// The same for users of ElastiCache, by its double.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lock_no_user_of_elasticache_out() {
    let server = shared(ValkeyProduct::Valkey9);
    let double = ElastiCacheDouble::start(server, Duration::from_millis(20)).unwrap();
    let there = serde_json::json!({"host": server.host(), "port": server.port()});
    let scene = Plan::at(server).document(there).attempts(50).managed(&double).await;
    let calls = || double.calls().iter().filter(|call| call.operation == "ModifyUser").count();
    soak("ElastiCache's double", &scene, server, &|| println!("{} calls of ModifyUser", calls())).await;
}

#[expect(clippy::disallowed_methods, reason = "the environment variable belongs to this test")]
fn rotations() -> usize {
    std::env::var("VALKEY_ROTATIONS").map_or(ROTATIONS, |text| text.parse().unwrap())
}

async fn soak(what: &str, scene: &Scene, server: &ValkeyServer, more: &dyn Fn()) {
    let mut application = Application::start(scene, server);
    let began = Instant::now();
    let (mut attempts, mut kills) = (0, 0);
    let mut longest = Duration::from_millis(200);
    for _ in 0..rotations() {
        let started = Instant::now();
        let version = scene.store.rotate(&scene.secret, scene.function.arn()).unwrap();
        let ended = scene.store.wait_for_rotation(&scene.secret, &version, Duration::from_mins(5));
        tokio::pin!(ended);
        // Two of three rotations meet a kill, at any moment of what a rotation has taken so far.
        let record = if fastrand::u8(..3) > 0 {
            let moment = longest.mul_f64(fastrand::f64());
            tokio::select! {
                record = &mut ended => record,
                () = tokio::time::sleep(moment) => {
                    kills += usize::from(scene.function.kill().await);
                    ended.await
                }
            }
        } else {
            let record = ended.await;
            longest = started.elapsed();
            record
        };
        let record = record.unwrap();
        assert_eq!(record.outcome, Some(RotationOutcome::Succeeded), "{}", scene.function.output());
        attempts += record.attempts.len();
        assert_eq!(server.passwords(&scene.user.username), Some(2));
        assert!(server.opens(&scene.login("AWSCURRENT")) && server.opens(&scene.login("AWSPREVIOUS")));
    }
    let took = began.elapsed();
    let seen = application.end();
    println!("{what}: {} rotations in {attempts} attempts, {kills} kills, {took:.0?}; {seen}", rotations());
    more();
    assert_eq!((&seen["refused"], seen["failed"].as_array().map(Vec::len)), (&Value::from(0), Some(0)));
    assert!(seen["logins"].as_u64() > Some(0), "{seen}");
    assert!(!scene.function.output().contains("canary-"));
}

/// The process that logs in.
struct Application {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
    _authority: tempfile::TempDir,
}

impl Application {
    fn start(scene: &Scene, server: &ValkeyServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = folder.path().join("authority.pem");
        std::fs::write(&authority, server.authority().certificate_pem()).unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(here.join("../../.cache/valkey/bin/python3"))
            .arg(here.join("tests/it/soak/client.py"))
            .args([&scene.store.endpoint(), &scene.secret, server.host(), &server.port().to_string()])
            .arg(&authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/setup-valkey installs redis-py");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready");
        Self { process, output, _authority: folder }
    }

    /// Ends it and returns what it has seen.
    fn end(&mut self) -> Value {
        drop(self.process.stdin.take());
        let mut line = String::new();
        self.output.read_to_string(&mut line).unwrap();
        assert!(self.process.wait().unwrap().success());
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // Where the test has failed before its end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
