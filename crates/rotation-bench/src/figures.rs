//! The figures that are made of what processes cost, and their medians.

use std::time::Duration;

use crate::{
    control_group::Share,
    sample::{Sample, billed, processor, total},
    units::{Unit, count, median, mib, ms, number},
};

/// A figure of a sample, and how those of many samples become one.
#[derive(Debug)]
pub struct Figure {
    /// Its name in JSON.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// The unit of the number.
    pub unit: Unit,
    summary: Summary,
    of: fn(&Sample, Share) -> f64,
}

/// How the figures of many samples become one.
#[derive(Clone, Copy, Debug)]
enum Summary {
    Median,
    /// For counts, because one bad run is bad enough.
    Largest,
}

/// The samples of one subject under the same conditions, in the order of the rounds.
#[derive(Clone, Debug)]
pub struct Series {
    /// The part of a processor that the processes had.
    pub share: Share,
    /// How long the store waited before each call took effect.
    pub delay: Duration,
    /// One for each round; there is at least one.
    pub samples: Vec<Sample>,
}

impl Figure {
    /// Exec to the first request for work.
    pub const START: Self =
        Self::median("start_ms", "start: exec to the first request for work", Unit::Milliseconds, |s, _| {
            ms(s.start)
        });
    /// Exec to the first answer.
    pub const FIRST_ANSWER: Self =
        Self::median("first_answer_ms", "exec to the first answer", Unit::Milliseconds, |s, _| {
            ms(s.start + s.cold[0].duration)
        });
    /// The four steps of a fresh process, without its start.
    pub const COLD_STEPS: Self = Self::median(
        "cold_steps_ms",
        "four steps of a fresh process, no start",
        Unit::Milliseconds,
        |s, _| ms(total(&s.cold)),
    );
    /// The start and the four steps.
    pub const COLD: Self =
        Self::median("cold_ms", "cold rotation: start and four steps", Unit::Milliseconds, |s, _| {
            ms(s.start + total(&s.cold))
        });
    /// The same as Lambda bills it: each invocation in whole milliseconds, the first one with the start.
    pub const COLD_BILLED: Self =
        Self::median("cold_billed_ms", "  billed", Unit::Milliseconds, |s, _| billed(s.start, &s.cold));
    /// The same, times the memory.
    pub const COLD_GB: Self = Self::median("cold_gb_ms", "  billed", Unit::GbMilliseconds, |s, share| {
        billed(s.start, &s.cold) * gigabytes(share)
    });
    /// The four steps in the same process again.
    pub const WARM: Self =
        Self::median("warm_ms", "warm rotation: four steps", Unit::Milliseconds, |s, _| ms(total(&s.warm)));
    /// The same as Lambda bills it.
    pub const WARM_BILLED: Self = Self::median("warm_billed_ms", "  billed", Unit::Milliseconds, |s, _| {
        billed(Duration::ZERO, &s.warm)
    });
    /// The same, times the memory.
    pub const WARM_GB: Self = Self::median("warm_gb_ms", "  billed", Unit::GbMilliseconds, |s, share| {
        billed(Duration::ZERO, &s.warm) * gigabytes(share)
    });
    /// The processor time of the start and the four steps.
    pub const COLD_PROCESSOR: Self =
        Self::median("cold_processor_ms", "processor time, cold rotation", Unit::Milliseconds, |s, _| {
            ms(processor(&s.cold))
        });
    /// The processor time of the four steps in the same process again.
    pub const WARM_PROCESSOR: Self =
        Self::median("warm_processor_ms", "processor time, warm rotation", Unit::Milliseconds, |s, _| {
            ms(processor(&s.warm))
        });
    /// Minor and major page faults of the cold rotation.
    pub const PAGE_FAULTS: Self =
        Self::median("page_faults", "page faults, cold rotation", Unit::Count, |s, _| number(s.page_faults));
    /// The highest resident set.
    pub const PEAK: Self =
        Self::median("peak_mib", "peak memory", Unit::Mebibytes, |s, _| mib(s.peak_kib * 1024));
    /// Calls of Secrets Manager.
    pub const CALLS: Self =
        Self::largest("store_calls", "Secrets Manager calls a rotation", |s, _| count(s.calls));
    /// Logins that were accepted.
    pub const LOGINS: Self = Self::largest("logins", "logins a rotation", |s, _| count(s.logins.accepted));
    /// Logins that were refused.
    pub const REFUSED: Self =
        Self::largest("refused_logins", "refused logins in two rotations", |s, _| count(s.logins.refused));
    /// Calls that waited for one another. The median: a call that comes late on a busy machine looks as if it
    /// had waited for a concurrent one.
    pub const SERIAL_CALLS: Self =
        Self::median("serial_calls", "Secrets Manager calls one after another", Unit::Count, |s, _| {
            count(s.serial_calls)
        });
    /// The time of one call inside the store.
    pub const CALL: Self =
        Self::median("call_ms", "a call inside the store", Unit::Milliseconds, |s, _| ms(s.call));
    /// How many times longer the four steps took than their own calls alone.
    pub const TIMES_OWN_CALLS: Self =
        Self::median("times_own_calls", "four steps / the least for its own calls", Unit::Count, |s, _| {
            ms(total(&s.cold)) / (count(s.serial_calls) * ms(s.call))
        });

    /// The times and the other costs under one share of a processor, in the order of the table.
    pub const COSTS: [Self; 21] = [
        Self::START,
        Self::FIRST_ANSWER,
        Self::COLD,
        Self::COLD_BILLED,
        Self::COLD_GB,
        Self::COLD_STEPS,
        Self::WARM,
        Self::WARM_BILLED,
        Self::WARM_GB,
        Self::median("warm_create_ms", "  create", Unit::Milliseconds, |s, _| ms(s.warm[0].duration)),
        Self::median("warm_set_ms", "  set", Unit::Milliseconds, |s, _| ms(s.warm[1].duration)),
        Self::median("warm_test_ms", "  test", Unit::Milliseconds, |s, _| ms(s.warm[2].duration)),
        Self::median("warm_finish_ms", "  finish", Unit::Milliseconds, |s, _| ms(s.warm[3].duration)),
        Self::COLD_PROCESSOR,
        Self::median("cold_create_processor_ms", "  start and create", Unit::Milliseconds, |s, _| {
            ms(s.cold[0].processor)
        }),
        Self::median("cold_set_processor_ms", "  set", Unit::Milliseconds, |s, _| ms(s.cold[1].processor)),
        Self::median("cold_test_processor_ms", "  test", Unit::Milliseconds, |s, _| ms(s.cold[2].processor)),
        Self::median("cold_finish_processor_ms", "  finish", Unit::Milliseconds, |s, _| {
            ms(s.cold[3].processor)
        }),
        Self::WARM_PROCESSOR,
        Self::PAGE_FAULTS,
        Self::PEAK,
    ];

    /// What depends on no share of a processor.
    pub const COUNTS: [Self; 3] = [Self::CALLS, Self::LOGINS, Self::REFUSED];

    /// What only a delay of the store shows.
    pub const DELAYED: [Self; 4] = [Self::COLD_STEPS, Self::SERIAL_CALLS, Self::CALL, Self::TIMES_OWN_CALLS];

    const fn median(
        key: &'static str,
        label: &'static str,
        unit: Unit,
        of: fn(&Sample, Share) -> f64,
    ) -> Self {
        Self { key, label, unit, summary: Summary::Median, of }
    }

    const fn largest(key: &'static str, label: &'static str, of: fn(&Sample, Share) -> f64) -> Self {
        Self { key, label, unit: Unit::Count, summary: Summary::Largest, of }
    }
}

impl Series {
    /// One number for all samples: for counts the largest, for anything else the median.
    pub fn figure(&self, figure: &Figure) -> f64 {
        let values = self.samples.iter().map(|sample| (figure.of)(sample, self.share));
        match figure.summary {
            Summary::Median => median(values.collect()),
            Summary::Largest => values.fold(0.0, f64::max),
        }
    }

    /// The median of this series' figure divided by the other's, round by round: what disturbed the machine
    /// in one round disturbed both.
    pub fn times(&self, other: &Self, figure: &Figure) -> f64 {
        let of = |series: &Self, sample: &Sample| (figure.of)(sample, series.share);
        let pairs = self.samples.iter().zip(&other.samples);
        median(pairs.map(|(one, two)| of(self, one) / of(other, two)).collect())
    }
}

fn gigabytes(share: Share) -> f64 {
    f64::from(share.memory_mb()) / 1024.0
}
