//! Proves a password by the plugin that the server names.

use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rotation_core::Password;
use zeroize::Zeroizing;

use crate::keys::{DerivedKey, PasswordKey, SALT};

use super::{
    encryption::encrypt,
    packet::{Packets, WireError, error},
    proof::proves,
};

/// The length of the nonces that are signed.
const CHALLENGE: usize = 32;

/// The supported plugins. Others would give the password away (`mysql_clear_password`, `mysql_old_password`),
/// or have no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plugin {
    Native,
    CachingSha2,
    Sha256,
    /// MariaDB's `ed25519`.
    Ed25519,
    /// MariaDB's `parsec`.
    Parsec,
}

/// Whether a password may be encrypted with a key that the server sends: nothing vouches for that key, so a
/// man-in-the-middle could send its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// The connection is protected by TLS: the password is sent through it as it is.
    Tls,
    /// Likewise, with a certificate that no authority vouches for, and its fingerprint: the server has to
    /// prove itself. Until it has, it sees signatures alone.
    Unproven([u8; 32]),
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
            b"client_ed25519" => Some(Self::Ed25519),
            b"parsec" => Some(Self::Parsec),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "mysql_native_password",
            Self::CachingSha2 => "caching_sha2_password",
            Self::Sha256 => "sha256_password",
            Self::Ed25519 => "client_ed25519",
            Self::Parsec => "parsec",
        }
    }

    /// Whether the server proves by this plugin that it knows what it stores of the password, while a server
    /// that does not know it sees nothing but a signature.
    fn proves_the_server(self) -> bool {
        matches!(self, Self::Ed25519 | Self::Parsec)
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
            // A request for the server's public key.
            (Self::Sha256, _) => Zeroizing::new(vec![1]),
            // A request for what is to be signed, or for the parameters of the key derivation.
            (Self::Ed25519 | Self::Parsec, _) => Zeroizing::new(Vec::new()),
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

/// A login that has begun.
pub(super) struct Dialogue<'a> {
    pub(super) packets: &'a mut Packets,
    pub(super) password: &'a Password,
    pub(super) exchange: KeyExchange,
    /// The nonce of the greeting, which the server's proof covers.
    pub(super) greeting: &'a [u8],
}

impl Dialogue<'_> {
    /// Continues until the server admits or refuses the client. Returns the plugin by which it was admitted.
    pub(super) async fn conclude(mut self, mut plugin: Plugin) -> Result<Plugin, WireError> {
        let mut nonce = self.greeting.to_vec();
        // What the server stores of the password, once it is known.
        let mut stored = Zeroizing::new(Vec::new());
        // Each derivation costs thousands of hashes, so a server gets one for each plugin that it asks for.
        let mut may_derive = true;
        // A switch, a request for the whole password, a key or its parameters: more has no meaning.
        for _ in 0..6 {
            let packet = self.packets.read().await?;
            match &packet[..] {
                [0x00, ..] => return self.let_in(plugin, &packet, &stored),
                [0xff, ..] => return Err(error(&packet)),
                [0xfe, request @ ..] => {
                    let name = request.split(|byte| *byte == 0).next().unwrap_or_default();
                    plugin = Plugin::by_name(name).ok_or(WireError::Protocol(Plugin::REFUSED))?;
                    let data = request.get(name.len() + 1..).unwrap_or_default();
                    nonce = if plugin.proves_the_server() {
                        data.get(..CHALLENGE).ok_or(NO_CHALLENGE)?.to_vec()
                    } else {
                        data.strip_suffix(&[0]).unwrap_or(data).to_vec()
                    };
                    self.switch(plugin, &nonce, &mut stored).await?;
                    may_derive = true;
                }
                [0x01, b'P', factor, salt @ ..] | [b'P', factor, salt @ ..]
                    if plugin == Plugin::Parsec && salt.len() == SALT && may_derive =>
                {
                    may_derive = false;
                    stored = self.sign_derived(*factor, salt, &nonce).await?;
                }
                [0x01, 3] if plugin == Plugin::CachingSha2 => {}
                [0x01, 4] if plugin == Plugin::CachingSha2 => self.give_whole().await?,
                [0x01, key @ ..] if plugin.takes_keys() && self.exchange != KeyExchange::Tls => {
                    self.give_encrypted(key, &nonce).await?;
                }
                _ => return Err(WireError::Protocol("no answer to the login")),
            }
        }
        Err(WireError::Protocol("a login without an end"))
    }

    /// A peer that admits the client must have proved itself, where its certificate does not.
    fn let_in(&self, plugin: Plugin, packet: &[u8], stored: &[u8]) -> Result<Plugin, WireError> {
        match self.exchange {
            KeyExchange::Unproven(fingerprint) if !proves(packet, stored, self.greeting, &fingerprint) => {
                Err(WireError::Protocol(Plugin::UNPROVEN))
            }
            _ => Ok(plugin),
        }
    }

    /// Answers a server that asks for another plugin.
    async fn switch(
        &mut self,
        plugin: Plugin,
        nonce: &[u8],
        stored: &mut Zeroizing<Vec<u8>>,
    ) -> Result<(), WireError> {
        if matches!(self.exchange, KeyExchange::Unproven(_)) && !plugin.proves_the_server() {
            return Err(WireError::Protocol(Plugin::UNPROVABLE));
        }
        if plugin != Plugin::Ed25519 {
            return self.packets.write(&plugin.answer(self.password, nonce, self.exchange)).await;
        }
        let key = PasswordKey::of(self.password);
        *stored = Zeroizing::new(key.public().to_vec());
        self.packets.write(&key.sign(nonce)).await
    }

    /// Signs the server's nonce and the client's with the key that these parameters derive. Returns what the
    /// server stores.
    async fn sign_derived(
        &mut self,
        factor: u8,
        salt: &[u8],
        nonce: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let key = DerivedKey::of(self.password, factor, salt);
        let key = key.ok_or(WireError::Protocol("a key of more rounds than are taken"))?;
        let mut ours = [0_u8; CHALLENGE];
        getrandom::fill(&mut ours).map_err(|_| WireError::Protocol("no randomness"))?;
        let signature = key.sign(&[nonce, &ours].concat());
        self.packets.write(&[&ours[..], &signature].concat()).await?;
        Ok(Zeroizing::new([&[b'P', factor], salt, key.public()].concat()))
    }

    /// Sends the password as it is to a server whose certificate is verified, or asks for the key to encrypt
    /// it with.
    async fn give_whole(&mut self) -> Result<(), WireError> {
        match self.exchange {
            KeyExchange::Tls => self.packets.write(&terminated(self.password.expose())).await,
            KeyExchange::Allowed => self.packets.write(&[2]).await,
            KeyExchange::Unproven(_) | KeyExchange::Refused => Err(WireError::Protocol(Plugin::KEY_REFUSED)),
        }
    }

    /// Sends the password encrypted with the server's key, where the secret asks for plaintext.
    async fn give_encrypted(&mut self, key: &[u8], nonce: &[u8]) -> Result<(), WireError> {
        if self.exchange != KeyExchange::Allowed {
            return Err(WireError::Protocol(Plugin::KEY_REFUSED));
        }
        let mut message = terminated(self.password.expose());
        if nonce.is_empty() {
            return Err(WireError::Protocol("a key without a nonce"));
        }
        for (byte, mask) in message.iter_mut().zip(nonce.iter().cycle()) {
            *byte ^= mask;
        }
        let encrypted = encrypt(&message, key).ok_or(WireError::Protocol("an unusable public key"))?;
        self.packets.write(&encrypted).await
    }
}

const NO_CHALLENGE: WireError = WireError::Protocol("nothing to sign");

impl Plugin {
    /// The protocol violation where the password would be given away.
    pub(crate) const REFUSED: &'static str = "an authentication plugin that is refused";
    /// The same for a key over plaintext.
    pub(crate) const KEY_REFUSED: &'static str =
        "a password encrypted by an unproven key is refused without TLS";
    /// The certificate is self-signed, and the account's plugin does not prove the server.
    pub(crate) const UNPROVABLE: &'static str =
        "the account authenticates by a plugin by which a server cannot prove itself";
    /// The certificate is self-signed, and the server did not prove that it is the account's.
    pub(crate) const UNPROVEN: &'static str =
        "the server did not prove by the password that the certificate is its own";

    /// Whether a password may be encrypted with a key of the server.
    fn takes_keys(self) -> bool {
        matches!(self, Self::CachingSha2 | Self::Sha256)
    }
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

    /// Answers follow the manual.
    /// Computed by an independent implementation of the manual's formulas.
    #[test]
    fn answers_follow_the_manual() {
        check(Plugin::Native, "85cbaea93f89ea1664bbfdce6ce1af4f0f4a9f88");
        check(Plugin::CachingSha2, "f16e4bdf1fbf64d96bba0a87b408b36ba19739c0313d446bba6b4165c13c40fc");
        check(Plugin::Sha256, "01");
    }
}
