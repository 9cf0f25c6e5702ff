//! No core files: the memory of the process must not be written to a disk.

use rustix::process::{Resource, Rlimit, setrlimit};

/// From now on the kernel writes no core file of this process or of its child processes (`setrlimit(2)`). A
/// limit may always be lowered, so this fails only where a sandbox forbids the call itself. The function then
/// continues to work: Lambda gives its code a folder that cannot be written to.
pub(crate) fn forbid() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}
