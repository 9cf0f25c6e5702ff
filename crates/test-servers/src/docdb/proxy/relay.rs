//! One connection: message by message, command and reply in turn.

use std::{fmt::Write as _, future::pending, io};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    super::bson::{decode, encode},
    state::{ProxyAction, Shared},
};

const HEADER: usize = 16;
/// `OP_MSG`: flags and the kind of its one section.
const MESSAGE_HEAD: usize = 5;
/// `OP_REPLY`: flags, cursor, start, count.
const REPLY_HEAD: usize = 20;
const OP_QUERY: i32 = 2004;
const LONGEST: usize = 1024 * 1024;

pub(super) async fn relay(client: TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = shared.acceptor.accept(client).await?;
    let server = TcpStream::connect(("127.0.0.1", shared.server)).await?;
    server.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").expect("it is a name");
    let mut server = shared.connector.connect(name, server).await?;
    let mut user = String::new();
    loop {
        let request = read(&mut client).await?;
        let (is_greeting, command) = command(&request)?;
        if let Some(name) = login_name(&command) {
            user = name;
        }
        let script = {
            let mut state = shared.state();
            state.commands.push(command.clone());
            state.script.clone()
        };
        let decide = |reply: Option<&Value>| {
            script.as_ref().map_or(ProxyAction::Pass, |script| script(&command, reply))
        };
        let answer = |document: &Value| answer(&request, is_greeting, document);
        let mut bytes = match decide(None) {
            ProxyAction::Pass => {
                server.write_all(&request).await?;
                server.flush().await?;
                read(&mut server).await?
            }
            ProxyAction::Answer(document) => answer(&document),
            ProxyAction::Cut => return Ok(()),
            ProxyAction::Hang => pending().await,
        };
        let head = HEADER + if is_greeting { REPLY_HEAD } else { MESSAGE_HEAD };
        let mut reply = bytes.get(head..).and_then(decode).unwrap_or_default();
        match decide(Some(&reply)) {
            ProxyAction::Pass => {}
            ProxyAction::Answer(document) => {
                bytes = answer(&document);
                reply = document;
            }
            ProxyAction::Cut => return Ok(()),
            ProxyAction::Hang => pending().await,
        }
        count(shared, &command, &reply, &user);
        client.write_all(&bytes).await?;
        client.flush().await?;
    }
}

/// A login is complete when the exchange is done, or when a part of it is refused.
fn count(shared: &Shared, command: &Value, reply: &Value, user: &str) {
    let is_part = command.get("saslStart").is_some() || command.get("saslContinue").is_some();
    if is_part {
        let succeeded = reply["ok"].as_f64() == Some(1.0);
        let mut state = shared.state();
        let logins = state.logins.entry(user.to_owned()).or_default();
        let accepted = succeeded && reply["done"] == true;
        logins.refused += usize::from(!succeeded);
        logins.accepted += usize::from(accepted);
        if accepted || !succeeded {
            let outcome = if accepted { "accepted" } else { "refused" };
            writeln!(state.log, "login of {user:?}: {outcome}").expect("a String takes everything");
        }
    }
}

/// The name in the client's first SCRAM message, unescaped.
fn login_name(command: &Value) -> Option<String> {
    command.get("saslStart")?;
    let payload = BASE64.decode(command["payload"]["$binary"].as_str()?).ok()?;
    let text = String::from_utf8(payload).ok()?;
    let name = text.split(',').find_map(|part| part.strip_prefix("n="))?;
    Some(name.replace("=2C", ",").replace("=3D", "="))
}

/// A whole message with its header.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let length = usize::try_from(i32::from_le_bytes(header)).unwrap_or(usize::MAX);
    if !(HEADER..=LONGEST).contains(&length) {
        return Err(io::Error::other("a length that makes no sense"));
    }
    let mut message = vec![0; length];
    message[..4].copy_from_slice(&header);
    stream.read_exact(&mut message[4..]).await?;
    Ok(message)
}

/// The document of a request, and whether it was sent as a greeting.
fn command(request: &[u8]) -> io::Result<(bool, Value)> {
    let is_greeting = request[12..16] == OP_QUERY.to_le_bytes();
    let head = if is_greeting {
        // Flags, the name of a collection, two numbers.
        let name = request[HEADER + 4..].iter().position(|byte| *byte == 0);
        HEADER + 4 + name.unwrap_or(0) + 1 + 8
    } else {
        HEADER + MESSAGE_HEAD
    };
    let document = request.get(head..).and_then(decode);
    document.map(|document| (is_greeting, document)).ok_or_else(|| io::Error::other("no command"))
}

/// A reply to this request.
fn answer(request: &[u8], is_greeting: bool, document: &Value) -> Vec<u8> {
    let mut head = if is_greeting { vec![0; REPLY_HEAD] } else { vec![0; MESSAGE_HEAD] };
    let operation: i32 = if is_greeting { 1 } else { 2013 };
    if is_greeting {
        head[16] = 1;
    }
    let body = [head, encode(document)].concat();
    let length = i32::try_from(HEADER + body.len()).expect("a test's messages are short");
    [&length.to_le_bytes()[..], &[0; 4], &request[4..8], &operation.to_le_bytes(), &body].concat()
}
