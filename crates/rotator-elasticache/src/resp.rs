//! RESP2, the protocol of Redis and Valkey: one command as bytes, one reply out of bytes.

use std::{fmt, str};

use thiserror::Error;
use zeroize::Zeroizing;

/// The most bytes of one reply. The longest that is asked for is the description of a user.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;
/// The most elements of one reply, those of inner arrays included.
const MOST_ELEMENTS: usize = 10_000;
/// How deeply arrays may be nested: a user has selectors, which are arrays of pairs.
const DEPTH: usize = 8;

/// A reply. It may hold hashes of passwords, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`.
    Simple(String),
    /// `-NOPERM …`.
    Error(String),
    /// `:3`.
    Integer(i64),
    /// `$2`, `ok`.
    Bulk(String),
    /// `$-1` or `*-1`.
    Nil,
    /// `*2` and its elements.
    Array(Vec<Reply>),
}

/// The bytes are no reply of this protocol, or one that is larger than any that is asked for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the answer is not one of this protocol")]
pub struct Malformed;

impl Reply {
    /// The text of a simple or bulk string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Simple(text) | Self::Bulk(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array.
    pub(crate) fn elements(&self) -> Option<&[Self]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The value after this name, in an array of names and values.
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        let pairs = self.elements()?.chunks_exact(2);
        pairs.into_iter().find(|pair| pair[0].text() == Some(name)).map(|pair| &pair[1])
    }

    /// Reads one reply from the beginning of the bytes, and returns it with its length. `None` where more
    /// bytes are needed.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let mut reader = Reader { bytes, at: 0, elements: 0 };
        match reader.reply(DEPTH) {
            Ok(reply) => Ok(Some((reply, reader.at))),
            Err(Stop::Incomplete) if bytes.len() < MOST_BYTES => Ok(None),
            Err(_) => Err(Malformed),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply(..)")
    }
}

/// Why no reply was read.
enum Stop {
    Incomplete,
    Malformed,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    elements: usize,
}

impl<'a> Reader<'a> {
    fn reply(&mut self, depth: usize) -> Result<Reply, Stop> {
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(Stop::Malformed);
        }
        let line = self.line()?;
        let (kind, rest) = line.split_at_checked(1).ok_or(Stop::Malformed)?;
        match kind {
            "+" => Ok(Reply::Simple(rest.to_owned())),
            "-" => Ok(Reply::Error(rest.to_owned())),
            ":" => rest.parse().map(Reply::Integer).map_err(|_| Stop::Malformed),
            "$" => match length(rest, MOST_BYTES)? {
                None => Ok(Reply::Nil),
                Some(length) => self.bulk(length),
            },
            "*" => match length(rest, MOST_ELEMENTS)? {
                None => Ok(Reply::Nil),
                Some(_) if depth == 0 => Err(Stop::Malformed),
                Some(count) => {
                    (0..count).map(|_| self.reply(depth - 1)).collect::<Result<_, _>>().map(Reply::Array)
                }
            },
            _ => Err(Stop::Malformed),
        }
    }

    /// The text up to the next line break, and past it.
    fn line(&mut self) -> Result<&'a str, Stop> {
        let rest = &self.bytes[self.at..];
        let end = rest.windows(2).position(|pair| pair == b"\r\n").ok_or(Stop::Incomplete)?;
        self.at += end + 2;
        str::from_utf8(&rest[..end]).map_err(|_| Stop::Malformed)
    }

    fn bulk(&mut self, length: usize) -> Result<Reply, Stop> {
        let rest = &self.bytes[self.at..];
        let (text, end) = rest.get(..length + 2).ok_or(Stop::Incomplete)?.split_at(length);
        if end != b"\r\n" {
            return Err(Stop::Malformed);
        }
        self.at += length + 2;
        // Names of modules or key patterns need not be UTF-8; none of them is looked at.
        Ok(Reply::Bulk(String::from_utf8_lossy(text).into_owned()))
    }
}

/// A length; `None` for -1, which stands for nothing.
fn length(text: &str, most: usize) -> Result<Option<usize>, Stop> {
    if text == "-1" {
        return Ok(None);
    }
    let length = text.parse().ok().filter(|length| *length <= most);
    length.map(Some).ok_or(Stop::Malformed)
}

/// A command with its arguments, as an array of bulk strings. It is cleared when it is dropped, because an
/// argument may be a password.
pub fn command(words: &[&str]) -> Zeroizing<Vec<u8>> {
    // Room for all of it at once: bytes that move leave copies behind.
    let room = words.iter().map(|word| word.len() + 32).sum::<usize>() + 32;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}
