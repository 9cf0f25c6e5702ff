//! The configuration that an engine's clones share.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use rustls::ClientConfig;

use crate::{config::TlsClient, settings::TlsSettings};

/// A [`TlsClient`] that is built at its first use: a function that meets no server over TLS parses no
/// authorities. Clones share it.
#[derive(Clone)]
pub struct LazyTls(Arc<Lazy>);

struct Lazy {
    settings: TlsSettings,
    client: OnceLock<TlsClient>,
}

impl LazyTls {
    /// Nothing is built yet.
    pub fn new(settings: TlsSettings) -> Self {
        Self(Arc::new(Lazy { settings, client: OnceLock::new() }))
    }

    /// The client, built if it was not yet.
    pub fn client(&self) -> &TlsClient {
        self.0.client.get_or_init(|| TlsClient::new(&self.0.settings))
    }

    /// The configuration for connections, built if it was not yet.
    pub fn config(&self) -> &Arc<ClientConfig> {
        self.client().config()
    }

    /// [`TlsClient::chain_valid_until`]; `None` where nothing was built yet.
    pub fn chain_valid_until(&self) -> Option<SystemTime> {
        self.0.client.get()?.chain_valid_until()
    }
}

impl fmt::Debug for LazyTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyTls").finish_non_exhaustive()
    }
}
