//! A process that answers one JSON request per line with one JSON answer per line.

use std::{
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// It ends when its input ends, and so with this process.
pub(super) struct Dialogue {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Dialogue {
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let requests = process.stdin.take().expect("standard input was asked for as a pipe");
        let answers = process.stdout.take().expect("standard output was asked for as a pipe");
        Ok(Self { process, requests, answers: BufReader::new(answers) })
    }

    pub(super) fn ask(&mut self, request: &Value) -> io::Result<Value> {
        writeln!(self.requests, "{request}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(io::Error::from)
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
