//! What one fresh process cost, and the medians of many.

use std::time::Duration;

/// The steps of a rotation, in order.
pub(crate) const STEPS: [&str; 4] = ["create", "set", "test", "finish"];

/// What one fresh process cost over two rotations: the first one cold, the second one warm.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// From just before exec to the first request for work.
    pub(crate) next: Duration,
    /// The steps of the first rotation, each from the delivery of the event to its answer.
    pub(crate) cold: [Duration; 4],
    /// The steps of the second rotation.
    pub(crate) warm: [Duration; 4],
    /// `VmHWM` at the end of the first rotation, in KiB.
    pub(crate) peak_kib: u64,
    /// Secrets Manager calls of the first rotation.
    pub(crate) calls: usize,
    /// How many of them waited for one another. Without a delay, calls are too short to be seen
    /// overlapping.
    pub(crate) serial_calls: usize,
    /// The mean time of a call inside the store: the delay, and the time by which the store's timer exceeded
    /// it.
    pub(crate) call: Duration,
    /// Logins that PostgreSQL accepted in the first rotation.
    pub(crate) logins: usize,
    /// Logins that it refused in both rotations.
    pub(crate) refused_logins: usize,
}

/// Medians over the runs; for counts the largest value, because one bad run is bad enough.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    /// Exec to the first request for work, ms.
    pub(crate) next: f64,
    /// Exec to the first answer, ms.
    pub(crate) first_response: f64,
    /// The four steps of a fresh process without its start, ms.
    pub(crate) cold_steps: f64,
    /// Each step in a warm process, ms.
    pub(crate) warm: [f64; 4],
    /// The four steps in a warm process, ms.
    pub(crate) warm_steps: f64,
    /// Peak memory over four steps, MiB.
    pub(crate) peak_mib: f64,
    pub(crate) calls: usize,
    /// The median: a call that comes late on a busy machine looks as if it had waited for a concurrent one.
    pub(crate) serial_calls: f64,
    /// The time of a call inside the store, ms.
    pub(crate) call: f64,
    pub(crate) logins: usize,
    pub(crate) refused_logins: usize,
}

impl Figures {
    /// Needs at least one sample.
    pub(crate) fn medians(samples: &[Sample]) -> Self {
        let of = |figure: &dyn Fn(&Sample) -> Duration| {
            median(samples.iter().map(|sample| milliseconds(figure(sample))).collect())
        };
        let most = |count: &dyn Fn(&Sample) -> usize| samples.iter().map(count).max().unwrap_or_default();
        Self {
            next: of(&|sample| sample.next),
            first_response: of(&|sample| sample.next + sample.cold[0]),
            cold_steps: of(&|sample| sample.cold.iter().sum()),
            warm: [0, 1, 2, 3].map(|step| of(&|sample| sample.warm[step])),
            warm_steps: of(&|sample| sample.warm.iter().sum()),
            peak_mib: median(samples.iter().map(|sample| mib(sample.peak_kib * 1024)).collect()),
            calls: most(&|sample| sample.calls),
            serial_calls: median(samples.iter().map(|sample| count(sample.serial_calls)).collect()),
            call: of(&|sample| sample.call),
            logins: most(&|sample| sample.logins),
            refused_logins: most(&|sample| sample.refused_logins),
        }
    }
}

/// Milliseconds, for people.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Bytes as MiB, for people. A value too large for a program or its memory becomes 4096.
pub(crate) fn mib(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / f64::from(1 << 20)
}

/// A count as a figure.
pub(crate) fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}
