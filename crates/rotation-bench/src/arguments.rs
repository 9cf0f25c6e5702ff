//! The command-line arguments.

use std::{path::PathBuf, time::Duration};

use crate::{
    failure::Failure,
    python,
    servers::Servers,
    subject::{Role, Subject},
};

/// The help text.
pub(crate) const USAGE: &str = "\
usage: scripts/bench [options]
  --runs N                 fresh processes of each function (default 15)
  --delay-ms N             how long the store waits before each call takes effect (default 0)
  --function 'CMD'         measures another function as well, on a single-user secret; split at spaces
  --master-function 'CMD'  the same on an alternating-users secret, with MASTER_SECRET_ARN set
  --quick                  3 runs, without the Python baseline
  --check                  judges the bars, and exits with 1 unless all hold
  --help                   this";

/// The default of `--runs`.
const RUNS: usize = 15;
/// The number of runs with `--quick`.
const QUICK_RUNS: usize = 3;

/// What to measure, and how.
pub(crate) struct Arguments {
    pub(crate) runs: usize,
    pub(crate) delay: Duration,
    pub(crate) check: bool,
    /// Folder of the built programs, given by the script.
    programs: PathBuf,
    /// The interpreter with the baseline's packages, given by the script unless the baseline is left out.
    python: Option<PathBuf>,
    others: Vec<(Role, String)>,
}

impl Arguments {
    /// `None` where help was requested.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, Failure> {
        let mut parsed = Self {
            runs: RUNS,
            delay: Duration::ZERO,
            check: false,
            programs: PathBuf::new(),
            python: None,
            others: Vec::new(),
        };
        let mut quick = false;
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--runs" => parsed.runs = value()?.parse().map_err(|_| "--runs takes a number")?,
                "--delay-ms" => {
                    let milliseconds = value()?.parse().map_err(|_| "--delay-ms takes a number")?;
                    parsed.delay = Duration::from_millis(milliseconds);
                }
                "--function" => parsed.others.push((Role::SingleUser, value()?)),
                "--master-function" => parsed.others.push((Role::MasterUser, value()?)),
                "--quick" => quick = true,
                "--check" => parsed.check = true,
                "--programs" => parsed.programs = value()?.into(),
                "--python" => parsed.python = Some(value()?.into()),
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown argument {name}\n{USAGE}").into()),
            }
        }
        if quick {
            parsed.runs = QUICK_RUNS;
            parsed.python = None;
        }
        if parsed.runs == 0 {
            return Err("--runs must be at least 1".into());
        }
        if parsed.check && parsed.python.is_none() {
            return Err("--check needs the Python baseline, so it cannot be --quick".into());
        }
        Ok(Some(parsed))
    }

    /// What is measured, in the order of the table.
    pub(crate) fn subjects(&self, servers: &Servers) -> Result<Vec<Subject>, Failure> {
        let mut subjects = Vec::new();
        let single = self.programs.join("postgres_single_user");
        subjects.push(Subject::ours("single user", Role::SingleUser, &single));
        subjects.push(Subject::ours(
            "master user",
            Role::MasterUser,
            &self.programs.join("postgres_master_user"),
        ));
        subjects.push(Subject::bare(&self.programs.join("examples/bare")));
        if let Some(interpreter) = &self.python {
            subjects.push(python::baseline(interpreter, servers.folder())?);
        }
        for (role, command) in &self.others {
            subjects.push(Subject::command(*role, command)?);
        }
        if let Some(missing) = subjects.iter().find(|subject| !subject.program.is_file()) {
            return Err(format!("{} does not exist", missing.program.display()).into());
        }
        Ok(subjects)
    }
}
