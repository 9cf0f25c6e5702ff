//! What all malicious servers have in common.

use crate::{MaliciousBytes, MaliciousMysql, MaliciousPostgres};

/// A server that treats its clients as scripted, and records what they send.
pub trait MaliciousServer {
    /// Its port on 127.0.0.1.
    fn port(&self) -> u16;
    /// The number of connections that were opened so far.
    fn connections(&self) -> usize;
    /// What clients sent so far, inside TLS as well, at most the first MiB.
    fn received(&self) -> Vec<u8>;
}

macro_rules! malicious {
    ($($server:ty),*) => {$(
        impl MaliciousServer for $server {
            fn port(&self) -> u16 {
                self.port()
            }

            fn connections(&self) -> usize {
                self.connections()
            }

            fn received(&self) -> Vec<u8> {
                self.received()
            }
        }
    )*};
}

malicious!(MaliciousBytes, MaliciousMysql, MaliciousPostgres);
