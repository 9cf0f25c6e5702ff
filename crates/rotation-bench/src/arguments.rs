//! The command-line arguments.

use std::{path::PathBuf, time::Duration};

use crate::{
    control_group::Share,
    engine::{Engine, Strategy},
    failure::Failure,
};

/// The help text.
pub const USAGE: &str = "\
usage: scripts/bench [options]
  --engine NAME          postgres, mysql, mariadb, docdb or redshift (a stand-in); may be repeated
                         (default: all)
  --strategy NAME        single_user or master_user (default: both)
  --share NAME           whole (a whole processor) or share (that of 128 MB); default: both
  --runs N               fresh processes of each function (default 15)
  --delay-ms N           how long the store waits before each call takes effect (default 0)
  --programs DIR         measures the programs of this folder instead of building them
  --base DIR             measures another build next to them: a folder with programs of the same names
  --aws-functions DIR    measures AWS's own functions, out of a checkout of
                         aws-samples/aws-secrets-manager-rotation-lambdas
  --command 'CMD'        measures another function in each comparison; split at spaces; may be repeated
  --json FILE            writes all figures to a file
  --quick                3 runs, without the Python baseline
  --growth               measures instead how setSecret of a master user grows with the grants of the user:
                         10 to 10,000, 3 runs, on a whole processor
  --check                judges the bars, and exits with 1 unless all hold
  --help                 this";

/// The default of `--runs`.
const RUNS: usize = 15;
/// The number of runs with `--quick` and `--growth`.
const QUICK_RUNS: usize = 3;

/// What to measure, and how.
#[derive(Clone, Debug)]
pub struct Arguments {
    pub(crate) engines: Vec<Engine>,
    pub(crate) strategies: Vec<Strategy>,
    pub(crate) shares: Vec<Share>,
    pub(crate) runs: usize,
    pub(crate) delay: Duration,
    pub(crate) check: bool,
    pub(crate) quick: bool,
    pub(crate) growth: bool,
    pub(crate) json: Option<PathBuf>,
    /// Folder of the programs; of the script's own build, unless it was given.
    pub(crate) programs: PathBuf,
    pub(crate) base: Option<PathBuf>,
    pub(crate) aws_functions: Option<PathBuf>,
    /// The program with the bare runtime, given by the script.
    pub(crate) bare: Option<PathBuf>,
    /// The interpreter with the packages of functions in Python, given by the script where it is needed.
    pub(crate) python: Option<PathBuf>,
    pub(crate) commands: Vec<String>,
}

impl Arguments {
    /// `None` where help was requested.
    ///
    /// # Errors
    /// An argument that is not known, or has no value, or contradicts another.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, Failure> {
        let mut parsed = Self::default();
        let mut runs = None;
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--engine" => parsed.engines.push(known(Engine::parse, &name, &value()?)?),
                "--strategy" => parsed.strategies.push(known(Strategy::parse, &name, &value()?)?),
                "--share" => parsed.shares.push(known(Share::parse, &name, &value()?)?),
                "--runs" => runs = Some(value()?.parse().map_err(|_| "--runs takes a number")?),
                "--delay-ms" => {
                    let milliseconds = value()?.parse().map_err(|_| "--delay-ms takes a number")?;
                    parsed.delay = Duration::from_millis(milliseconds);
                }
                "--programs" => parsed.programs = value()?.into(),
                "--base" => parsed.base = Some(value()?.into()),
                "--aws-functions" => parsed.aws_functions = Some(value()?.into()),
                "--command" => parsed.commands.push(value()?),
                "--json" => parsed.json = Some(value()?.into()),
                "--quick" => parsed.quick = true,
                "--growth" => parsed.growth = true,
                "--check" => parsed.check = true,
                "--bare" => parsed.bare = Some(value()?.into()),
                "--python" => parsed.python = Some(value()?.into()),
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown argument {name}\n{USAGE}").into()),
            }
        }
        parsed.runs = runs.unwrap_or(if parsed.quick || parsed.growth { QUICK_RUNS } else { RUNS });
        parsed.complete().map(Some)
    }

    fn complete(mut self) -> Result<Self, Failure> {
        if self.growth {
            self.shares = vec![Share::Whole];
        }
        or_all(&mut self.engines, &Engine::ALL);
        or_all(&mut self.strategies, &Strategy::ALL);
        or_all(&mut self.shares, &Share::ALL);
        if self.runs == 0 {
            return Err("--runs must be at least 1".into());
        }
        if self.check && self.quick {
            return Err("--check needs the Python baseline, so it cannot be --quick".into());
        }
        if self.check && !(self.shares.contains(&Share::Whole) && self.delay.is_zero()) {
            return Err("--check needs a whole processor and no delay of its own".into());
        }
        Ok(self)
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            engines: Vec::new(),
            strategies: Vec::new(),
            shares: Vec::new(),
            runs: RUNS,
            delay: Duration::ZERO,
            check: false,
            quick: false,
            growth: false,
            json: None,
            programs: PathBuf::new(),
            base: None,
            aws_functions: None,
            bare: None,
            python: None,
            commands: Vec::new(),
        }
    }
}

fn known<T>(parse: fn(&str) -> Option<T>, argument: &str, value: &str) -> Result<T, Failure> {
    parse(value).ok_or_else(|| format!("{argument} does not take {value}\n{USAGE}").into())
}

fn or_all<T: Copy>(chosen: &mut Vec<T>, all: &[T]) {
    if chosen.is_empty() {
        chosen.extend_from_slice(all);
    }
}
