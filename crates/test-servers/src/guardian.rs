//! A small shell that outlives this process by a moment: it starts a server, and when this end of its pipe
//! closes, for whatever reason, it stops the server and removes the folder.
//!
//! Drop, panic, exit with servers in statics, and SIGKILL of the test run all close the pipe. A parent-death
//! signal would not work: it is sent when the *thread* that started the server ends, and tests are threads.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use super::account::Account;

/// `$1` the folder, `$2` the log, then the server's command. The server stays a zombie until `wait`, so its
/// number cannot belong to another process when it is signalled. A shell starts it with SIGQUIT ignored, and
/// a server that does not change that, like Python, ends on SIGTERM; a server that is already ending ignores
/// the second signal.
const SCRIPT: &str = r#"
folder=$1 log=$2; shift 2
start() { "$@" >>"$log" 2>&1 </dev/null & server=$!; echo "$server"; }
start "$@"
while read -r order signal; do
    case $order in
    send) kill -s "$signal" "$server" 2>/dev/null; echo "$server" ;;
    stop) kill -s "$signal" "$server" 2>/dev/null; wait "$server"; echo "$server" ;;
    start) start "$@" ;;
    esac
done
kill -s QUIT "$server" 2>/dev/null
kill -s TERM "$server" 2>/dev/null
kill -s CONT "$server" 2>/dev/null
wait "$server"
rm -rf -- "$folder"
"#;

/// How long a server may take to stop; after that its guardian is left alone with it.
const STOP_LIMIT: Duration = Duration::from_secs(10);

pub(super) struct Guardian {
    shell: Child,
    /// Closed to end everything.
    lifeline: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    server: u32,
}

impl Guardian {
    /// Starts `server`, which must end on SIGQUIT or SIGTERM. Afterwards `folder` belongs to the guardian.
    pub(super) fn start(account: Account, folder: &Path, log: &Path, server: &Command) -> io::Result<Self> {
        let mut shell = account
            .command("/bin/sh")
            .args(["-c", SCRIPT, "guardian"])
            .arg(folder)
            .arg(log)
            .arg(server.get_program())
            .args(server.get_args())
            .env_clear()
            .envs(server.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(folder)
            // An interrupt from the terminal is for this process; the guardian notices when this process has
            // ended.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let lifeline = shell.stdin.take();
        let answers = BufReader::new(shell.stdout.take().expect("standard output was asked for as a pipe"));
        let mut guardian = Self { shell, lifeline, answers, server: 0 };
        guardian.server = guardian.read_server()?;
        Ok(guardian)
    }

    /// Whether the server still runs; a server that has ended stays a zombie.
    pub(super) fn server_runs(&self) -> bool {
        self.server_state().is_some_and(|state| state != 'Z')
    }

    /// Whether the server runs and is not stopped by a signal.
    pub(super) fn server_is_awake(&self) -> bool {
        self.server_state().is_some_and(|state| !matches!(state, 'Z' | 'T'))
    }

    /// The state in the kernel; `None` for a process that is gone.
    fn server_state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.server)).ok()?;
        stat.rsplit(')').next()?.trim_start().chars().next()
    }

    /// Whether this text is the number of the server's process.
    pub(super) fn is_server(&self, process_id: &str) -> bool {
        process_id.trim().parse() == Ok(self.server)
    }

    /// Sends the server a signal that ends it (`KILL`, `INT`), waits for its end and starts it again.
    pub(super) fn restart(&mut self, signal: &str) -> io::Result<()> {
        self.stop(signal)?;
        self.start_again()
    }

    /// Sends the server a signal that ends it and waits for its end.
    pub(super) fn stop(&mut self, signal: &str) -> io::Result<()> {
        self.order(&format!("stop {signal}"))
    }

    /// Starts a server that was stopped.
    pub(super) fn start_again(&mut self) -> io::Result<()> {
        self.order("start")
    }

    /// Sends the server a signal that it survives (`STOP`, `CONT`).
    pub(super) fn send(&mut self, signal: &str) -> io::Result<()> {
        self.order(&format!("send {signal}"))
    }

    fn order(&mut self, order: &str) -> io::Result<()> {
        let lifeline = self.lifeline.as_mut().ok_or_else(|| io::Error::other("the guardian has ended"))?;
        writeln!(lifeline, "{order}")?;
        self.server = self.read_server()?;
        Ok(())
    }

    fn read_server(&mut self) -> io::Result<u32> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        line.trim().parse().map_err(|_| io::Error::other("the shell that guards the server did not start it"))
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.lifeline = None;
        let limit = Instant::now() + STOP_LIMIT;
        while Instant::now() < limit && matches!(self.shell.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
