//! The programs that are deployed to Lambda, run by the local Runtime API.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use local_aws::LambdaFunction;
use rotation_cli::EngineKind;
use rotation_config::{Environment, StrategyKind};

/// The settings of a function on Lambda, by AWS's templates or this project's: passed on where they are set
/// here.
const SETTINGS: [&str; 26] = [
    "EXCLUDE_CHARACTERS",
    "EXCLUDE_LOWERCASE",
    "EXCLUDE_NUMBERS",
    "EXCLUDE_PUNCTUATION",
    "EXCLUDE_UPPERCASE",
    "PASSWORD_LENGTH",
    "PASSWORD_SOURCE",
    "REQUIRE_EACH_INCLUDED_TYPE",
    "REQUIRE_TLS",
    "MASTER_SECRET_ARN",
    "TLS_CLIENT_CERT",
    "TLS_CLIENT_KEY",
    "CLONE_OBJECTS",
    "DUAL_PASSWORD",
    "REDSHIFT_PASSWORD_FORM",
    "ADOPT_CLONES",
    "ALLOW_OLD_PASSWORD",
    "REWRITE_FIELDS",
    "ALLOW_UNLOCKED",
    "TLS_SELF_SIGNED",
    "USERNAME_CHARACTER_LIMIT",
    "TLS_CA_BUNDLE",
    "TEST_QUERY",
    "ALLOW_TEST_QUERY",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_LEVEL",
];

/// The two functions of an engine.
pub(crate) struct Pair {
    pub(crate) engine: EngineKind,
    pub(crate) single_user: LambdaFunction,
    pub(crate) master_user: LambdaFunction,
}

impl Pair {
    /// Prepares both, with the settings of the environment, and `more` in their place. Nothing runs yet.
    ///
    /// # Errors
    /// A program is missing; the message names the command that builds it.
    pub(crate) fn prepare(
        folder: &Path,
        engine: EngineKind,
        environment: &Environment,
        more: &[(&str, &str)],
    ) -> Result<Self> {
        let prepare = |strategy| prepare(folder, engine, strategy, environment, more);
        Ok(Self {
            engine,
            single_user: prepare(StrategyKind::SingleUser)?,
            master_user: prepare(StrategyKind::MasterUser)?,
        })
    }

    /// The one for a strategy.
    pub(crate) fn function(&self, strategy: StrategyKind) -> &LambdaFunction {
        match strategy {
            StrategyKind::SingleUser => &self.single_user,
            StrategyKind::MasterUser => &self.master_user,
        }
    }

    /// First the single user's, then the alternating users'.
    pub(crate) fn both(&self) -> [&LambdaFunction; 2] {
        [&self.single_user, &self.master_user]
    }
}

/// The folder where cargo put the functions: next to this program, or among the shipped ones.
///
/// # Errors
/// The system does not report where this program is.
pub(crate) fn folder(release: bool) -> Result<PathBuf> {
    let program = std::env::current_exe().context("the path of this program is unknown")?;
    let beside = program.parent().context("this program is in no folder")?;
    match beside.parent() {
        Some(target) if release => Ok(target.join("release")),
        _ => Ok(beside.to_owned()),
    }
}

/// The engines whose functions are both in the folder.
pub(crate) fn built(folder: &Path) -> Vec<EngineKind> {
    let there = |engine: EngineKind, strategy| folder.join(engine.file_name(strategy)).is_file();
    let both = |engine: &EngineKind| {
        there(*engine, StrategyKind::SingleUser) && there(*engine, StrategyKind::MasterUser)
    };
    EngineKind::value_variants().iter().copied().filter(both).collect()
}

fn prepare(
    folder: &Path,
    engine: EngineKind,
    strategy: StrategyKind,
    environment: &Environment,
    more: &[(&str, &str)],
) -> Result<LambdaFunction> {
    let program = folder.join(engine.file_name(strategy));
    if !program.is_file() {
        let release = if folder.ends_with("release") { " --release" } else { "" };
        bail!(
            "{} is not there: build it with `cargo build -p {} --bins{release}`",
            program.display(),
            engine.package()
        );
    }
    let mut builder = LambdaFunction::builder(program);
    for name in SETTINGS {
        if let Some(value) = environment.raw(name) {
            builder = builder.env(name, value);
        }
    }
    for (name, value) in more {
        builder = builder.env(*name, *value);
    }
    builder.build().context("a function cannot be prepared")
}
