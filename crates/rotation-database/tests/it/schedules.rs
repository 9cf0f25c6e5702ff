//! Random schedules: two to four concurrent jobs (rotations, late duplicates of a step, a cancelled and
//! replaced rotation, a manual change), with their calls in any order, any of which may fail. The seed alone
//! determines a schedule.
//!
//! A failing schedule is reduced to the smallest one that still fails. Its seed is printed and replays it:
//! `scripts/prove --seed S`.

mod run;

use std::{collections::BTreeSet, fmt, time::Instant};

use proptest::{
    arbitrary::any,
    collection::vec,
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::run::{Figures, Runs};
use crate::world::{Sighting, World};

/// The most bytes that decide over one schedule.
const DECISIONS: usize = 240;
/// The number of schedules of a plain `cargo test`. `scripts/prove` runs more.
const FEW: u64 = 2_000;
/// The number of schedules from which on every state worth reaching must have been reached.
const ENOUGH: u64 = 50_000;
/// The most attempts to reduce a failing schedule.
const CUTS: usize = 400;

/// What decides over a schedule: one byte for each choice. Once there are no more bytes, there is no fault,
/// and each choice is the first one.
#[derive(Clone)]
pub(crate) struct Decisions {
    bytes: Vec<u8>,
    taken: usize,
}

impl Decisions {
    fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, taken: 0 }
    }

    /// One of this number of choices, which is at most 256.
    pub(crate) fn among(&mut self, choices: usize) -> usize {
        let byte = self.bytes.get(self.taken).copied().unwrap_or_default();
        self.taken += 1;
        usize::from(byte) % choices
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.among(of.len())]
    }

    /// True once in this number of times.
    pub(crate) fn seldom(&mut self, times: usize) -> bool {
        self.among(times) == times - 1
    }
}

/// Why a schedule shows a defect.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) why: String,
    /// What happened: the start, the jobs, and every call.
    pub(crate) story: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.why, self.story)
    }
}

/// A setting of these tests, from the environment.
pub(crate) fn setting(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "scripts/prove passes its arguments so")]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number")))
}

/// The decisions of a seed, which can be reduced.
fn decisions(seed: u64) -> impl ValueTree<Value = Vec<u8>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    vec(any::<u8>(), DECISIONS).new_tree(&mut runner).expect("bytes can always be drawn")
}

/// Reduces a failing schedule while it fails.
async fn cut_down(
    runs: &mut Runs,
    mut tree: impl ValueTree<Value = Vec<u8>>,
    mut failure: Failure,
) -> Failure {
    for _ in 0..CUTS {
        if !tree.simplify() {
            break;
        }
        while let Ok(()) = runs.run(Decisions::of(tree.current())).await.map_err(|smaller| failure = smaller)
        {
            if !tree.complicate() {
                return failure;
            }
        }
    }
    failure
}

impl Figures {
    /// Tries these seeds one after another.
    fn through(seeds: impl Iterator<Item = u64>) -> Self {
        let mut runs = Runs::default();
        World::run(async {
            for seed in seeds {
                let tree = decisions(seed);
                if let Err(failure) = runs.run(Decisions::of(tree.current())).await {
                    let small = cut_down(&mut runs, tree, failure).await;
                    panic!("schedule {seed}: {small}\nreplay it: scripts/prove --seed {seed}");
                }
            }
        });
        runs.figures
    }
}

/// Random schedules of any number of invocations lose nothing.
#[test]
fn random_invocations_lose_nothing() {
    let start = Instant::now();
    let replayed = setting("PROVE_SEED");
    let count = setting("PROVE_SCHEDULES").unwrap_or(FEW);
    if let Some(seed) = replayed {
        println!("schedule {seed} holds:\n{}", Figures::through(std::iter::once(seed)).last);
        return;
    }
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let runs = std::thread::scope(|scope| {
        let shard = |first: u64| scope.spawn(move || Figures::through((first..count).step_by(workers)));
        let shards: Vec<_> = (0..).take(workers).map(shard).collect();
        shards.into_iter().fold(Figures::default(), |all, shard| match shard.join() {
            Ok(figures) => all.and(figures),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    });
    println!(
        "\nproof: schedules: {count} random schedules, {} calls, {} faults, {} with a manual change, {} \
         wrote in the gap, {:.1} s",
        runs.calls,
        runs.faults,
        runs.acts,
        runs.gaps,
        start.elapsed().as_secs_f32()
    );
    let reached = [
        Sighting::BothLoggedIn,
        Sighting::WaitedForAnother,
        Sighting::StaleSetTakenBack,
        Sighting::StaleSwapRefused,
        Sighting::OvertakenAndTold,
        Sighting::FirstValueKept,
        Sighting::FoundSet,
        Sighting::LostCommitFound,
        Sighting::LostSwapFound,
        Sighting::CloneHalfMade,
        Sighting::PreviousLoggedIn,
        Sighting::MasterReadAgain,
        Sighting::ReadAgain,
        Sighting::SecondaryLoggedIn,
        Sighting::DeadlineOver,
        Sighting::WroteInTheGap,
    ];
    let missed: BTreeSet<_> = reached.into_iter().filter(|state| !runs.sighted.contains(state)).collect();
    assert!(missed.is_empty() || count < ENOUGH, "never reached: {missed:?}");
}
