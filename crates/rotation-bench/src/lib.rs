//! Measures functions as whole processes: `scripts/bench` builds the subjects and starts this program.
//!
//! ```text
//! Arguments ─> Subjects ─┐
//!                        ├─> each run, each subject in turn: fresh secret, fresh process in a ControlGroup,
//! World, by engine ──────┘      two rotations ─> Sample            the same once through relays ─> Traffic
//!   store over TLS, Runtime API,
//!   real server                         Samples ─> medians, ratios by pairs ─> table, JSON, bars
//! ```

mod arguments;
mod bars;
mod comparison;
mod control_group;
mod engine;
mod failure;
mod figures;
mod growth;
mod json;
mod launch;
mod machine;
mod observed;
mod process;
mod python;
mod relay;
mod sample;
mod server;
mod subject;
mod table;
mod units;
mod world;

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

pub use arguments::{Arguments, USAGE};
pub use bars::{Bar, Limit, judge, list};
pub use comparison::{BAR_DELAY, Comparison, Measured};
pub use control_group::{Hierarchy, Share, Version};
pub use engine::{Engine, Strategy};
pub use failure::Failure;
pub use figures::{Figure, Series};
pub use growth::{Cost, Growth, Row, draw_growth, judge_growth};
pub use json::document;
pub use launch::{LAUNCH, Launch, become_function, prepare};
pub use process::{Use, page_faults};
pub use relay::{Passed, Relay};
pub use sample::{STEPS, Sample, Step};
pub use subject::{Kind, Ssl, Subject};
pub use table::draw;
pub use units::{Unit, median, mib, ms, number};
pub use world::Traffic;

use comparison::{Bench, Place};
use control_group::ControlGroup;
use world::World;

/// Measures what the arguments ask for, and returns whether every requested bar holds.
///
/// # Errors
/// Servers that do not start, programs that are missing, or a function of ours that fails.
pub async fn bench(arguments: &Arguments) -> Result<bool, Failure> {
    let machine = machine::describe();
    say(&machine)?;
    let places = places(&arguments.shares)?;
    let (mut comparisons, mut growths) = (Vec::new(), Vec::new());
    for engine in arguments.engines.iter().copied() {
        let world = World::start(engine).await?;
        if arguments.growth {
            growths.push(grow(arguments, engine, &world, &places).await?);
            continue;
        }
        let bench = Bench { world: &world, places: &places, arguments };
        for strategy in arguments.strategies.iter().copied() {
            let subjects = subjects(arguments, engine, strategy, world.folder())?;
            let comparison = bench.compare(strategy, subjects).await?;
            say(&draw(&comparison, arguments.delay))?;
            comparisons.push(comparison);
        }
    }
    let shares: Vec<_> = places.iter().map(|place| place.share).collect();
    let mut bars = Vec::new();
    if arguments.check {
        bars.extend(judge(&comparisons, &shares));
        bars.extend(judge_growth(&growths));
        say(&list(&bars))?;
    }
    if let Some(file) = &arguments.json {
        fs::write(file, format!("{:#}\n", document(&machine, &comparisons, &growths, &bars)))?;
    }
    Ok(bars.iter().all(Bar::holds))
}

async fn grow(
    arguments: &Arguments,
    engine: Engine,
    world: &World,
    places: &[Place],
) -> Result<Growth, Failure> {
    let place = places.first().ok_or("there is no place to measure in")?;
    let mut subjects = subjects(arguments, engine, Strategy::MasterUser, world.folder())?;
    subjects.retain(growth::is_measured);
    let growth = growth::measure(world, &subjects, place, arguments.runs).await?;
    say(&draw_growth(&growth, arguments.runs))?;
    Ok(growth)
}

/// The shares that this machine can give. Without groups a whole processor is what a process has anyway.
fn places(shares: &[Share]) -> Result<Vec<Place>, Failure> {
    let mut places = Vec::new();
    for share in shares.iter().copied() {
        match (ControlGroup::create(share), share) {
            (Ok(group), _) => places.push(Place { share, group: Some(Arc::new(group)) }),
            (Err(_), Share::Whole) => places.push(Place { share, group: None }),
            (Err(reason), Share::Of128Mb) => say(&format!(
                "{} is left out: it takes root or a delegated control group ({reason})",
                share.title()
            ))?,
        }
    }
    if places.is_empty() { Err("nothing is left to measure".into()) } else { Ok(places) }
}

/// What is compared, in the order of the table.
fn subjects(
    arguments: &Arguments,
    engine: Engine,
    strategy: Strategy,
    folder: &Path,
) -> Result<Vec<Subject>, Failure> {
    let program = format!("{}_{}", engine.name(), strategy.name());
    let ours = |name: &str, kind: Kind, programs: &Path| {
        Subject::new(name, kind, Some(strategy), &programs.join(&program))
    };
    let mut subjects = vec![ours("ours", Kind::Ours, &arguments.programs)];
    subjects.extend(arguments.base.as_ref().map(|base| ours("base", Kind::Base, base)));
    subjects.extend(arguments.bare.as_ref().map(|bare| Subject::new("bare runtime", Kind::Bare, None, bare)));
    if let Some(python) = &arguments.python {
        if engine == Engine::Postgres && !arguments.quick {
            subjects.push(python::baseline(python, folder)?);
        }
        if let Some(checkout) = &arguments.aws_functions {
            for ssl in [Ssl::Absent, Ssl::Required] {
                subjects.extend(python::of_aws(engine, strategy, ssl, checkout, python, folder)?);
            }
        }
    }
    for command in &arguments.commands {
        subjects.push(Subject::command(strategy, command)?);
    }
    match subjects.iter().find(|subject| !subject.program.is_file()) {
        Some(missing) => Err(format!("{} does not exist", missing.program.display()).into()),
        None => Ok(subjects),
    }
}

/// Writes a line for the reader.
///
/// # Errors
/// Nobody reads.
pub fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}
