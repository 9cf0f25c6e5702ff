//! The command-line arguments.

use std::path::PathBuf;

use crate::{failure::Failure, ground::Engine};

/// The help text.
pub(crate) const USAGE: &str = "\
usage: scripts/soak [options]
  --rotations N   how many, over all secrets (default 10000)
  --secrets N     over all engines and strategies (default 100; with --load 1,000)
  --kills N       functions killed by SIGKILL at random moments, at least (default a tenth of the rotations)
  --at-once N     rotations at a time (default 16; with --load 32)
  --engines LIST  of postgres,mysql,mariadb,docdb (default: all)
  --seed N        repeats the choices of a run; the interleaving of processes depends on the machine
  --short         about three minutes: 600 rotations of 32 secrets, 60 kills
  --load          instead: secrets of PostgreSQL that are due at once, 20 ms a call, and a quota of writes; a
                  failed rotation is retried after 100 s, as by the service
  --writes N      with --load: writes per second that the service accepts (default 50, like AWS)
  --help          this";

/// What to run.
pub(crate) struct Arguments {
    pub(crate) mode: Mode,
    pub(crate) rotations: usize,
    pub(crate) secrets: usize,
    pub(crate) kills: usize,
    pub(crate) at_once: usize,
    /// Writes per second.
    pub(crate) writes: u32,
    pub(crate) engines: Vec<Engine>,
    pub(crate) seed: u64,
    /// Folder of the function binaries, given by the script.
    pub(crate) functions: PathBuf,
}

/// The two programs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Kills, with clients.
    Soak,
    /// Quotas.
    Load,
}

impl Arguments {
    /// `None` where help was requested.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, Failure> {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|error| format!("no random seed: {error}"))?;
        let mut parsed = Self {
            mode: Mode::Soak,
            rotations: 10_000,
            secrets: 0,
            kills: 0,
            at_once: 0,
            writes: 50,
            engines: Engine::ALL.to_vec(),
            seed: u64::from_le_bytes(seed),
            functions: PathBuf::new(),
        };
        let (mut kills, mut secrets, mut at_once) = (None, None, None);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            let number = |text: String| text.parse().map_err(|_| format!("{name} takes a number"));
            match name.as_str() {
                "--rotations" => parsed.rotations = number(value()?)?,
                "--secrets" => secrets = Some(number(value()?)?),
                "--kills" => kills = Some(number(value()?)?),
                "--at-once" => at_once = Some(number(value()?)?),
                "--engines" => parsed.engines = engines(&value()?)?,
                "--writes" => parsed.writes = value()?.parse().map_err(|_| "--writes takes a number")?,
                "--seed" => parsed.seed = value()?.parse().map_err(|_| "--seed takes a number")?,
                "--short" => (parsed.rotations, secrets, kills) = (600, Some(32), Some(60)),
                "--load" => parsed.mode = Mode::Load,
                "--functions" => parsed.functions = value()?.into(),
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown argument {name}\n{USAGE}").into()),
            }
        }
        parsed.kills = kills.unwrap_or(parsed.rotations / 10);
        let (many, few) = match parsed.mode {
            Mode::Soak => (100, 16),
            Mode::Load => (1000, 32),
        };
        parsed.secrets = secrets.unwrap_or(many);
        parsed.at_once = at_once.unwrap_or(few);
        let bounded = parsed.at_once >= 2 && parsed.secrets >= parsed.at_once && parsed.writes > 0;
        if parsed.mode == Mode::Load && !bounded {
            return Err("--load takes two at once at least, no fewer secrets, and one write a second".into());
        }
        // Each worker has its own secrets, and each engine a worker that is killed and one that is not, for
        // both strategies.
        let least = parsed.engines.len() * 4;
        if parsed.mode == Mode::Soak && (parsed.at_once < least || parsed.secrets < parsed.at_once) {
            let problem = format!("--at-once must be at least {least} for these engines, --secrets no less");
            return Err(problem.into());
        }
        Ok(Some(parsed))
    }
}

fn engines(list: &str) -> Result<Vec<Engine>, Failure> {
    let named = |name: &str| {
        let engine = Engine::ALL.into_iter().find(|engine| engine.artifact() == name);
        engine.ok_or_else(|| Failure::from(format!("--engines knows no {name}")))
    };
    list.split(',').map(named).collect()
}
