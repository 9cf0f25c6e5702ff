//! `rotate recover`: the one safe move of a label, shown, confirmed, checked again, and made.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use rotation_core::{Deadline, RotationError};
use rotation_database::{DatabaseLookup, Engine};
use rotation_doctor::{Advice, Diagnosis, Remedy, StuckState, Unfinished};

use super::{Opened, Subject, TIME, doctor, explain};
use crate::person::confirm;
use rotation_cli::{Look, Screen};

/// Bring a stuck secret back to an AWSCURRENT that logs in, by moving one label; asks before it writes
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) subject: Subject,

    /// Give up an AWSPENDING that does not log in, while AWSCURRENT does: for a password that the database
    /// never takes
    #[arg(long)]
    abandon: bool,

    /// With --abandon: give it up also where it is not known whether it logs in, as behind a proxy. The risk:
    /// setSecret may have set it; then it is the only password that works, and it loses its label
    #[arg(long, requires = "abandon")]
    force: bool,

    /// Do not ask before the first write (default: ask, and change nothing where standard input is no
    /// terminal)
    #[arg(long, short)]
    yes: bool,
}

const ABOUT: &str = "\
Bring a stuck secret back to an AWSCURRENT that logs in, by moving one label; asks before it writes.

Checks the secret as `rotate doctor` does, and prints which version logs in and what it would do. A label is \
moved only to a version that logs in, and removed only while AWSCURRENT logs in. Where it is not known \
whether a version logs in, no label moves without `--abandon --force`. Right before the write the labels are \
read and that login is made once more, and the service itself refuses the move where the label is elsewhere \
by then. No password is changed and no version is deleted. Where no move of \
a label helps, it prints what does, and writes nothing.

Exit codes: 0 AWSCURRENT logs in now, 1 it does not, or the answer was no, 2 the command line is wrong.";

const EXAMPLES: &str = "\
Examples:
  rotate recover prod/shop/reporting
  rotate recover prod/shop/reporting --abandon
  rotate recover prod/shop/reporting --yes --region eu-central-1";

impl Arguments {
    pub(super) async fn run<E: Engine + Clone, D: DatabaseLookup + Clone>(
        &self,
        subject: &Opened<E, D>,
        screen: &Screen,
    ) -> Result<ExitCode> {
        let unfinished = match (self.abandon, self.force) {
            (true, true) => Unfinished::AbandonUnknown,
            (true, false) => Unfinished::Abandon,
            (false, _) => Unfinished::Keep,
        };
        let mut diagnosis = subject.diagnose().await?;
        diagnosis.advice = diagnosis.situation.advise(unfinished);
        show(&diagnosis, screen);
        let Advice { remedy: Remedy::Move { label_move, .. }, .. } = &diagnosis.advice else {
            doctor::next(&diagnosis, &self.subject.flags(), screen);
            return Ok(outcome(&diagnosis));
        };
        screen.line(format_args!("{}  {}", screen.paint(Look::Strong, "Does"), label_move.sentence()));
        if !self.yes {
            confirm(screen)?;
        }
        let deadline = Deadline::after(TIME);
        let database = subject.database(deadline);
        let repair = subject.doctor(&database);
        let repaired = deadline.bound(Box::pin(repair.repair(&diagnosis))).await;
        repaired.map_err(RotationError::from)??;
        screen.line("");
        let after = subject.diagnose().await?;
        show(&after, screen);
        doctor::next(&after, &self.subject.flags(), screen);
        Ok(outcome(&after))
    }
}

fn show(diagnosis: &Diagnosis, screen: &Screen) {
    screen.line(screen.paint(Look::Strong, format!("Secret {}", diagnosis.secret)));
    for version in &diagnosis.versions {
        screen.line(explain::picture(version, screen));
    }
}

fn outcome(diagnosis: &Diagnosis) -> ExitCode {
    let state = diagnosis.advice.state;
    let good = !state.shuts_out() && state != StuckState::Unknown;
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
