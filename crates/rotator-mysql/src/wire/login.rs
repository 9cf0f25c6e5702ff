//! The login itself (`Protocol::HandshakeResponse41`).

use rotation_database::Login;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use super::{
    authentication::{Dialogue, KeyExchange, Plugin},
    capabilities as can,
    greeting::Greeting,
    packet::{Packets, WireError},
};

/// Shown in the server's lists of sessions.
const PROGRAM: &str = "secret-rotation";

/// `utf8mb4_general_ci`, which every server knows.
const CHARACTER_SET: u8 = 45;

/// The largest packet that the client accepts.
const LARGEST: u32 = 1024 * 1024;

/// The beginning of a request for TLS and of the login.
fn head(login: &Login, tls: bool) -> Vec<u8> {
    let mut flags = can::LONG_PASSWORD
        | can::LONG_FLAG
        | can::PROTOCOL_41
        | can::TRANSACTIONS
        | can::SECURE_CONNECTION
        | can::PLUGIN_AUTH
        | can::PLUGIN_AUTH_LENENC
        | can::CONNECT_ATTRS;
    if login.database.is_some() {
        flags |= can::CONNECT_WITH_DB;
    }
    if tls {
        flags |= can::SSL;
    }
    let mut head = flags.to_le_bytes().to_vec();
    head.extend(LARGEST.to_le_bytes());
    head.push(CHARACTER_SET);
    head.extend([0; 23]);
    head
}

/// Requests TLS. The handshake must follow.
pub(crate) async fn request_tls(
    packets: &mut Packets<&mut TcpStream>,
    login: &Login,
) -> Result<(), WireError> {
    packets.write(&head(login, true)).await
}

/// Logs in. Afterwards the connection takes statements. Returns the plugin by which the server let the user
/// in.
pub(crate) async fn log_in(
    packets: &mut Packets,
    greeting: &Greeting,
    login: &Login,
    exchange: KeyExchange,
) -> Result<Plugin, WireError> {
    let (user, password) = (&login.credentials.username, &login.credentials.password);
    let plugin = match exchange {
        // A server that has not proved itself gets nothing but a signature.
        KeyExchange::Unproven(_) => Plugin::Ed25519,
        // An unknown plugin is answered with one that the server knows; it then asks for the right one.
        _ => Plugin::by_name(&greeting.plugin).unwrap_or(Plugin::Native),
    };
    let answer = plugin.answer(password, &greeting.nonce, exchange);
    let mut response = Zeroizing::new(Vec::with_capacity(512 + answer.len()));
    response.extend(head(login, matches!(exchange, KeyExchange::Tls | KeyExchange::Unproven(_))));
    response.extend(user.as_str().as_bytes());
    response.push(0);
    push_counted(&mut response, &answer);
    if let Some(database) = &login.database {
        response.extend(database.as_bytes());
        response.push(0);
    }
    response.extend(plugin.name().as_bytes());
    response.push(0);
    let mut attributes = Vec::new();
    push_counted(&mut attributes, b"program_name");
    push_counted(&mut attributes, PROGRAM.as_bytes());
    push_counted(&mut response, &attributes);
    packets.write(&response).await?;
    Dialogue { packets, password, exchange, greeting: &greeting.nonce }.conclude(plugin).await
}

/// Bytes with their length before them, of at most 65535.
fn push_counted(target: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).expect("a password has at most 4096 bytes, attributes fewer");
    match u8::try_from(length) {
        Ok(short @ 0..=250) => target.push(short),
        _ => {
            target.push(0xfc);
            target.extend(length.to_le_bytes());
        }
    }
    target.extend(bytes);
}
