//! What a long-lived process keeps from its invocations: memory and file descriptors.

use std::fs;

use local_aws::LambdaFunction;

/// After this number of invocations, the process has everything that it keeps for good: a connection to the
/// store, TLS, engines.
const SETTLED: usize = 16;

/// The growth of a process since it settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Growth {
    /// The number of invocations that it had served.
    pub(crate) invocations: usize,
    /// The growth of the peak of its resident memory.
    pub(crate) memory_kib: u64,
    /// The growth of the number of its open files, including sockets.
    pub(crate) descriptors: usize,
}

/// Checks the process of a function after each rotation.
#[derive(Debug, Default)]
pub(crate) struct Residue {
    process: Option<u32>,
    settled: Option<(u64, usize)>,
    invocations: usize,
    worst: Growth,
}

impl Residue {
    pub(crate) fn look(&mut self, function: &LambdaFunction) {
        let Some(report) = function.last_report() else { return };
        let Some(memory) = report.peak_rss_kib else { return };
        if self.process != Some(report.process_id) {
            (self.process, self.settled, self.invocations) = (Some(report.process_id), None, 0);
        }
        // A rotation is four invocations.
        self.invocations += 4;
        let Some(descriptors) = descriptors(report.process_id) else { return };
        if self.invocations < SETTLED {
            return;
        }
        let (memory_then, descriptors_then) = *self.settled.get_or_insert((memory, descriptors));
        let growth = Growth {
            invocations: self.invocations,
            memory_kib: memory.saturating_sub(memory_then),
            descriptors: descriptors.saturating_sub(descriptors_then),
        };
        self.worst = self.worst.max(growth);
    }

    /// The longest lifetime, and the largest growth of any process.
    pub(crate) fn worst(&self) -> Growth {
        self.worst
    }
}

impl Growth {
    /// The worse of two processes in each respect.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            invocations: self.invocations.max(other.invocations),
            memory_kib: self.memory_kib.max(other.memory_kib),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

fn descriptors(process: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{process}/fd")).ok()?.count())
}
