//! The share of a processor that a measured process gets, by a control group of the kernel.
//!
//! The process joins the group just before it becomes the function ([`launch`](crate::launch)); the servers,
//! the store and the bench stay outside. The same group counts the processor time, ended threads included.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::failure::Failure;

/// The part of a processor that a process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it, which Lambda gives from 1,769 MB on.
    Whole,
    /// What Lambda gives a function of 128 MB: 128/1769 of a processor, here 1,447 µs in every 20 ms.
    Of128Mb,
}

/// A group of processes. It is removed when this value is dropped, if its processes have ended.
#[derive(Debug)]
pub(crate) struct ControlGroup {
    version: Version,
    /// One folder, or two where version 1 counts in another hierarchy than the one in which it limits.
    folders: Vec<PathBuf>,
}

/// Where groups can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Of its files.
    pub version: Version,
    /// The parents of a group's folders: where it is limited, and where it is counted, if elsewhere.
    pub folders: Vec<PathBuf>,
}

/// The version of the kernel's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One tree of groups for each controller.
    One,
    /// One tree for all.
    Two,
}

const PERIOD_MICROSECONDS: u32 = 20_000;
const QUOTA_MICROSECONDS: u32 = 1_447;

impl Share {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Whole, Self::Of128Mb];

    /// The argument that selects it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Of128Mb => "share",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Whole => "a whole processor",
            Self::Of128Mb => "Lambda's share of 128 MB (1,447 µs in every 20 ms)",
        }
    }

    /// The memory of a function that has this share, in MB.
    pub fn memory_mb(self) -> u32 {
        match self {
            Self::Whole => 1769,
            Self::Of128Mb => 128,
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|share| share.name() == name)
    }
}

impl ControlGroup {
    /// Makes a group of this share in the first hierarchy that allows it.
    ///
    /// Fails where no controller of processor time is mounted, or none may be used: that takes root, or a
    /// group that was delegated to this user.
    pub(crate) fn create(share: Share) -> Result<Self, Failure> {
        let mounts = fs::read_to_string("/proc/self/mounts")?;
        let own = fs::read_to_string("/proc/self/cgroup")?;
        let mut reason = "no controller of processor time is mounted".to_owned();
        for hierarchy in Hierarchy::candidates(&mounts, &own) {
            match hierarchy.create(share) {
                Ok(group) => return Ok(group),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(reason.into())
    }

    /// The files to which a process writes `0` to join.
    pub(crate) fn doors(&self) -> impl Iterator<Item = PathBuf> {
        self.folders.iter().map(|folder| folder.join("cgroup.procs"))
    }

    /// The processor time of all processes so far, user and system.
    pub(crate) fn processor_time(&self) -> io::Result<Duration> {
        let folder = self.folders.last().expect("a group has a folder");
        let malformed = || io::Error::other("the group's processor time cannot be read");
        match self.version {
            Version::One => {
                let nanoseconds = fs::read_to_string(folder.join("cpuacct.usage"))?;
                nanoseconds.trim().parse().map(Duration::from_nanos).map_err(|_| malformed())
            }
            Version::Two => {
                let text = fs::read_to_string(folder.join("cpu.stat"))?;
                let microseconds = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
                let microseconds = microseconds.and_then(|text| text.trim().parse().ok());
                microseconds.map(Duration::from_micros).ok_or_else(malformed)
            }
        }
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        for folder in &self.folders {
            // A process that the kernel has not yet cleared away keeps the group; nothing depends on it.
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Hierarchy {
    /// By `/proc/self/mounts` and `/proc/self/cgroup`: version 1, the root of version 2, and the group of
    /// version 2 in which this process is.
    pub fn candidates(mounts: &str, own: &str) -> Vec<Self> {
        let mounted = |kind: &str, option: &str| {
            mounts.lines().find_map(|line| {
                let mut fields = line.split(' ').skip(1);
                let (folder, system, options) = (fields.next()?, fields.next()?, fields.next()?);
                let has = option.is_empty() || options.split(',').any(|one| one == option);
                (system == kind && has).then(|| PathBuf::from(folder))
            })
        };
        let mut found = Vec::new();
        if let (Some(limit), Some(count)) = (mounted("cgroup", "cpu"), mounted("cgroup", "cpuacct")) {
            let mut folders = vec![limit, count];
            folders.dedup();
            found.push(Self { version: Version::One, folders });
        }
        if let Some(root) = mounted("cgroup2", "") {
            let path = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
            let delegated = root.join(path);
            found.push(Self { version: Version::Two, folders: vec![root.clone()] });
            if delegated != root {
                found.push(Self { version: Version::Two, folders: vec![delegated] });
            }
        }
        found
    }

    fn create(&self, share: Share) -> Result<ControlGroup, Failure> {
        let limit = self.folders.first().ok_or("a hierarchy has a folder")?;
        if self.version == Version::Two {
            allow_processor_controller(limit)?;
        }
        let name = format!("rotation-bench-{}-{}", std::process::id(), share.name());
        // From here on what was made is removed again, also where the rest fails.
        let group = ControlGroup {
            version: self.version,
            folders: self.folders.iter().map(|folder| folder.join(&name)).collect(),
        };
        for folder in &group.folders {
            make(folder)?;
        }
        let limited = group.folders.first().ok_or("a group has a folder")?;
        match (self.version, share) {
            (_, Share::Whole) => {}
            (Version::One, Share::Of128Mb) => {
                write(&limited.join("cpu.cfs_period_us"), &PERIOD_MICROSECONDS.to_string())?;
                write(&limited.join("cpu.cfs_quota_us"), &QUOTA_MICROSECONDS.to_string())?;
            }
            (Version::Two, Share::Of128Mb) => {
                let most = format!("{QUOTA_MICROSECONDS} {PERIOD_MICROSECONDS}");
                write(&limited.join("cpu.max"), &most)?;
            }
        }
        group.processor_time()?;
        Ok(group)
    }
}

/// Passes the controller of processor time on to the groups below. A group other than the root can do so only
/// while no process is in it, so this process moves into one of its own first.
fn allow_processor_controller(parent: &Path) -> Result<(), Failure> {
    let control = parent.join("cgroup.subtree_control");
    let has = |text: &str| text.split_whitespace().any(|controller| controller == "cpu");
    if has(&fs::read_to_string(&control)?) {
        return Ok(());
    }
    if write(&control, "+cpu").is_ok() {
        return Ok(());
    }
    let own = parent.join(format!("rotation-bench-{}", std::process::id()));
    make(&own)?;
    write(&own.join("cgroup.procs"), "0")?;
    write(&control, "+cpu")
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir(folder).map_err(|error| format!("{}: {error}", folder.display()).into())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
}
