//! The package of a function that is not built here: check, zip, try.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context, ensure};

use crate::{
    archive, manifest,
    pack::mib,
    program::{self, Architecture},
    trial::{self, Custom as Trial},
};

/// Checks, zips and tries a function of your own.
///
/// Its zip must fit the limit, its program must need no C library newer than that of provided.al2023, and
/// must answer on a local Lambda Runtime API: an empty event, or with --secret the first step of a rotation
/// of that secret, which has to succeed.
#[derive(Debug, clap::Args)]
pub struct Custom {
    /// The program, as cargo-lambda leaves it in target/lambda/NAME/bootstrap
    program: PathBuf,
    /// Where the zip is written [default: the program's path with .zip]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The most that the zip may have, in KiB
    #[arg(long, value_name = "KIB", default_value_t = 10 * 1024)]
    most: u64,
    /// The processor that the program is for
    #[arg(long, default_value = "x86_64")]
    architecture: Architecture,
    /// Runs programs of another processor
    #[arg(long, value_name = "PROGRAM")]
    emulator: Option<PathBuf>,
    /// A file with a secret's value, for createSecret
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// A variable of the function; may be repeated
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = crate::arguments::parameter)]
    variables: Vec<(String, String)>,
}

/// Afterwards the zip is there, and one line on standard output has its size, its C library and its digest.
///
/// # Errors
/// The program cannot run on Lambda, is larger than its limit, or does not pass its trial. No zip is written
/// then.
pub async fn run(arguments: &Custom) -> anyhow::Result<()> {
    let shown = arguments.program.display();
    let program = fs::read(&arguments.program).with_context(|| format!("{shown} cannot be read"))?;
    let glibc = program::check(&program, arguments.architecture)?;
    let read = |file: &PathBuf| {
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
    };
    let secret = arguments.secret.as_ref().map(read).transpose()?;
    let trial = Trial { secret: secret.as_deref().map(str::trim_end), variables: &arguments.variables };
    // The shortest zip takes half a minute, so a program that fails is not compressed first.
    trial::run_custom(&trial, &archive::store(&program)?, arguments.emulator.as_deref())
        .await
        .with_context(|| format!("{shown} was tried on the local Runtime API"))?;
    let zip = archive::pack(&program)?;
    let (size, most) = (zip.len() as u64, arguments.most * 1024);
    ensure!(size <= most, "its zip has {size} bytes, {} MiB; its limit is {}", mib(size), mib(most));
    let place = arguments.to.clone().unwrap_or_else(|| arguments.program.with_extension("zip"));
    fs::write(&place, &zip).with_context(|| format!("{} cannot be written", place.display()))?;
    let digest = &manifest::sha256(&zip)[..16];
    let (size, most, place) = (mib(size), mib(most), place.display());
    writeln!(io::stdout(), "{place} {size} of {most} MiB  glibc {glibc}  {digest}")?;
    Ok(())
}
