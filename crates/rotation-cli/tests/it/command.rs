//! The program, started with an environment of its own.

use std::process::Stdio;

use tokio::{io::AsyncWriteExt, process::Command};

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn expect_out(&self, part: &str) -> &Self {
        assert!(self.out.contains(part), "no {part:?} in standard output:\n{}", self.out);
        self
    }

    #[track_caller]
    pub(crate) fn expect_err(&self, part: &str) -> &Self {
        assert!(self.err.contains(part), "no {part:?} in standard error:\n{}", self.err);
        self
    }
}

/// `rotate` with these arguments, without a terminal, and with nothing from this environment but the path.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rotate"));
    command.args(arguments).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    // An operator's own AWS profile is not used.
    command.env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs it to its end.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let output = command(arguments).envs(environment.iter().copied()).output().await;
    let output = output.expect("cargo has built the program");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs it on a terminal, and types a line. What a terminal shows is all standard output.
pub(crate) async fn answer(arguments: &[&str], environment: &[(&str, &str)], line: &str) -> Run {
    let words = [&[env!("CARGO_BIN_EXE_rotate")], arguments].concat();
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]);
    terminal.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", "/nonexistent");
    terminal.env("AWS_EC2_METADATA_DISABLED", "true").env("TERM", "dumb").envs(environment.iter().copied());
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = terminal.spawn().expect("util-linux has script");
    let mut input = child.stdin.take().expect("it is a pipe");
    input.write_all(format!("{line}\n").as_bytes()).await.expect("the terminal takes a line");
    // The pipe stays open until the command has ended: its end would be the end of the terminal.
    let output = child.wait_with_output().await.expect("it ends");
    drop(input);
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
