//! Workers: each has one function and some secrets of its own, and runs one rotation after another, with a
//! concurrent client.

use std::{
    collections::HashMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use local_aws::{
    LambdaFunction, LocalSecretsManager,
    secrets_manager::{RotationOutcome, RotationRecord, RotationSettings, SecretsManagerHandle, Settings},
};
use tokio::task::JoinSet;

use crate::{
    arguments::Arguments,
    chain::Chain,
    client,
    decoy::{self, Lured},
    failure::Failure,
    fate::{Fate, Mortal},
    ground::{Engine, Ground, Opens, Strategy, program},
    output::say,
    residue::{Growth, Residue},
    seen::Seen,
    table,
    verdict::Bar,
};

const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];
/// The longest time for one rotation, including retries.
const LIMIT: Duration = Duration::from_mins(5);
/// The assumed duration of a step before one was observed.
const FIRST_GUESS: Duration = Duration::from_millis(50);
/// The time for a server to notice that its clients have disconnected.
const FAREWELL: Duration = Duration::from_secs(2);
/// The most that a process may grow after it has settled, in KiB. A leak grows with every invocation, an
/// allocator only until it has what it needs.
const MEMORY_LIMIT_KIB: u64 = 1024;

/// What all workers share.
struct Plan {
    store: SecretsManagerHandle,
    /// The number of rotations that have not begun.
    left: AtomicUsize,
    kills: AtomicUsize,
    kills_wanted: usize,
}

/// One function and its secrets.
struct Worker {
    engine: Engine,
    strategy: Strategy,
    ground: Arc<dyn Ground>,
    mortal: Arc<Mortal>,
    /// Half of the functions are never killed, to show what a long lifetime leaves behind.
    is_killed: bool,
    chains: Vec<Chain>,
    random: fastrand::Rng,
    /// The last duration of each step.
    durations: HashMap<&'static str, Duration>,
    seen: Seen,
    residue: Residue,
}

/// Runs the soak and returns its bars.
pub(crate) async fn soak(arguments: &Arguments) -> Result<Vec<Bar>, Failure> {
    let started = Instant::now();
    say(&format!("seed {}", arguments.seed))?;
    let settings = Settings {
        rotation: RotationSettings { attempts: 10, ..RotationSettings::default() },
        ..Settings::default()
    };
    let store = LocalSecretsManager::start(settings).await?;
    let plan = Arc::new(Plan {
        store: store.handle(),
        left: AtomicUsize::new(arguments.rotations),
        kills: AtomicUsize::new(0),
        kills_wanted: arguments.kills,
    });
    let folder = tempfile::tempdir()?;
    let mut grounds = Vec::new();
    for engine in &arguments.engines {
        grounds.push((*engine, Arc::<dyn Ground>::from(engine.start().await?)));
    }
    let workers = employ(arguments, &store, &grounds, folder.path()).await?;
    let mut tasks = JoinSet::new();
    for worker in workers {
        tasks.spawn(worker.work(Arc::clone(&plan)));
    }
    let mut workers = Vec::new();
    while let Some(worker) = tasks.join_next().await {
        workers.push(worker??);
    }
    let lured = decoy::lure(arguments, &grounds, folder.path()).await?;
    let unexplained = explain(&store, &workers).await?;
    let open = connections(&grounds).await?;
    let kinds = sum(&workers);
    say(&table::draw(&kinds, started.elapsed()))?;
    Ok(judge(arguments, &kinds, &unexplained, open, &lured))
}

/// Creates the users, the secrets and the functions. The secrets are distributed in turn.
async fn employ(
    arguments: &Arguments,
    store: &LocalSecretsManager,
    grounds: &[(Engine, Arc<dyn Ground>)],
    folder: &std::path::Path,
) -> Result<Vec<Worker>, Failure> {
    let kinds: Vec<_> = grounds
        .iter()
        .flat_map(|(engine, ground)| Strategy::ALL.map(|strategy| (*engine, ground, strategy)))
        .collect();
    let mut masters = HashMap::new();
    for (engine, ground) in grounds {
        let authority = folder.join(format!("{}.pem", engine.artifact()));
        fs::write(&authority, ground.server().authority_pem())?;
        let name = format!("{}/master", engine.artifact());
        let master = store.create_secret(&name, &ground.master().to_string())?;
        masters.insert(engine.artifact(), (master, authority.to_string_lossy().into_owned()));
    }
    let mut workers = Vec::new();
    for number in 0..arguments.at_once {
        let (engine, ground, strategy) = kinds[number % kinds.len()];
        let (master, authority) = &masters[engine.artifact()];
        let mut function = LambdaFunction::builder(program(&arguments.functions, engine, strategy)?)
            .name(format!("worker-{number}"))
            .env("SECRETS_MANAGER_ENDPOINT", store.endpoint())
            .env("TLS_CA_BUNDLE", authority);
        if strategy == Strategy::MasterUser {
            function = function.env("MASTER_SECRET_ARN", master);
        }
        let mortal = Mortal::new(function.build()?);
        store.register(mortal.function().arn(), mortal.clone());
        workers.push(Worker {
            engine,
            strategy,
            ground: Arc::clone(ground),
            mortal,
            is_killed: (number / kinds.len()).is_multiple_of(2),
            chains: Vec::new(),
            random: fastrand::Rng::with_seed(arguments.seed.wrapping_add(number as u64)),
            durations: HashMap::new(),
            seen: Seen::default(),
            residue: Residue::default(),
        });
    }
    for number in 0..arguments.secrets {
        let worker = &mut workers[number % arguments.at_once];
        let mut document = worker.ground.user().await?;
        if worker.strategy == Strategy::MasterUser {
            document["masterarn"] = masters[worker.engine.artifact()].0.as_str().into();
        }
        let secret = store.create_secret(&format!("app/{number}"), &document.to_string())?;
        let first = store.stages(&secret)?.into_keys().collect();
        worker.chains.push(Chain { secret, versions: first });
    }
    Ok(workers)
}

impl Worker {
    /// Rotates until no rotation is left.
    async fn work(mut self, plan: Arc<Plan>) -> Result<Self, Failure> {
        let take = |left: usize| left.checked_sub(1);
        while let Ok(left) = plan.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            let chain = self.random.usize(..self.chains.len());
            let fate = self.draw(&plan, left);
            self.mortal.set_fate(fate);
            let before = self.mortal.kills();
            // What the live user creates now, the other user must be able to use after the rotation.
            let live = client::current(&plan.store, &self.chains[chain].secret)?.1;
            self.seen.rotations += 1;
            let made = self.ground.make(&live, self.seen.rotations).await?;
            self.seen.client.denied += usize::from(made != Opens::Works);
            let record = self.rotate(&plan, chain).await?;
            plan.kills.fetch_add(self.mortal.kills() - before, Ordering::Relaxed);
            self.seen.attempts += record.attempts.len();
            self.chains[chain].versions.push(record.version);
            self.check(&plan, chain).await?;
            self.residue.look(self.mortal.function());
        }
        self.seen.kills = self.mortal.kills();
        self.seen.growth = self.residue.worst();
        Ok(self)
    }

    /// Checks that no replaced password logs in, and that the setting from before the rotation exists.
    async fn check(&mut self, plan: &Plan, chain: usize) -> Result<(), Failure> {
        let (chain, ground) = (&self.chains[chain], self.ground.as_ref());
        self.seen.old_passwords +=
            chain.old_passwords(&plan.store, ground, self.engine, self.strategy).await?;
        let live = client::current(&plan.store, &chain.secret)?.1;
        let setting = ground.setting(&live).await?;
        self.seen.settings_lost += usize::from(setting.is_some_and(|number| number != self.seen.rotations));
        Ok(())
    }

    /// Plans a kill in one of the steps, often enough to reach the wanted number. A random moment may be
    /// after the end of the step, and then nothing happens.
    fn draw(&mut self, plan: &Plan, left: usize) -> Option<Fate> {
        let wanted = plan.kills_wanted.saturating_sub(plan.kills.load(Ordering::Relaxed));
        // Half of the workers are never killed, and some moments miss.
        if !self.is_killed || self.random.usize(..left) >= wanted * 4 {
            return None;
        }
        let step = STEPS[self.random.usize(..STEPS.len())];
        let longest = self.durations.get(step).copied().unwrap_or(FIRST_GUESS).mul_f64(1.2);
        Some(Fate { step, after: longest.mul_f64(self.random.f64()) })
    }

    /// One rotation, with a client that logs in from before it begins until after it has ended.
    async fn rotate(&mut self, plan: &Plan, chain: usize) -> Result<RotationRecord, Failure> {
        let secret = &self.chains[chain].secret;
        let version = plan.store.rotate(secret, self.mortal.function().arn())?;
        let over = AtomicBool::new(false);
        let rotation = async {
            let record = plan.store.wait_for_rotation(secret, &version, LIMIT).await;
            over.store(true, Ordering::Relaxed);
            record
        };
        let is_over = || over.load(Ordering::Relaxed);
        let watch = client::watch(self.ground.as_ref(), &plan.store, secret, is_over);
        let (record, seen) = tokio::join!(rotation, watch);
        let record = record?;
        if record.outcome != Some(RotationOutcome::Succeeded) {
            let error = record.last_error().map(ToString::to_string).unwrap_or_default();
            let output = self.mortal.function().output();
            let last: Vec<_> = output.lines().rev().take(4).collect();
            let problem = format!("{secret}: {:?}: {error}\n{}", record.outcome, last.join("\n"));
            return Err(problem.into());
        }
        self.seen.client.add(seen?);
        for step in record.steps().filter(|step| step.error.is_none()) {
            self.durations.insert(step.step, step.duration);
        }
        Ok(record)
    }
}

/// The defects of the versions of all secrets.
async fn explain(store: &SecretsManagerHandle, workers: &[Worker]) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for worker in workers {
        for chain in &worker.chains {
            let problem =
                chain.explain(store, worker.ground.as_ref(), worker.engine, worker.strategy).await?;
            problems.extend(problem.map(|problem| format!("{}: {problem}", chain.secret)));
        }
    }
    Ok(problems)
}

/// Connections of functions that are still open at the end.
async fn connections(grounds: &[(Engine, Arc<dyn Ground>)]) -> Result<usize, Failure> {
    tokio::time::sleep(FAREWELL).await;
    let mut open = 0;
    for (_, ground) in grounds {
        open += ground.connections().await?.unwrap_or_default();
    }
    Ok(open)
}

/// The sums over the workers of one engine and strategy.
fn sum(workers: &[Worker]) -> Vec<(Engine, Strategy, Seen)> {
    let mut kinds: Vec<(Engine, Strategy, Seen)> = Vec::new();
    for worker in workers {
        let position = kinds.iter().position(|kind| (kind.0, kind.1) == (worker.engine, worker.strategy));
        let position = position.unwrap_or_else(|| {
            kinds.push((worker.engine, worker.strategy, Seen::default()));
            kinds.len() - 1
        });
        let seen = &mut kinds[position].2;
        seen.rotations += worker.seen.rotations;
        seen.attempts += worker.seen.attempts;
        seen.kills += worker.seen.kills;
        seen.old_passwords += worker.seen.old_passwords;
        seen.settings_lost += worker.seen.settings_lost;
        seen.client.add(worker.seen.client.clone());
        seen.growth = seen.growth.max(worker.seen.growth);
    }
    kinds.sort_by_key(|(engine, strategy, _)| (*engine, *strategy));
    kinds
}

fn first_of(problems: &[String]) -> String {
    problems.first().map(|problem| format!(", first {problem}")).unwrap_or_default()
}

fn judge(
    arguments: &Arguments,
    kinds: &[(Engine, Strategy, Seen)],
    unexplained: &[String],
    open: usize,
    lured: &Lured,
) -> Vec<Bar> {
    let total = |of: fn(&Seen) -> usize| kinds.iter().map(|(.., seen)| of(seen)).sum::<usize>();
    let without_gap = kinds.iter().filter(|(engine, strategy, _)| engine.has_no_gap(*strategy));
    let refused: usize = without_gap.map(|(.., seen)| seen.client.refused).sum();
    let growth = kinds.iter().fold(Growth::default(), |worst, (.., seen)| worst.max(seen.growth));
    // In a run that is too short no process settles, so it is unknown what a process keeps.
    let was_measured = growth.invocations > 0;
    let (rotations, kills) = (total(|seen| seen.rotations), total(|seen| seen.kills));
    let denied = total(|seen| seen.client.denied);
    let (old, settings) = (total(|seen| seen.old_passwords), total(|seen| seen.settings_lost));
    vec![
        Bar::new("soak, rotations that succeeded", rotations, rotations == arguments.rotations),
        Bar::new("soak, functions killed at work", kills, kills >= arguments.kills),
        Bar::new("soak, logins refused with alternating users or two passwords", refused, refused == 0),
        Bar::new("soak, logins that could not use what the other user made (I8)", denied, denied == 0),
        Bar::new("soak, settings that the other user did not get (I8)", settings, settings == 0),
        Bar::new("soak, replaced passwords that log in after a rotation (I9)", old, old == 0),
        Bar::new(
            format!(
                "soak, changes of a server where AWSCURRENT was not proved, in {} rotations (I10)",
                lured.rotations
            ),
            format!("{}{}", lured.problems.len(), first_of(&lured.problems)),
            lured.rotations > 0 && lured.problems.is_empty(),
        ),
        Bar::new(
            "soak, secrets with unexplained versions",
            format!("{}{}", unexplained.len(), first_of(unexplained)),
            unexplained.is_empty(),
        ),
        Bar::new("soak, connections left open (PostgreSQL, MySQL, MariaDB)", open, open == 0),
        Bar::new(
            format!("soak, descriptors gained in {} invocations", growth.invocations),
            growth.descriptors,
            was_measured && growth.descriptors == 0,
        ),
        Bar::new(
            "soak, KiB of peak memory gained",
            growth.memory_kib,
            was_measured && growth.memory_kib <= MEMORY_LIMIT_KIB,
        ),
    ]
}
