//! Measures functions as whole processes: `scripts/bench` builds the subjects and starts this program.
//!
//! ```text
//! Arguments ─> Subjects ─┐
//!                        ├─> each run, each subject: fresh process, fresh secret, two rotations ─> Samples
//! Servers ───────────────┘      (store over TLS, Runtime API, PostgreSQL)
//!                                                        Samples ─> medians ─> table, bars
//! ```

mod arguments;
mod bars;
mod failure;
mod figures;
mod machine;
mod python;
mod servers;
mod subject;
mod table;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use arguments::{Arguments, USAGE};
use bars::BAR_DELAY;
use failure::Failure;
use figures::{Figures, Sample};
use servers::Servers;
use subject::Subject;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match bench().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // If this cannot be written either, nothing more can be reported.
            let _ = writeln!(io::stderr(), "bench: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether every requested bar holds.
async fn bench() -> Result<bool, Failure> {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1))? else {
        say(USAGE)?;
        return Ok(true);
    };
    let servers = Servers::start().await?;
    let subjects = arguments.subjects(&servers)?;
    say(&machine::describe(servers.postgres_version()))?;

    let figures = measure(&servers, &subjects, arguments.runs, arguments.delay).await?;
    say(&table::draw(&subjects, &figures, arguments.runs, arguments.delay))?;
    if !arguments.check {
        return Ok(true);
    }
    let ours: Vec<Subject> = subjects.iter().filter(|subject| subject.is_ours()).cloned().collect();
    let delayed = measure(&servers, &ours, arguments.runs, BAR_DELAY).await?;
    say(&table::draw(&ours, &delayed, arguments.runs, BAR_DELAY))?;
    let bars = bars::judge(&subjects, &figures, &ours, &delayed)?;
    say(&bars::list(&bars))?;
    Ok(bars.iter().all(bars::Bar::holds))
}

/// The medians of each subject. The subjects alternate, so that disturbances of the machine affect all of
/// them alike.
async fn measure(
    servers: &Servers,
    subjects: &[Subject],
    runs: usize,
    delay: Duration,
) -> Result<Vec<Figures>, Failure> {
    servers.set_delay(delay);
    for subject in subjects {
        // Fills the file cache, and detects failures before anything is measured.
        servers.rotate_twice(subject).await?;
    }
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); subjects.len()];
    for run in 0..runs {
        for turn in 0..subjects.len() {
            // No subject always follows the start of the same other one.
            let index = (turn + run) % subjects.len();
            samples[index].push(servers.rotate_twice(&subjects[index]).await?);
        }
    }
    Ok(samples.iter().map(|samples| Figures::medians(samples)).collect())
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
