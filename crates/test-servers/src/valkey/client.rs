//! A client for preparation and inspection, without TLS.

use std::{
    fmt::Write as _,
    io::{self, BufRead, BufReader, Read, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::postgres::TestLogin;

/// A connection that is logged in.
pub struct ValkeyClient {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValkeyAnswer {
    /// Text, `OK` among it.
    Text(String),
    /// A number.
    Number(i64),
    /// An error, by its whole text.
    Error(String),
    /// Nothing.
    Nil,
    /// Several.
    List(Vec<Self>),
}

impl ValkeyClient {
    /// Logs in at this port of 127.0.0.1.
    ///
    /// # Errors
    /// The server does not answer, or refuses the login.
    pub fn log_in(port: u16, login: &TestLogin) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut client = Self { stream: BufReader::new(stream) };
        match client.command(&["AUTH", &login.username, &login.password])? {
            ValkeyAnswer::Text(_) => Ok(client),
            answer => Err(io::Error::other(format!("the login was refused: {answer:?}"))),
        }
    }

    /// Runs a command.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn command(&mut self, words: &[&str]) -> io::Result<ValkeyAnswer> {
        let mut bytes = format!("*{}\r\n", words.len());
        for word in words {
            write!(bytes, "${}\r\n{word}\r\n", word.len()).expect("a String takes everything");
        }
        self.stream.get_mut().write_all(bytes.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<ValkeyAnswer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let line = line.trim_end_matches("\r\n");
        let (kind, rest) =
            line.split_at_checked(1).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        let number = || rest.parse::<i64>().map_err(io::Error::other);
        Ok(match kind {
            "+" => ValkeyAnswer::Text(rest.to_owned()),
            "-" => ValkeyAnswer::Error(rest.to_owned()),
            ":" => ValkeyAnswer::Number(number()?),
            "$" => match usize::try_from(number()?) {
                Err(_) => ValkeyAnswer::Nil,
                Ok(length) => {
                    let mut text = vec![0; length + 2];
                    self.stream.read_exact(&mut text)?;
                    text.truncate(length);
                    ValkeyAnswer::Text(String::from_utf8_lossy(&text).into_owned())
                }
            },
            "*" => match usize::try_from(number()?) {
                Err(_) => ValkeyAnswer::Nil,
                Ok(count) => {
                    ValkeyAnswer::List((0..count).map(|_| self.answer()).collect::<io::Result<_>>()?)
                }
            },
            _ => return Err(io::Error::other("no answer of this protocol")),
        })
    }
}
