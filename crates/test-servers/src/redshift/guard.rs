//! One connection: logins by the stored form of the password, statements through the grammar.

use std::io;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::UnixStream,
};

use super::{Shared, grammar, lock};

/// The largest message that a client under test may send.
const MESSAGE_LIMIT: usize = 1024 * 1024;

/// Sent to PostgreSQL in place of a statement that Redshift does not have: it answers 42601 in the right
/// state.
const REFUSED: &str = "no_statement_of_redshift";

/// Serves a client whose startup message was read, to its end.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut client: S,
    startup: &[u8],
    shared: &Shared,
) -> io::Result<()> {
    let parameter = |name: &str| {
        let mut parts = startup[4..].split(|byte| *byte == 0).map(String::from_utf8_lossy);
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            if key == name {
                return value.into_owned();
            }
        }
        String::new()
    };
    let (user, database) = (parameter("user"), parameter("database"));
    if !authenticate(&mut client, &user, shared).await? {
        lock(&shared.record).logins.entry(user).or_default().1 += 1;
        return client.write_all(&error("28P01", "password authentication failed")).await;
    }
    let mut server = UnixStream::connect(&shared.socket).await?;
    let parameters = format!("user\0{user}\0database\0{database}\0client_encoding\0UTF8\0\0");
    server
        .write_all(&[&frame(parameters.len() + 4)[..], &[0, 3, 0, 0], parameters.as_bytes()].concat())
        .await?;
    loop {
        let (kind, body) = read(&mut server).await?;
        match kind {
            b'E' => {
                lock(&shared.record).logins.entry(user).or_default().1 += 1;
                return client.write_all(&message(kind, &body)).await;
            }
            b'S' if body.starts_with(b"server_version\0") => {
                client.write_all(&message(kind, b"server_version\08.0.2\0")).await?;
            }
            b'Z' => {
                lock(&shared.record).logins.entry(user).or_default().0 += 1;
                client.write_all(&message(kind, &body)).await?;
                break;
            }
            _ => client.write_all(&message(kind, &body)).await?,
        }
    }
    relay(client, server, shared).await
}

async fn relay<S: AsyncRead + AsyncWrite + Unpin>(
    client: S,
    server: UnixStream,
    shared: &Shared,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut exact_names = false;
        loop {
            let (kind, body) = read(&mut from_client).await?;
            if kind == b'X' {
                return to_server.write_all(&message(kind, &body)).await;
            }
            let sql = String::from_utf8_lossy(&body).trim_end_matches('\0').to_owned();
            // Only the simple query protocol: Redshift supports the other one as well, but no client here
            // uses it.
            let translated = if kind == b'Q' { grammar::translate(&sql, exact_names) } else { None };
            shared.remember(&sql, translated.is_none());
            let sql = match translated {
                Some(translated) => {
                    exact_names = translated.exact_names.unwrap_or(exact_names);
                    translated.sql
                }
                None => REFUSED.to_owned(),
            };
            to_server.write_all(&message(b'Q', format!("{sql}\0").as_bytes())).await?;
        }
    };
    tokio::select! {
        ended = up => ended,
        ended = tokio::io::copy(&mut from_server, &mut to_client) => ended.map(drop),
    }
}

/// Requests the password as its stored form requires.
async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut S,
    user: &str,
    shared: &Shared,
) -> io::Result<bool> {
    let stored = shared.stored_password(user).await.map_err(io::Error::other)?;
    if let Some(form) = stored.as_deref().and_then(|stored| stored.strip_prefix("sha256|")) {
        let (digest, salt) = form.split_once('|').unwrap_or_default();
        let nonce = *uuid::Uuid::new_v4().as_bytes();
        let salt = bytes(salt);
        let fields = [&frame(salt.len() - 4)[..], &salt, &frame(nonce.len() - 4), &nonce].concat();
        client.write_all(&message(b'R', &[&[0, 0, 0, 13, 0, 0, 0, 0], &fields[..]].concat())).await?;
        let (kind, body) = read(client).await?;
        // The digest and the client's nonce, each with its length before it.
        let (Some(proof), Some(client_nonce)) = (body.get(4..36), body.get(40..)) else { return Ok(false) };
        let sql = format!(
            "SELECT encode(sha256(decode('{digest}{}{}', 'hex')), 'hex')",
            hexadecimal(&nonce),
            hexadecimal(client_nonce)
        );
        let expected = shared.value(&sql).await.map_err(io::Error::other)?;
        return Ok(kind == b'd' && expected.as_deref() == Some(&hexadecimal(proof)));
    }
    let salt = &uuid::Uuid::new_v4().as_bytes()[..4].to_vec();
    client.write_all(&message(b'R', &[&[0, 0, 0, 5], &salt[..]].concat())).await?;
    let (kind, body) = read(client).await?;
    let Some(hash) = stored.as_deref().and_then(|stored| stored.strip_prefix("md5")) else {
        return Ok(false);
    };
    let sql = format!(
        "SELECT 'md5' || md5(decode('{}{}', 'hex'))",
        hexadecimal(hash.as_bytes()),
        hexadecimal(salt)
    );
    let expected = shared.value(&sql).await.map_err(io::Error::other)?.unwrap_or_default();
    Ok(kind == b'p' && body.strip_suffix(b"\0") == Some(expected.as_bytes()))
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await?;
    Ok((kind, read_untyped(stream).await?))
}

/// A message without a type: the first one of a connection.
pub(super) async fn read_untyped(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX).saturating_sub(4);
    if length > MESSAGE_LIMIT {
        return Err(io::Error::other("the message is too long"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

/// The length of a message whose body has this many bytes.
fn frame(length: usize) -> [u8; 4] {
    u32::try_from(length + 4).expect("messages are short").to_be_bytes()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &frame(body.len())[..], body].concat()
}

fn error(code: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("SFATAL\0C{code}\0M{text}\0\0").as_bytes())
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let pairs = hexadecimal.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).unwrap_or_default()).collect()
}
