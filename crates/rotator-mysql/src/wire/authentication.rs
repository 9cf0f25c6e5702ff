//! What proves a password, by the plugin that the server names.

use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rotation_core::database::Password;
use zeroize::Zeroizing;

use super::{
    encryption::encrypt,
    packet::{Packets, WireError, error},
};

/// The plugins that we speak. Others would give the password away (`mysql_clear_password`, `mysql_old_password`), or
/// have no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plugin {
    Native,
    CachingSha2,
    Sha256,
}

/// Whether a password may be encrypted by a key that the server sends: a key that nobody vouches for, so that somebody
/// in the middle could send their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// The connection is protected by TLS: the password goes through it as it is.
    Tls,
    /// The secret asks for plaintext.
    Allowed,
    /// Neither.
    Refused,
}

impl Plugin {
    pub(super) fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"mysql_native_password" => Some(Self::Native),
            b"caching_sha2_password" => Some(Self::CachingSha2),
            b"sha256_password" => Some(Self::Sha256),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "mysql_native_password",
            Self::CachingSha2 => "caching_sha2_password",
            Self::Sha256 => "sha256_password",
        }
    }

    /// The first answer to the server's nonce.
    pub(super) fn answer(
        self,
        password: &Password,
        nonce: &[u8],
        exchange: KeyExchange,
    ) -> Zeroizing<Vec<u8>> {
        let password = password.expose();
        match (self, exchange) {
            (Self::Native, _) => {
                scramble(&SHA1_FOR_LEGACY_USE_ONLY, password, nonce, |nonce, twice| [nonce, twice].concat())
            }
            (Self::CachingSha2, _) => {
                scramble(&SHA256, password, nonce, |nonce, twice| [twice, nonce].concat())
            }
            (Self::Sha256, KeyExchange::Tls) => terminated(password),
            // A request for the key.
            (Self::Sha256, _) => Zeroizing::new(vec![1]),
        }
    }
}

/// `H(password) xor H(nonce and H(H(password)), in the plugin's order)`.
fn scramble(
    hash: &'static Algorithm,
    password: &str,
    nonce: &[u8],
    order: impl Fn(&[u8], &[u8]) -> Vec<u8>,
) -> Zeroizing<Vec<u8>> {
    let once = Zeroizing::new(digest(hash, password.as_bytes()).as_ref().to_vec());
    let twice = Zeroizing::new(digest(hash, &once).as_ref().to_vec());
    let mask = digest(hash, &Zeroizing::new(order(nonce, &twice)));
    Zeroizing::new(once.iter().zip(mask.as_ref()).map(|(byte, mask)| byte ^ mask).collect())
}

fn terminated(password: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(password.len() + 1));
    bytes.extend_from_slice(password.as_bytes());
    bytes.push(0);
    bytes
}

/// Goes on until the server lets us in or says no. Returns the plugin by which it let us in.
pub(super) async fn conclude(
    packets: &mut Packets<'_>,
    mut plugin: Plugin,
    mut nonce: Vec<u8>,
    password: &Password,
    exchange: KeyExchange,
) -> Result<Plugin, WireError> {
    // A switch, a request for the whole password, a key: more has no meaning.
    for _ in 0..6 {
        let packet = packets.read().await?;
        match &packet[..] {
            [0x00, ..] => return Ok(plugin),
            [0xff, ..] => return Err(error(&packet)),
            [0xfe, request @ ..] => {
                let name = request.split(|byte| *byte == 0).next().unwrap_or_default();
                plugin = Plugin::by_name(name).ok_or(WireError::Protocol(Plugin::REFUSED))?;
                let data = request.get(name.len() + 1..).unwrap_or_default();
                nonce = data.strip_suffix(&[0]).unwrap_or(data).to_vec();
                packets.write(&plugin.answer(password, &nonce, exchange)).await?;
            }
            [0x01, 3] if plugin == Plugin::CachingSha2 => {}
            [0x01, 4] if plugin == Plugin::CachingSha2 => match exchange {
                KeyExchange::Tls => packets.write(&terminated(password.expose())).await?,
                KeyExchange::Allowed => packets.write(&[2]).await?,
                KeyExchange::Refused => return Err(WireError::Protocol(Plugin::KEY_REFUSED)),
            },
            [0x01, key @ ..] if plugin != Plugin::Native && exchange != KeyExchange::Tls => {
                if exchange == KeyExchange::Refused {
                    return Err(WireError::Protocol(Plugin::KEY_REFUSED));
                }
                let mut message = terminated(password.expose());
                if nonce.is_empty() {
                    return Err(WireError::Protocol("a key without a nonce"));
                }
                for (byte, mask) in message.iter_mut().zip(nonce.iter().cycle()) {
                    *byte ^= mask;
                }
                let encrypted =
                    encrypt(&message, key).ok_or(WireError::Protocol("an unusable public key"))?;
                packets.write(&encrypted).await?;
            }
            _ => return Err(WireError::Protocol("no answer to the login")),
        }
    }
    Err(WireError::Protocol("a login without an end"))
}

impl Plugin {
    /// The breach of protocol that means: the password would be given away.
    pub(crate) const REFUSED: &'static str = "an authentication plugin that is refused";
    /// The same for a key over plaintext.
    pub(crate) const KEY_REFUSED: &'static str =
        "a password encrypted by an unproven key is refused without TLS";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(plugin: Plugin, expected: &str) {
        let password = Password::parse("correct horse").unwrap();
        let nonce: Vec<u8> = (1..=20).collect();
        let answer = plugin.answer(&password, &nonce, KeyExchange::Refused);
        let hex: Vec<_> = answer.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex.concat(), expected);
    }

    /// Computed by an independent implementation of the manual's formulas.
    #[test]
    fn answers_follow_the_manual() {
        check(Plugin::Native, "85cbaea93f89ea1664bbfdce6ce1af4f0f4a9f88");
        check(Plugin::CachingSha2, "f16e4bdf1fbf64d96bba0a87b408b36ba19739c0313d446bba6b4165c13c40fc");
        check(Plugin::Sha256, "01");
    }
}
