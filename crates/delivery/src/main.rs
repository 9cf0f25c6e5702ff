//! The program behind `scripts/package`, `scripts/deploy` and `scripts/undeploy`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use delivery::{custom, deploy, pack, undeploy};

/// Package the functions, and deploy them.
#[derive(Debug, Parser)]
#[command(name = "delivery", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Pack(pack::Arguments),
    Zip(pack::Zip),
    Custom(custom::Custom),
    Deploy(Box<deploy::Arguments>),
    Undeploy(undeploy::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Pack(arguments) => pack::run(&arguments).await,
        Command::Zip(arguments) => pack::zip(&arguments),
        Command::Custom(arguments) => custom::run(&arguments).await,
        Command::Deploy(arguments) => deploy::run(&arguments),
        Command::Undeploy(arguments) => undeploy::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where this cannot be written, there is no one to report it to.
            let _ = writeln!(io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}
