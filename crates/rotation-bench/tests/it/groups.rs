//! Where control groups are looked for, and what the kernel counts.

use std::path::PathBuf;

use rotation_bench::{Hierarchy, Use, Version, page_faults};

fn folders(paths: &[&str]) -> Vec<PathBuf> {
    paths.iter().map(PathBuf::from).collect()
}

/// Version 1 with two hierarchies, and then version 2: its root, and the group of this process.
#[test]
fn both_versions_are_found() {
    let mounts = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n\
        cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n\
        cgroup /sys/fs/cgroup/cpuacct cgroup rw,relatime,cpuacct 0 0\n\
        cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n";
    let found = Hierarchy::candidates(mounts, "1:cpu:/\n0::/user.slice/one.scope\n");
    let expected = [
        (Version::One, folders(&["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpuacct"])),
        (Version::Two, folders(&["/sys/fs/cgroup/unified"])),
        (Version::Two, folders(&["/sys/fs/cgroup/unified/user.slice/one.scope"])),
    ];
    assert_eq!(found, expected.map(|(version, folders)| Hierarchy { version, folders }));
}

/// One folder that limits and counts is one folder.
#[test]
fn a_common_hierarchy_is_one_folder() {
    let mounts = "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n";
    let found = Hierarchy::candidates(mounts, "0::/\n");
    assert_eq!(
        found,
        [Hierarchy { version: Version::One, folders: folders(&["/sys/fs/cgroup/cpu,cpuacct"]) }]
    );
}

/// The fields are counted after the name of the program, which may look like fields.
#[test]
fn faults_are_found_after_an_odd_name() {
    let stat = "12 (a) b (c) S 1 12 12 0 -1 4194560 100 5 20 7 3 4 0 0 20 0 1 0 99";
    assert_eq!(page_faults(stat), Some(120));
    assert_eq!(page_faults("12 (a) S"), None);
    assert!(Use::of_process("self").unwrap().page_faults > 0);
}
