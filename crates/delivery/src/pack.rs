//! From built programs to packages: check, zip, try, record.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context, ensure};

use crate::{
    archive,
    artifact::Artifact,
    manifest::{self, Entry, Manifest},
    program::{self, Architecture},
    trial,
};

/// Packs built programs, and runs each package once.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Engines or artifacts; all where none is named
    names: Vec<String>,
    /// Where each program is, as NAME/bootstrap
    #[arg(long, value_name = "FOLDER")]
    programs: PathBuf,
    /// Where the packages are written
    #[arg(long, value_name = "FOLDER", default_value = "target/lambda")]
    to: PathBuf,
    /// The processor that the programs are for
    #[arg(long, default_value = "x86_64")]
    architecture: Architecture,
    /// Runs programs of another processor
    #[arg(long, value_name = "PROGRAM")]
    emulator: Option<PathBuf>,
    /// Written into the manifest
    #[arg(long)]
    commit: String,
    /// Written into the manifest
    #[arg(long)]
    compiler: String,
}

/// Zips programs, for their sizes alone
#[derive(Debug, clap::Args)]
pub struct Zip {
    /// A PROGRAM.zip is written next to each
    programs: Vec<PathBuf>,
}

/// Afterwards each program has the zip of its package next to it. Nothing is checked or tried.
///
/// # Errors
/// A program cannot be read, or its zip not be written.
pub fn zip(arguments: &Zip) -> anyhow::Result<()> {
    for program in &arguments.programs {
        let shown = program.display();
        let bytes = fs::read(program).with_context(|| format!("{shown} cannot be read"))?;
        let place = program.with_extension("zip");
        fs::write(&place, archive::pack(&bytes)?)
            .with_context(|| format!("{} cannot be written", place.display()))?;
    }
    Ok(())
}

/// Afterwards the folder holds a zip of each artifact, `manifest.json` and `SHA256SUMS`, all of this run
/// alone.
///
/// One line for each artifact reports its size against its limit, or why it is refused. All are checked.
///
/// # Errors
/// A program is missing, cannot run on Lambda, is larger than its limit, or does not pass its trial. No
/// manifest is left then.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let artifacts = Artifact::chosen(&arguments.names)?;
    let listings = ["manifest.json", "SHA256SUMS"].map(|name| arguments.to.join(name));
    for stale in &listings {
        if let Err(error) = fs::remove_file(stale) {
            ensure!(error.kind() == io::ErrorKind::NotFound, "{}: {error}", stale.display());
        }
    }
    let mut entries = BTreeMap::new();
    let mut refused = Vec::new();
    for artifact in &artifacts {
        let name = artifact.name;
        match package(artifact, arguments).await {
            Ok(entry) => {
                let (size, bar) = (mib(entry.size), mib(artifact.size_bar));
                let digest = &entry.sha256[..16];
                writeln!(io::stdout(), "{name:<22} {size} of {bar} MiB  glibc {}  {digest}", entry.glibc)?;
                entries.insert(name.to_owned(), entry);
            }
            Err(error) => {
                writeln!(io::stderr(), "{name:<22} refused: {error:#}")?;
                refused.push(name);
            }
        }
    }
    ensure!(refused.is_empty(), "no packages: {} refused", refused.join(", "));
    let (commit, compiler) = (arguments.commit.clone(), arguments.compiler.clone());
    let manifest = Manifest { commit, compiler, artifacts: entries };
    fs::write(&listings[0], serde_json::to_string_pretty(&manifest)? + "\n")?;
    fs::write(&listings[1], manifest.sums())?;
    Ok(())
}

/// Mebibytes to a hundredth, rounded up: what exceeds a limit is shown as more.
pub(crate) fn mib(bytes: u64) -> String {
    let hundredths = (bytes * 100).div_ceil(1 << 20);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

async fn package(artifact: &Artifact, arguments: &Arguments) -> anyhow::Result<Entry> {
    let program = arguments.programs.join(artifact.name).join(archive::ENTRY);
    let program = fs::read(&program).with_context(|| format!("{} cannot be read", program.display()))?;
    let glibc = program::check(&program, arguments.architecture)?;
    let zip = archive::pack(&program)?;
    let size = zip.len() as u64;
    ensure!(
        size <= artifact.size_bar,
        "its zip has {size} bytes, {} MiB; its bar is {}",
        mib(size),
        mib(artifact.size_bar)
    );
    trial::run(artifact, &zip, arguments.emulator.as_deref()).await?;
    let path = manifest::path(artifact.name);
    let place = arguments.to.join(&path);
    fs::create_dir_all(place.parent().expect("a path of a file has a folder"))?;
    fs::write(place, &zip)?;
    Ok(Entry {
        engine: artifact.engine().map(str::to_owned),
        strategy: artifact.strategy().map(str::to_owned),
        path,
        size,
        sha256: manifest::sha256(&zip),
        architecture: arguments.architecture.name().to_owned(),
        glibc: glibc.to_string(),
    })
}
