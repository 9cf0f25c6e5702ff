//! The program, started with an environment of its own.

use std::process::Stdio;

use tokio::process::Command;

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

/// `rotate-local` with these arguments, without a terminal, and with nothing from this environment but the
/// path.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rotate-local"));
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
