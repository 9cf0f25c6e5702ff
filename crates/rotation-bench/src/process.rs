//! What the kernel counts of one process.

use std::{fs, io, time::Duration};

/// What a process has used since it began, as another program too, where it was one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Those with and without a read from the disk.
    pub page_faults: u64,
    /// User and system, without threads that have ended.
    pub processor: Duration,
}

impl Use {
    /// By its number, or `self`.
    ///
    /// # Errors
    /// The process has ended.
    pub fn of_process(process: &str) -> io::Result<Self> {
        let malformed = || io::Error::other("the kernel's counts of a process cannot be read");
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let page_faults = page_faults(&stat).ok_or_else(malformed)?;
        let mut processor = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{process}/task"))? {
            // A thread may end between the two reads.
            let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
            processor += nanoseconds.map(Duration::from_nanos).ok_or_else(malformed)?;
        }
        Ok(Self { page_faults, processor })
    }
}

/// Minor and major faults, of `man 5 proc_pid_stat`. The name of the program, in parentheses, may hold
/// anything.
pub fn page_faults(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(number(7)? + number(9)?)
}
