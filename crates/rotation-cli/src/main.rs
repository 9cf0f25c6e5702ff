//! The command `rotate`: rotation, diagnosis and recovery of secrets from an operator's own machine.
//!
//! ```text
//! rotate network  network_discovery::Discovery ─> the parameters of the stacks
//! rotate run   Plan ─> yes? ─> SecretsManager::begin ─> Rotator, the four steps
//! rotate doctor   Doctor::diagnose ─> findings
//! rotate explain  Doctor::diagnose ─> the timeline of the labels
//! rotate recover  Doctor::diagnose ─> yes? ─> Doctor::repair
//! ```

mod diagnose;
mod network;
mod person;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rotation_cli::{Screen, exit_code};
use rotation_config::Environment;

use diagnose::Ask;

/// Rotate the passwords of databases in AWS Secrets Manager.
#[derive(Debug, Parser)]
#[command(name = "rotate", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  rotate run prod/shop/reporting    rotate a secret with your own AWS credentials
  rotate doctor prod/shop/reporting    find out what is wrong with a secret, and what to do next
  rotate explain prod/shop/reporting   see which version carried which label, and which one logs in
  rotate network prod/shop/reporting   find out where the function for a secret is to be placed

Exit codes: 0 nothing is wrong, 1 something failed, 2 the command line is wrong; `rotate doctor` also 3 for \
warnings and 4 for faults.";

#[derive(Debug, Subcommand)]
enum Command {
    Network(network::Arguments),
    Run(run::Arguments),
    Doctor(diagnose::Doctor),
    Explain(diagnose::Explain),
    Recover(diagnose::Recover),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = Environment::of_process();
    let screen = Screen::of_process(&environment);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.command {
                Command::Network(arguments) => {
                    Box::pin(network::run(&arguments, &environment, &screen)).await?;
                }
                Command::Run(arguments) => run::run(&arguments, &environment, &screen).await?,
                Command::Doctor(doctor) => return Ask::Doctor(&doctor).run(&environment, &screen).await,
                Command::Explain(explain) => return Ask::Explain(&explain).run(&environment, &screen).await,
                Command::Recover(recover) => return Ask::Recover(&recover).run(&environment, &screen).await,
            }
            Ok(ExitCode::SUCCESS)
        })
    });
    exit_code(outcome, &screen)
}
