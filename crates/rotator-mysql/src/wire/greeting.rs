//! The first packet of a server (`Protocol::HandshakeV10`).

use super::{
    capabilities,
    packet::{Reader, WireError, error},
};

/// What a server sends about itself before any login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Greeting {
    /// As `SELECT VERSION()` would return it, or with `5.5.5-` before it on MariaDB.
    pub(crate) version: String,
    pub(super) capabilities: u32,
    pub(super) nonce: Vec<u8>,
    pub(super) plugin: Vec<u8>,
}

impl Greeting {
    pub(crate) fn parse(packet: &[u8]) -> Result<Self, WireError> {
        if packet.first() == Some(&0xff) {
            return Err(error(packet));
        }
        let mut reader = Reader::new(packet);
        if reader.byte()? != 10 {
            return Err(WireError::Protocol("a greeting of another protocol"));
        }
        let version = String::from_utf8_lossy(reader.string()).into_owned();
        reader.take(4)?;
        let mut nonce = reader.take(8)?.to_vec();
        reader.take(1)?;
        let low = reader.take(2)?;
        reader.take(3)?;
        let high = reader.take(2)?;
        let capabilities = u32::from_le_bytes([low[0], low[1], high[0], high[1]]);
        let length = usize::from(reader.byte()?);
        reader.take(10)?;
        nonce.extend_from_slice(reader.take(length.saturating_sub(8).clamp(13, 64))?);
        // The last byte is a zero without a meaning.
        nonce.truncate(20);
        if capabilities & capabilities::REQUIRED != capabilities::REQUIRED {
            return Err(WireError::Protocol("a server that is too old"));
        }
        Ok(Self { version, capabilities, nonce, plugin: reader.string().to_vec() })
    }

    /// Whether the server offers TLS.
    pub(crate) fn offers_tls(&self) -> bool {
        self.capabilities & capabilities::SSL != 0
    }
}
