//! What a server knows about its client, and the answers that depend on it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::{bson::bson, protocol::Protocol};
use crate::scram::{ServerKeys, transcript};

/// The most bytes that are kept of what the client sent.
const MOST_HEARD: usize = 256 * 1024;

/// A text of the server that no error may repeat.
pub(crate) const SERVER_WORDS: &str = "these are the server's words";

/// The client of one connection.
pub(super) struct Client {
    password: &'static str,
    heard: Vec<u8>,
    /// The last message of the client.
    last: Vec<u8>,
    messages: usize,
    /// The sequence number of MySQL's next packet.
    sequence: u8,
    nonce: Vec<u8>,
    /// The texts over which SCRAM's proofs are computed: the client's first message, the server's, the
    /// client's second.
    exchange: [String; 3],
}

impl Client {
    pub(super) fn new(password: &'static str) -> Self {
        let exchange = [(); 3].map(|()| String::new());
        Self {
            password,
            heard: Vec::new(),
            last: Vec::new(),
            messages: 0,
            sequence: 0,
            nonce: Vec::new(),
            exchange,
        }
    }

    /// Everything that it sent.
    pub(super) fn into_heard(self) -> Vec<u8> {
        self.heard
    }

    pub(super) fn hear(&mut self, said: &[u8]) {
        self.last = said.to_vec();
        if self.heard.len() < MOST_HEARD {
            self.heard.extend_from_slice(said);
        }
        self.messages += 1;
        self.sequence = said.get(3).map_or(0, |last| last.wrapping_add(1));
        if let Some(nonce) = after(said, b",r=") {
            self.nonce = nonce.split(|byte| *byte == b',').next().unwrap_or_default().to_vec();
        }
        if let Some(first) = after(said, b"n,,") {
            self.exchange[0] = text(first);
        }
        if let Some(answer) = after(said, b"c=").map(text) {
            self.exchange[2] = format!("c={}", answer.split(",p=").next().unwrap_or_default());
        }
    }

    /// A message of a script, with `%N` replaced by the client's nonce, `%S` by the server's proof that it
    /// knows the password, and `%W` by [`SERVER_WORDS`].
    pub(super) fn fill_in(&mut self, message: &[u8]) -> Vec<u8> {
        let mut filled = Vec::with_capacity(message.len() + self.nonce.len());
        let mut rest = message;
        while let [first, after @ ..] = rest {
            rest = match rest {
                [b'%', b'N', after @ ..] => {
                    filled.extend_from_slice(&self.nonce);
                    after
                }
                [b'%', b'S', after @ ..] => {
                    filled.extend_from_slice(self.proof().unwrap_or_default().as_bytes());
                    after
                }
                [b'%', b'W', after @ ..] => {
                    filled.extend_from_slice(SERVER_WORDS.as_bytes());
                    after
                }
                _ => {
                    filled.push(*first);
                    after
                }
            };
        }
        if let Some(challenge) = after(&filled, b"r=") {
            // In JSON it ends at the quote; a nonce of PostgreSQL's clients may contain one.
            let end = if filled.starts_with(b"{") { b'"' } else { 0 };
            let challenge = challenge.split(|byte| *byte == end).next().unwrap_or_default();
            self.exchange[1] = format!("r={}", text(challenge));
        }
        filled
    }

    fn proof(&self) -> Option<String> {
        let [first, challenge, second] = &self.exchange;
        let keys = ServerKeys::of(self.password, challenge)?;
        Some(BASE64.encode(keys.sign(&transcript(first, challenge, second))))
    }

    /// `None` where the message cannot be framed.
    pub(super) fn frame(&mut self, protocol: Protocol, message: &[u8]) -> Option<Vec<u8>> {
        let length = u32::try_from(message.len()).ok()?;
        Some(match protocol {
            Protocol::Postgres => {
                let (kind, body) = message.split_first()?;
                [&[*kind][..], &(length + 3).to_be_bytes(), body].concat()
            }
            Protocol::MySql => {
                let [a, b, c, _] = length.to_le_bytes();
                let sequence = self.sequence;
                self.sequence = sequence.wrapping_add(1);
                [&[a, b, c, sequence][..], message].concat()
            }
            Protocol::DocumentDb => {
                let document = bson(&serde_json::from_slice(message).ok()?);
                // The greeting is answered in the old form.
                let (operation, head): (u32, &[u8]) = match self.messages {
                    0 | 1 => (1, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
                    _ => (2013, &[0; 5]),
                };
                let request = self.last.get(4..8).unwrap_or(&[0; 4]);
                let length = u32::try_from(16 + head.len() + document.len()).ok()?;
                [&length.to_le_bytes(), &[7, 0, 0, 0], request, &operation.to_le_bytes(), head, &document]
                    .concat()
            }
        })
    }
}

/// The text after a mark, up to a byte that no SCRAM message contains.
fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let start = bytes.windows(mark.len()).position(|window| window == mark)? + mark.len();
    let rest = &bytes[start..];
    let end = rest.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
    Some(&rest[..end])
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
