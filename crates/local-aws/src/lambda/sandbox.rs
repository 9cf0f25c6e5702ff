//! One process of a function, with the Runtime API that it alone uses.

use std::{
    io,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{interval, timeout},
};

use super::{
    api,
    exchange::{Answer, Exchange, Invocation},
    output::Output,
    settings::Settings,
};

/// The interval of checking the size of the output.
const OUTPUT_CHECK: Duration = Duration::from_millis(250);

/// A running process. Dropping it kills the process and closes its Runtime API.
pub(super) struct Sandbox {
    exchange: Arc<Exchange>,
    started: Instant,
    started_at: SystemTime,
    process: ProcessHandle,
    process_id: u32,
    ready: Option<oneshot::Receiver<Instant>>,
    api: JoinHandle<()>,
    supervisor: JoinHandle<()>,
}

/// A way to kill a process without holding its sandbox. The owner, the supervisor, identifies the process,
/// not its number, so a number that the system has given to another process is never signalled.
#[derive(Clone)]
pub(super) struct ProcessHandle {
    kill: mpsc::UnboundedSender<()>,
    status: watch::Receiver<Option<ExitStatus>>,
}

/// How an invocation, or the start, ended.
pub(super) enum Ended {
    Answered(Answer),
    Exited(ExitStatus),
    TimedOut,
}

impl Sandbox {
    pub(super) fn start(settings: &Settings, output: &Output) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let watched = output.try_clone()?;

        let mut command = Command::new(&settings.program);
        command
            .args(&settings.arguments)
            .env_clear()
            .envs(&settings.environment)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .stdin(Stdio::null())
            .stdout(output.writer()?)
            .stderr(output.writer()?)
            .kill_on_drop(true);
        #[expect(clippy::disallowed_methods, reason = "to compare with what the process itself has noted")]
        let started_at = SystemTime::now();
        let started = Instant::now();
        let child = command.spawn()?;
        let process_id = child.id().unwrap_or_default();

        let exchange = Arc::new(Exchange::default());
        let ready = exchange.expect_ready(process_id);
        let (kill, killed) = mpsc::unbounded_channel();
        let (exited, status) = watch::channel(None);
        Ok(Self {
            started,
            started_at,
            process: ProcessHandle { kill, status },
            process_id,
            ready: Some(ready),
            api: tokio::spawn(api::serve(listener, exchange.clone(), settings.arn.clone())),
            supervisor: tokio::spawn(supervise(child, killed, exited, watched)),
            exchange,
        })
    }

    pub(super) fn handle(&self) -> ProcessHandle {
        self.process.clone()
    }

    pub(super) fn process_id(&self) -> u32 {
        self.process_id
    }

    /// When the process was started.
    pub(super) fn started_at(&self) -> SystemTime {
        self.started_at
    }

    /// Whether the process waits for work. Also `false` when the runtime that served it has ended.
    pub(super) fn is_warm(&self) -> bool {
        self.process.status.borrow().is_none() && !self.api.is_finished() && !self.supervisor.is_finished()
    }

    /// Waits for the first request for work and returns how long it took from just before exec.
    pub(super) async fn ready(&mut self, limit: Duration) -> Result<Duration, Ended> {
        let ready = self.ready.take();
        let answer = self.exchange.expect_answer();
        let ready = async {
            match ready {
                Some(ready) => ready.await.ok(),
                None => None,
            }
        };
        tokio::select! {
            biased;
            Some(at) = ready => Ok(at.saturating_duration_since(self.started)),
            Ok(answer) = answer => Err(Ended::Answered(answer)),
            status = self.process.exit() => Err(Ended::Exited(status)),
            () = tokio::time::sleep(limit) => Err(Ended::TimedOut),
        }
    }

    /// Passes an event to the process and waits for the result. An answer takes precedence over the exit that
    /// may follow it.
    pub(super) async fn run(&mut self, invocation: Invocation, limit: Duration) -> Ended {
        let answer = self.exchange.expect_answer();
        self.exchange.post(invocation);
        tokio::select! {
            biased;
            Ok(answer) = answer => Ended::Answered(answer),
            status = self.process.exit() => Ended::Exited(status),
            () = tokio::time::sleep(limit) => Ended::TimedOut,
        }
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn stop(self) {
        self.process.clone().kill().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The supervisor owns the process, which is killed when it is dropped.
        self.supervisor.abort();
        self.api.abort();
    }
}

impl ProcessHandle {
    /// Returns whether the process was still there.
    pub(super) async fn kill(mut self) -> bool {
        if self.status.borrow().is_some() || self.kill.send(()).is_err() {
            return false;
        }
        // A process killed by SIGKILL ends as soon as the kernel handles it; the limit is for one that is
        // stuck in the kernel.
        let _ = timeout(Duration::from_secs(10), self.exit()).await;
        true
    }

    async fn exit(&mut self) -> ExitStatus {
        match self.status.wait_for(Option::is_some).await {
            Ok(status) => (*status).unwrap_or_default(),
            // The supervisor is gone without a status: its runtime has ended, and the process with it.
            Err(_) => ExitStatus::default(),
        }
    }
}

/// Owns the process: waits for its end, kills it on request or when it writes without bound.
async fn supervise(
    mut child: Child,
    mut killed: mpsc::UnboundedReceiver<()>,
    exited: watch::Sender<Option<ExitStatus>>,
    output: Output,
) {
    let mut check = interval(OUTPUT_CHECK);
    loop {
        tokio::select! {
            status = child.wait() => {
                exited.send_replace(Some(status.unwrap_or_default()));
                return;
            }
            // Killing a process that has just ended is no error.
            Some(()) = killed.recv() => drop(child.start_kill()),
            _ = check.tick() => if output.is_full() { drop(child.start_kill()); },
        }
    }
}

/// The names of signals in Lambda's messages.
pub(super) fn signal_name(signal: i32) -> String {
    match signal {
        6 => "aborted".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        15 => "terminated".to_owned(),
        other => format!("signal {other}"),
    }
}
