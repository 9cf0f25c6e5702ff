//! The calls of Secrets Manager that a healthy rotation makes, counted by dependency.
//!
//! A call that arrives while another one is unanswered did not wait for it. So the service holds its answers
//! back until all calls have arrived that a function is to make concurrently
//! ([`RotationStrategy::calls_together`]), and the count then depends on the function alone. A function that
//! waits where it should not never gets that answer: it gives up, calls again, and exceeds the limits.

use std::{ops::Add, time::Duration};

use local_aws::secrets_manager::{Call, Operation, serial_calls};

use super::RotationStrategy;

/// The greatest age of a read of the labels when a change is committed; older reads are repeated.
const LABELS_HOLD: Duration = Duration::from_secs(1);

/// Calls of Secrets Manager.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreCost {
    /// All calls.
    pub calls: usize,
    /// The calls that waited for one another.
    pub serial_calls: usize,
}

impl StoreCost {
    /// The most that a healthy rotation may cost.
    pub const MOST: Self = Self { calls: 12, serial_calls: 7 };

    /// The cost of the calls of one step.
    ///
    /// A third read of the labels more than a second after the second one does not count: staging was slow,
    /// which happens to a healthy function on a busy machine. Leaving it out can only make the cost look
    /// smaller.
    pub fn of_step(calls: &[Call]) -> Self {
        let mut counted = calls.to_vec();
        counted.sort_by_key(|call| call.arrival);
        let looks: Vec<_> =
            counted.iter().filter(|call| call.operation == Operation::DescribeSecret).cloned().collect();
        if let [.., second, third] = looks.as_slice()
            && looks.len() == 3
            && third.start.saturating_duration_since(second.end) > LABELS_HOLD
        {
            counted.retain(|call| call.arrival != third.arrival);
        }
        Self { calls: counted.len(), serial_calls: serial_calls(&counted) }
    }

    /// Whether this cost does not exceed `most`.
    pub fn is_within(self, most: Self) -> bool {
        self.calls <= most.calls && self.serial_calls <= most.serial_calls
    }
}

impl Add for StoreCost {
    type Output = Self;

    fn add(self, step: Self) -> Self {
        Self { calls: self.calls + step.calls, serial_calls: self.serial_calls + step.serial_calls }
    }
}

impl RotationStrategy {
    /// The calls of Secrets Manager that a step of a healthy rotation makes concurrently, group after group:
    /// for [`expect_together`](local_aws::secrets_manager::SecretsManagerHandle::expect_together). For
    /// alternating users, they are those of a function that has its master secret's ARN in
    /// `MASTER_SECRET_ARN`.
    pub fn calls_together(self, step: &str) -> &'static [usize] {
        match (self, step) {
            // The labels and AWSCURRENT; the write.
            (_, "createSecret") => &[2, 1],
            // The labels, AWSCURRENT, AWSPENDING and the master; the labels again.
            (Self::SingleUser, "setSecret") => &[3, 1],
            (Self::MasterUser, "setSecret") => &[4, 1],
            // The labels and AWSPENDING.
            (_, "testSecret") => &[2],
            // The labels; the swap.
            (_, "finishSecret") => &[1, 1],
            _ => &[],
        }
    }
}
