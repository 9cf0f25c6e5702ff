//! The way into a control group: this program once more, which joins, notes what it has used itself, and
//! becomes the function.
//!
//! The standard library starts no process in a group, and a shell in between would be measured.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{failure::Failure, process::Use};

/// The argument by which this program is a launcher.
pub const LAUNCH: &str = "--launch";

/// What a launcher noted just before it became the function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Launch {
    /// By the machine's clock.
    pub at: SystemTime,
    /// By the launcher itself.
    pub used: Use,
}

/// The arguments before the function's own.
pub(crate) fn arguments(record: &Path, doors: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let doors: Vec<_> = doors.map(|door| door.to_string_lossy().into_owned()).collect();
    vec![LAUNCH.to_owned(), record.to_string_lossy().into_owned(), doors.join(":")]
}

/// Becomes the function. The arguments: the file for the record, the doors of the groups, the program and its
/// own. Returns only where that failed.
pub fn become_function(mut arguments: impl Iterator<Item = String>) -> Failure {
    let mut next = || arguments.next().unwrap_or_default();
    let (record, doors, program) = (next(), next(), next());
    match prepare(Path::new(&record), &doors) {
        Ok(()) => Command::new(program).args(arguments).exec().into(),
        Err(failure) => failure,
    }
}

/// What a launcher does before it becomes the function. The doors are separated by `:`.
///
/// # Errors
/// The record cannot be written, or a group not be joined.
pub fn prepare(record: &Path, doors: &str) -> Result<(), Failure> {
    let used = Use::of_process("self")?;
    #[expect(clippy::disallowed_methods, reason = "the time of the start is what it notes")]
    let at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    fs::write(record, format!("{at} {} {}", used.page_faults, used.processor.as_nanos()))?;
    // Last, so that as little as possible of this program's own work is in the group.
    for door in doors.split(':').filter(|door| !door.is_empty()) {
        fs::write(door, "0")?;
    }
    Ok(())
}

impl Launch {
    /// Reads what the launcher of the newest process noted.
    ///
    /// # Errors
    /// The file is not there, or is no record.
    pub fn read(record: &Path) -> Result<Self, Failure> {
        Self::parse(&fs::read_to_string(record)?).ok_or_else(|| "the launcher's record is malformed".into())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|number| number.parse::<u64>().ok());
        let mut next = || numbers.next().flatten();
        Some(Self {
            at: UNIX_EPOCH + Duration::from_nanos(next()?),
            used: Use { page_faults: next()?, processor: Duration::from_nanos(next()?) },
        })
    }
}
