//! Greeting and login.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    script::{Moment, MysqlGreeting, MysqlMischief},
    session,
    wire::{OK, Wire, error},
};

/// The length of the packet that requests TLS.
pub(super) const TLS_REQUEST: usize = 32;

/// The nonce that the client hashes its password with.
const NONCE: &[u8; 20] = b"a nonce of 20 bytes!";

/// `ER_ACCESS_DENIED_ERROR`.
const REFUSED: u16 = 1045;

/// `Protocol::HandshakeV10`.
pub(super) fn greeting(greeting: &MysqlGreeting) -> Vec<u8> {
    /// Protocol 4.1 with plugins, which every server has; and TLS.
    const CAPABILITIES: u32 = 1 | 1 << 2 | 1 << 3 | 1 << 9 | 1 << 13 | 1 << 15 | 1 << 19 | 1 << 20 | 1 << 21;
    const TLS: u32 = 1 << 11;
    let capabilities = CAPABILITIES | if greeting.tls.is_some() { TLS } else { 0 };
    let [a, b, c, d] = capabilities.to_le_bytes();
    let mut packet = vec![10];
    packet.extend(greeting.version.as_bytes());
    packet.push(0);
    // The connection's number.
    packet.extend([1, 0, 0, 0]);
    packet.extend(&NONCE[..8]);
    // The character set and the status are between the halves of the capabilities.
    packet.extend([0, a, b, 45, 2, 0, c, d, 21]);
    packet.extend([0; 10]);
    packet.extend(&NONCE[8..]);
    packet.push(0);
    packet.extend(greeting.plugin.as_bytes());
    packet.push(0);
    packet
}

/// Answers the login, and the statements after it.
pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut wire: Wire<'_, S>,
    mischief: &MysqlMischief,
    greeting: &MysqlGreeting,
) -> io::Result<()> {
    if wire.turns_bad(mischief, Moment::Login).await? {
        return Ok(());
    }
    match mischief {
        MysqlMischief::SwitchesTo(plugin) => {
            let nonce = [NONCE.as_slice(), b"\0"].concat();
            wire.send(&[b"\xfe", plugin.as_bytes(), b"\0", &nonce].concat()).await?;
        }
        MysqlMischief::AsksForRounds(factors) => {
            wire.send(&[b"\xfeparsec\0".as_slice(), &[7; 32]].concat()).await?;
            for factor in factors {
                wire.read().await?;
                wire.send(&[&[1, b'P', *factor][..], &[8; 18]].concat()).await?;
            }
        }
        MysqlMischief::RefusesLogin(code, words) => return wire.send(&error(*code, words.as_bytes())).await,
        MysqlMischief::OffersKey(key) => {
            // `sha256_password` requests the key already with its login.
            if greeting.plugin == "caching_sha2_password" {
                wire.send(&[1, 4]).await?;
                wire.read().await?;
            }
            wire.send(&[&[1], key.as_bytes()].concat()).await?;
        }
        MysqlMischief::PushesKey(key) => wire.send(&[&[1], key.as_bytes()].concat()).await?,
        _ => {
            wire.send(&OK).await?;
            return session::serve(wire, mischief).await;
        }
    }
    wire.read().await?;
    wire.send(&error(REFUSED, b"refused")).await
}
