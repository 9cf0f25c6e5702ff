//! Rotates many secrets of every engine while functions are killed and clients log in, or a thousand secrets
//! that are due at once under the service's quotas: `scripts/soak` builds what is needed and starts this
//! program.
//!
//! ```text
//! Ground (a real server each) ─> workers: one process of a function and some secrets each
//!                                  rotate ─ the service retries what a kill broke off
//!                                  Client ─ logs in with AWSCURRENT and uses what the other user made
//!                                ─> Chain: every version has its rotation, no older password logs in
//! Decoy (a second server of each engine on the same host, with the same user name) ─> nothing changes there
//!                                                                    ─> table, bars
//! ```

mod arguments;
mod chain;
mod client;
mod decoy;
mod failure;
mod fate;
mod ground;
mod load;
mod output;
mod residue;
mod seen;
mod table;
mod verdict;
mod worker;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use arguments::{Arguments, Mode, USAGE};
use failure::Failure;
use output::say;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // If this cannot be written either, nothing more can be reported.
            let _ = writeln!(io::stderr(), "soak: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether every bar holds.
async fn run() -> Result<bool, Failure> {
    let Some(arguments) = Arguments::parse(std::env::args().skip(1))? else {
        say(USAGE)?;
        return Ok(true);
    };
    let bars = match arguments.mode {
        Mode::Soak => worker::soak(&arguments).await?,
        Mode::Load => load::load(&arguments).await?,
    };
    say(&verdict::list(&bars))?;
    Ok(bars.iter().all(|bar| bar.holds))
}
