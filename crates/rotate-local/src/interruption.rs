//! Ctrl-C, waited for.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C or SIGTERM. From [`listen`](Self::listen) on neither ends the process; one that comes before
/// [`wait`](Self::wait) is kept for it.
pub(crate) struct Interruption {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruption {
    /// # Errors
    /// The system does not deliver signals to this process.
    pub(crate) fn listen() -> Result<Self> {
        let listen = |kind, name| signal(kind).with_context(|| format!("{name} cannot be waited for"));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt(), "Ctrl-C")?,
            terminate: listen(SignalKind::terminate(), "SIGTERM")?,
        })
    }

    /// Ends with the first of them. Cancel safe.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
