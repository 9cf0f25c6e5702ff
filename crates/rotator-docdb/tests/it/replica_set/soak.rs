//! Rotations of both kinds, one after another, while the primary fails at random moments and clients log in.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use local_aws::secrets_manager::{Operation, SecretsManagerHandle};
use serde_json::{Value, json};
use test_servers::{DocdbQueryError, MongoReplicaSet, MongoSetClient, TestLogin};

use super::scene::{By, Fall, Scene, set};
use crate::fixture::HOME;

/// The number of rotations, unless `FAILOVER_ROTATIONS` sets another; the figures in the documentation are
/// from 200.
const ROTATIONS: usize = 20;
/// How long a set may be without a primary that answers.
const WITHOUT_PRIMARY: Duration = Duration::from_mins(2);
/// `AuthenticationFailed`.
const REFUSED: i64 = 18;
/// Between two logins of a client.
const PAUSE: Duration = Duration::from_millis(20);

/// At whatever moment the primary fails: every rotation ends, every version is accounted for, every label
/// logs in or not as its strategy requires, and with alternating users no client is ever refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failovers_lose_no_credential() {
    let rotations = set_in("FAILOVER_ROTATIONS").map_or(ROTATIONS, |count| usize::try_from(count).unwrap());
    let seed = set_in("FAILOVER_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let (set, _turn) = set(false).await;
    let (single, master) =
        (Scene::new(set, By::SingleUser, |_, _| ()).await, Scene::new(set, By::MasterUser, |_, _| ()).await);
    let over = AtomicBool::new(false);
    let falls = std::thread::scope(|threads| {
        let chaos = threads.spawn(|| fall_again_and_again(set, &over, seed));
        let end = End(&over);
        let work = async {
            tokio::join!(
                rotate_all(&single, By::SingleUser, rotations / 2),
                rotate_all(&master, By::MasterUser, rotations / 2),
            )
        };
        let (single, master) =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
        drop(end);
        println!("single user: {single}\nmaster user: {master}");
        assert_eq!(master.refused, 0, "with alternating users AWSCURRENT always logs in");
        chaos.join().unwrap()
    });
    println!("falls: {falls:?}");
    assert!(falls.iter().all(|(_, count)| *count > 0), "each kind happened: {falls:?}");
    set.revive().unwrap();
    single.check_labels(By::SingleUser).await;
    master.check_labels(By::MasterUser).await;
}

#[expect(clippy::disallowed_methods, reason = "the environment variable belongs to this test")]
fn set_in(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Makes the primary fail, brings it back, and so on; never two members at once. Returns how often each kind
/// happened.
fn fall_again_and_again(set: &MongoReplicaSet, over: &AtomicBool, seed: u64) -> Vec<(Fall, usize)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut falls = Fall::ALL.map(|fall| (fall, 0));
    let mut pause = |limit: f64| std::thread::sleep(Duration::from_secs_f64(random.f64() * limit));
    for round in 0.. {
        pause(4.0);
        if over.load(Ordering::Relaxed) && round >= falls.len() {
            break;
        }
        let (fall, count) = &mut falls[round % Fall::ALL.len()];
        fall.befall(set);
        *count += 1;
        // Long enough for an election, or not.
        pause(6.0);
        set.revive().unwrap();
    }
    falls.to_vec()
}

/// The result for one secret.
#[derive(Default)]
struct Seen {
    rotations: usize,
    attempts: usize,
    logins: usize,
    /// Logins of AWSCURRENT that a primary refused while it was still AWSCURRENT.
    refused: usize,
    /// Logins that found no primary.
    without_primary: usize,
    took: Duration,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rotations, attempts, logins, refused, without_primary, took } = self;
        write!(
            f,
            "{rotations} rotations in {attempts} attempts and {took:.0?}; {logins} logins, \
             {refused} refused, "
        )?;
        write!(f, "{without_primary} without a primary")
    }
}

/// Ends the failures, also where an assertion fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn rotate_all(scene: &Scene, by: By, count: usize) -> Seen {
    let (over, began) = (AtomicBool::new(false), Instant::now());
    let rotate = async {
        let mut seen = Seen::default();
        let mut versions: Vec<_> = scene.store.stages(&scene.secret).unwrap().into_keys().collect();
        for _ in 0..count {
            let record = scene.rotate().await;
            seen.rotations += 1;
            seen.attempts += record.attempts.len();
            versions.push(record.version);
            account(scene, by, &versions).await;
        }
        over.store(true, Ordering::Relaxed);
        seen
    };
    let client = scene.set.another_client().unwrap();
    let (seen, watched) = tokio::join!(rotate, watch(scene, &client, &over));
    Seen { rotations: seen.rotations, attempts: seen.attempts, took: began.elapsed(), ..watched }
}

/// The service knows just these versions, with the labels where the last two rotations put them, and what
/// each holds logs in, or does not, as its label requires.
async fn account(scene: &Scene, by: By, versions: &[String]) {
    let request = json!({"SecretId": scene.secret, "IncludeDeprecated": true, "MaxResults": 100});
    let listed = scene.store.call_inside(Operation::ListSecretVersionIds, request).unwrap();
    let listed: BTreeSet<_> = listed["Versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["VersionId"].as_str().unwrap())
        .collect();
    let newest: BTreeSet<_> = versions.iter().rev().take(50).map(String::as_str).collect();
    assert!(newest.is_subset(&listed) || listed.len() == 100, "every version is there");
    assert!(listed.iter().all(|version| versions.iter().any(|made| made == version)), "no other is");
    let stages = scene.store.stages(&scene.secret).unwrap();
    let holder = |label: &str| {
        stages.iter().find(|(_, labels)| labels.iter().any(|own| own == label)).map(|(version, _)| version)
    };
    assert_eq!(holder("AWSCURRENT"), versions.last());
    assert_eq!(holder("AWSPREVIOUS"), versions.iter().rev().nth(1));
    assert_eq!(holder("AWSPENDING"), None);
    let kept = if by == By::MasterUser { 2 } else { 1 };
    for (age, version) in versions.iter().rev().take(4).enumerate() {
        let document =
            serde_json::from_str(&scene.store.version_value(&scene.secret, version).unwrap()).unwrap();
        assert_eq!(opens(scene.set.client(), &document).await, age < kept, "{by:?}, {age} rotations ago");
    }
}

/// Tries until a primary answers.
async fn opens(client: &MongoSetClient, document: &Value) -> bool {
    let began = Instant::now();
    loop {
        match login(client, document).await {
            Ok(()) => return true,
            Err(DocdbQueryError { code: Some(REFUSED), .. }) => return false,
            Err(error) => assert!(began.elapsed() < WITHOUT_PRIMARY, "{error}"),
        }
    }
}

async fn login(client: &MongoSetClient, document: &Value) -> Result<(), DocdbQueryError> {
    let text = |field: &str| document[field].as_str().unwrap().to_owned();
    let login = TestLogin { username: text("username"), password: text("password") };
    client.commands_as(&login, HOME, HOME, vec![json!({"connectionStatus": 1})]).await.map(drop)
}

/// Logs in with AWSCURRENT until it is over.
async fn watch(scene: &Scene, client: &MongoSetClient, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        let (version, document) = current(&scene.store, &scene.secret);
        match login(client, &document).await {
            Ok(()) => seen.logins += 1,
            // A client that was overtaken by a rotation reads again, as an application does.
            Err(DocdbQueryError { code: Some(REFUSED), .. }) => {
                seen.refused += usize::from(current(&scene.store, &scene.secret).0 == version);
            }
            Err(_) => seen.without_primary += 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
    seen
}

fn current(store: &SecretsManagerHandle, secret: &str) -> (String, Value) {
    let request = json!({"SecretId": secret, "VersionStage": "AWSCURRENT"});
    let answer = store.call_inside(Operation::GetSecretValue, request).unwrap();
    let text = |member: &str| answer[member].as_str().unwrap();
    (text("VersionId").to_owned(), serde_json::from_str(text("SecretString")).unwrap())
}
