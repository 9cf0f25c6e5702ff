//! The program behind `scripts/bench`, and the launcher of what it measures.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use rotation_bench::{Arguments, Failure, LAUNCH, USAGE, become_function, bench, say};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    // Before anything else: a launcher is to cost as little as possible.
    let result = if env::args().nth(1).as_deref() == Some(LAUNCH) {
        Err(become_function(arguments.by_ref().skip(1)))
    } else {
        run(arguments)
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // If this cannot be written either, nothing more can be reported.
            let _ = writeln!(io::stderr(), "bench: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: impl Iterator<Item = String>) -> Result<bool, Failure> {
    let Some(arguments) = Arguments::parse(arguments)? else {
        say(USAGE)?;
        return Ok(true);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(bench(&arguments))
}
