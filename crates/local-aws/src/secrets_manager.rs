//! A local AWS Secrets Manager: a model in Rust, served over HTTP in the JSON 1.1 protocol, that drives
//! rotations.
//!
//! ```text
//! AWS CLI, any SDK --HTTP--+               +--> model: pure; time and randomness go in, orders come out
//! a test, in process -------+--> service ---+--> state file
//!                                delay,     +--> driver --> the function registered under the ARN
//!                                faults,
//!                                throttling,
//!                                log
//! ```
//!
//! Requests need no credentials: signatures are accepted and not checked. The conformance suite,
//! `tests/it/secrets_manager/rules`, names the source of each rule of the service (recorded against AWS,
//! documented, reported). Where AWS documents nothing, this service decides as follows:
//!
//! - Schedules are validated and kept, and the next date is computed, but the clock starts no rotation.
//! - `RotateSecret` with a token that has already begun a rotation gets the same answer again and begins no
//!   other one; a rotation that had failed is driven again.
//! - A rotation whose steps all succeed without moving AWSCURRENT counts as
//!   [`NotPromoted`](RotationOutcome::NotPromoted).
//! - AWSCURRENT cannot move to a version without a value.
//! - A `RotationToken` that is not the one of the version's rotation is refused with `AccessDeniedException`.
//! - The next process does not resume rotations that were in progress when the process ended; AWSPENDING
//!   stays.

mod call_log;
mod driver;
mod error;
mod fault;
mod handle;
mod hold;
mod model;
mod operation;
mod protocol;
mod record;
mod service;
mod settings;
mod state_file;

use std::{io, net::Ipv4Addr, net::SocketAddr, ops::Deref, sync::Arc};

use tokio::{net::TcpListener, task::AbortHandle};

pub use call_log::{Call, serial_calls};
pub use error::{ErrorCode, ServiceError};
pub use fault::{Fault, FaultKind};
pub use handle::SecretsManagerHandle;
pub use hold::{Held, Hold};
pub use operation::{Operation, UnknownOperation};
pub use record::{Attempt, RotationOutcome, RotationRecord, StepRecord, WaitError};
pub use settings::{RotationSettings, Settings, Trouble};

/// A running local Secrets Manager. Dropping it closes the endpoint and its connections, and ends the
/// rotations in progress.
///
/// Its [`SecretsManagerHandle`] does everything but keep the service running.
pub struct LocalSecretsManager {
    handle: SecretsManagerHandle,
    address: SocketAddr,
    scheme: &'static str,
    server: AbortHandle,
}

impl LocalSecretsManager {
    /// Starts the service on 127.0.0.1, in the tokio runtime of the caller (of either kind; with I/O and
    /// time). Afterwards it accepts connections.
    ///
    /// # Errors
    /// The port is taken, or the state file cannot be read or is not one.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let (port, tls) = (settings.port, settings.tls.clone());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let service = Arc::new(service::Service::open(settings)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(protocol::serve(listener, tls, Arc::clone(&service))).abort_handle();
        Ok(Self { handle: SecretsManagerHandle::new(service), address, scheme, server })
    }

    /// Where clients reach it: `http://127.0.0.1:PORT`, or `https://localhost:PORT` with TLS.
    pub fn endpoint(&self) -> String {
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.address.port())
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle to keep, in a registered function for example.
    pub fn handle(&self) -> SecretsManagerHandle {
        self.handle.clone()
    }
}

impl Deref for LocalSecretsManager {
    type Target = SecretsManagerHandle;

    fn deref(&self) -> &SecretsManagerHandle {
        &self.handle
    }
}

impl Drop for LocalSecretsManager {
    fn drop(&mut self) {
        self.server.abort();
        self.handle.close();
    }
}
