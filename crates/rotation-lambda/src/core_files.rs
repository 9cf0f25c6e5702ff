//! No core files: what a process holds in memory must not come to lie on a disk.

use rustix::process::{Resource, Rlimit, setrlimit};

/// From now on the kernel writes no core file of this process, or of one that it starts (`setrlimit(2)`). A
/// limit may always be lowered, so this fails only where a sandbox forbids the call itself, and then the
/// function works on: Lambda gives its code a folder that cannot be written to.
pub(crate) fn forbid() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}
