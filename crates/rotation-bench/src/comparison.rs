//! The functions of one engine and strategy, measured in turns.

use std::{sync::Arc, time::Duration};

use local_aws::secrets_manager::{Call, serial_calls};
use test_servers::Logins;

use crate::{
    arguments::Arguments,
    control_group::{ControlGroup, Share},
    engine::Strategy,
    failure::Failure,
    figures::{Figure, Series},
    observed::Observed,
    sample::Sample,
    subject::{Kind, Subject},
    world::{Traffic, World},
};

/// The delay of a store call under which the bars on the sum of the steps are measured.
pub const BAR_DELAY: Duration = Duration::from_millis(20);

/// The most of a failure that is shown.
const REASON: usize = 160;

/// The functions that were measured side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The server, with its version.
    pub server: String,
    /// Of the functions that are ours.
    pub strategy: Strategy,
    /// In the order of the table.
    pub measured: Vec<Measured>,
}

/// All that was measured of one subject.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What was measured.
    pub subject: Subject,
    /// One for each share of a processor and delay; none where the function fails.
    pub series: Vec<Series>,
    /// What passed in one cold rotation; `None` where the function fails.
    pub traffic: Option<Traffic>,
    /// The size of its package in bytes, where there is one.
    pub zip: Option<u64>,
    /// Why there are no figures.
    pub failure: Option<String>,
}

/// A share of a processor, and the group that gives it, where groups can be made.
pub(crate) struct Place {
    pub(crate) share: Share,
    pub(crate) group: Option<Arc<ControlGroup>>,
}

/// What is common to the rounds of a comparison.
pub(crate) struct Bench<'a> {
    pub(crate) world: &'a World,
    pub(crate) places: &'a [Place],
    pub(crate) arguments: &'a Arguments,
}

impl Comparison {
    /// The one of this kind, if it was measured.
    pub fn of(&self, kind: Kind) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.subject.kind == kind)
    }
}

impl Measured {
    /// Under these conditions, if it was measured so.
    pub fn under(&self, share: Share, delay: Duration) -> Option<&Series> {
        self.series.iter().find(|series| series.share == share && series.delay == delay)
    }

    /// One figure of the same.
    pub fn figure(&self, share: Share, delay: Duration, figure: &Figure) -> Option<f64> {
        self.under(share, delay).map(|series| series.figure(figure))
    }

    /// How many times the other's figure it is, round by round.
    pub fn times(&self, other: &Self, share: Share, delay: Duration, figure: &Figure) -> Option<f64> {
        Some(self.under(share, delay)?.times(other.under(share, delay)?, figure))
    }
}

impl Bench<'_> {
    /// Measures the subjects. One of others that fails is left out, with the reason.
    pub(crate) async fn compare(
        &self,
        strategy: Strategy,
        subjects: Vec<Subject>,
    ) -> Result<Comparison, Failure> {
        self.world.store().set_delay(Duration::ZERO);
        let mut measured = Vec::new();
        for subject in subjects {
            measured.push(self.try_out(subject).await?);
        }
        for place in self.places {
            self.take_turns(&mut measured, place, self.arguments.delay, |_| true).await?;
        }
        let whole = self.places.iter().find(|place| place.share == Share::Whole);
        if let Some(place) = whole.filter(|_| self.arguments.check) {
            let is_judged = |kind| matches!(kind, Kind::Ours | Kind::Base);
            self.take_turns(&mut measured, place, BAR_DELAY, is_judged).await?;
        }
        Ok(Comparison { server: self.world.server().title(), strategy, measured })
    }

    /// Fills the file cache, detects failures before anything is measured, and counts what passes.
    async fn try_out(&self, subject: Subject) -> Result<Measured, Failure> {
        let whole = Place { share: Share::Whole, group: None };
        let (mut traffic, mut failure) = (None, None);
        let tried = match self.rotate_twice(&subject, &whole).await {
            Ok(_) => self.count(&subject).await,
            Err(failure) => Err(failure),
        };
        match tried {
            Ok(counted) => traffic = Some(counted),
            Err(error) if subject.kind.must_work() => return Err(error),
            Err(error) => failure = Some(reason(&error.to_string())),
        }
        let zip = subject.zip_size()?;
        Ok(Measured { subject, series: Vec::new(), traffic, zip, failure })
    }

    /// The subjects alternate, so that disturbances of the machine affect all of them alike.
    async fn take_turns(
        &self,
        measured: &mut [Measured],
        place: &Place,
        delay: Duration,
        takes_part: impl Fn(Kind) -> bool,
    ) -> Result<(), Failure> {
        self.world.store().set_delay(delay);
        let mut parts: Vec<_> =
            measured.iter_mut().filter(|one| takes_part(one.subject.kind) && one.failure.is_none()).collect();
        let count = parts.len();
        for part in &mut parts {
            part.series.push(Series { share: place.share, delay, samples: Vec::new() });
        }
        for run in 0..self.arguments.runs {
            for turn in 0..count {
                // No subject always follows the start of the same other one.
                let part = &mut *parts[(turn + run) % count];
                let sample = match self.rotate_twice(&part.subject, place).await {
                    Ok(sample) => sample,
                    Err(error) if part.subject.kind.must_work() => return Err(error),
                    // Its pairs would no longer be of the same rounds.
                    Err(error) => {
                        part.failure.get_or_insert(reason(&error.to_string()));
                        continue;
                    }
                };
                if let Some(series) = part.series.last_mut() {
                    series.samples.push(sample);
                }
            }
        }
        for part in parts.iter_mut().filter(|part| part.failure.is_some()) {
            part.series.clear();
        }
        Ok(())
    }

    /// Rotates a fresh secret twice with a fresh process, which then ends.
    async fn rotate_twice(&self, subject: &Subject, place: &Place) -> Result<Sample, Failure> {
        let (world, store) = (self.world, self.world.store());
        let secret = world.new_secret(subject, world.direct()).await?;
        let function = Observed::new(world, subject, world.direct(), place.group.as_ref())?;
        store.register(function.arn(), Arc::new(function.clone()));

        let before = world.logins(&secret);
        store.take_calls();
        world.rotate(subject, &secret, &function).await?;
        let cold = function.last_rotation()?;
        let calls = store.take_calls();
        let accepted = (world.logins(&secret) - before).accepted;
        world.rotate(subject, &secret, &function).await?;
        let warm = function.last_rotation()?;
        let refused = (world.logins(&secret) - before).refused;
        function.kill().await;
        if subject.strategy.is_some() {
            world.check_current(&secret).await?;
        }
        Ok(Sample {
            start: cold.start.ok_or("the process was not fresh")?,
            cold: cold.steps,
            warm: warm.steps,
            page_faults: cold.page_faults,
            peak_kib: cold.peak_kib,
            calls: calls.len(),
            serial_calls: serial_calls(&calls),
            call: mean_duration(&calls),
            logins: Logins { accepted, refused },
        })
    }

    /// Rotates a fresh secret with a fresh process, through the relays.
    async fn count(&self, subject: &Subject) -> Result<Traffic, Failure> {
        let world = self.world;
        let secret = world.new_secret(subject, world.counted()).await?;
        let function = Observed::new(world, subject, world.counted(), None)?;
        world.store().register(function.arn(), Arc::new(function.clone()));
        let before = world.traffic();
        world.rotate(subject, &secret, &function).await?;
        let passed = world.traffic() - before;
        function.kill().await;
        Ok(passed)
    }
}

/// The mean duration; zero where there is no call.
fn mean_duration(calls: &[Call]) -> Duration {
    let total: Duration = calls.iter().map(Call::duration).sum();
    total / u32::try_from(calls.len().max(1)).unwrap_or(u32::MAX)
}

/// The beginning of an error, on one line: what follows is the function's output.
fn reason(error: &str) -> String {
    error.lines().next().unwrap_or_default().chars().take(REASON).collect()
}
