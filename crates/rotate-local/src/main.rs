//! The command `rotate-local`: rotations on this machine alone, by the same programs that are deployed to
//! Lambda.
//!
//! ```text
//! rotate-local demo     LocalEnvironment ─> 4 rotations by the real functions, each step watched ─> verdict
//! rotate-local local    LocalEnvironment, kept running until Ctrl-C
//! rotate-local run      any function program and a secret of one's own ─> rotations, step by step
//! ```

mod demo;
mod functions;
mod interruption;
mod local;
mod local_environment;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rotation_cli::{Screen, exit_code};
use rotation_config::Environment;

/// Rotate secrets on this machine, without an AWS account.
#[derive(Debug, Parser)]
#[command(name = "rotate-local", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  rotate-local demo                                  see four rotations of a real PostgreSQL
  rotate-local demo mysql                            or of another database
  rotate-local local --postgres                      keep a Secrets Manager and a PostgreSQL running
  rotate-local run --secret app.json ./my_function   rotate a secret by a function of your own

Exit codes: 0 every rotation succeeded, 1 something failed or a promise was broken, 2 the command \
line is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Local(local::Arguments),
    Run(run::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = Environment::of_process();
    let screen = Screen::of_process(&environment);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.command {
                Command::Demo(arguments) => demo::run(&arguments, &environment, &screen).await?,
                Command::Local(arguments) => local::run(&arguments, &environment, &screen).await?,
                Command::Run(arguments) => run::run(&arguments, &screen).await?,
            }
            Ok(ExitCode::SUCCESS)
        })
    });
    exit_code(outcome, &screen)
}
