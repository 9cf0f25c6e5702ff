//! What one fresh process cost.

use std::time::Duration;

use test_servers::Logins;

use crate::units::ms;

/// The steps of a rotation, in order.
pub const STEPS: [&str; 4] = ["create", "set", "test", "finish"];

/// What one fresh process cost over two rotations: the first one cold, the second one warm.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// From just before exec to the first request for work.
    pub start: Duration,
    /// The steps of the first rotation. The processor time of the first one includes the start.
    pub cold: [Step; 4],
    /// The steps of the second rotation.
    pub warm: [Step; 4],
    /// Page faults from exec to the end of the first rotation.
    pub page_faults: u64,
    /// `VmHWM` at the end of the first rotation, in KiB.
    pub peak_kib: u64,
    /// Secrets Manager calls of the first rotation.
    pub calls: usize,
    /// How many of them waited for one another. Without a delay, calls are too short to be seen
    /// overlapping.
    pub serial_calls: usize,
    /// The mean time of a call inside the store: the delay, and the time by which the store's timer exceeded
    /// it.
    pub call: Duration,
    /// Logins that the server accepted in the first rotation, and those that it refused in both.
    pub logins: Logins,
}

/// One step of a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// From the delivery of the event to its answer.
    pub duration: Duration,
    /// Of the whole process, since the reading before: user and system.
    pub processor: Duration,
}

/// The time of all steps.
pub(crate) fn total(steps: &[Step; 4]) -> Duration {
    steps.iter().map(|step| step.duration).sum()
}

/// The processor time of all steps.
pub(crate) fn processor(steps: &[Step; 4]) -> Duration {
    steps.iter().map(|step| step.processor).sum()
}

/// Each invocation is billed by itself, up to the next millisecond, and a cold one with its start.
pub(crate) fn billed(start: Duration, steps: &[Step; 4]) -> f64 {
    let invocations = [start + steps[0].duration, steps[1].duration, steps[2].duration, steps[3].duration];
    invocations.into_iter().map(|invocation| ms(invocation).ceil()).sum()
}
