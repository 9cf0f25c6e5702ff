//! The output of a function's processes.

use std::{fs::File, io, os::unix::fs::FileExt, process::Stdio};

/// More output than this from one function is a fault of the function: its process is killed.
pub(super) const OUTPUT_LIMIT: u64 = 16 * 1024 * 1024;

/// An unnamed file for standard output and standard error. Unlike a pipe, it contains every byte as soon as
/// the process has written it, so a test that looks for a canary cannot look too early.
pub(super) struct Output {
    file: File,
}

impl Output {
    pub(super) fn create() -> io::Result<Self> {
        tempfile::tempfile().map(|file| Self { file })
    }

    /// Another handle to write to; all share one position, so the order of writing is kept.
    pub(super) fn writer(&self) -> io::Result<Stdio> {
        self.file.try_clone().map(Stdio::from)
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        self.file.try_clone().map(|file| Self { file })
    }

    pub(super) fn is_full(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.len() > OUTPUT_LIMIT)
    }

    pub(super) fn text(&self) -> String {
        let length = self.file.metadata().map_or(0, |metadata| metadata.len()).min(OUTPUT_LIMIT);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        // Read at a position: reading by the cursor would move it for the writers.
        match self.file.read_exact_at(&mut bytes, 0) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("the output cannot be read: {error}"),
        }
    }
}
