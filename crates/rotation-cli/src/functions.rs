//! The programs that go to Lambda, run by the local Runtime API.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rotation_lambda::{Environment, StrategyKind};
use rotation_testkit::LambdaFunction;

/// What a function is told on Lambda, by AWS's templates or by us: handed on where a person has set it here.
const SETTINGS: [&str; 16] = [
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
    "TLS_CA_BUNDLE",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_LEVEL",
];

/// Which function: its file has the same name.
pub(crate) fn file_name(strategy: StrategyKind) -> &'static str {
    match strategy {
        StrategyKind::SingleUser => "postgres_single_user",
        StrategyKind::AlternatingUsers => "postgres_master_user",
    }
}

/// The folder where cargo put the functions: beside this program, or among the shipped ones.
///
/// # Errors
/// The system does not say where this program is.
pub(crate) fn folder(release: bool) -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let beside = program.parent().context("this program is in no folder")?;
    match beside.parent() {
        Some(target) if release => Ok(target.join("release")),
        _ => Ok(beside.to_owned()),
    }
}

/// Prepares the function of a strategy, with the settings of the environment over them `more`. Nothing runs yet.
///
/// # Errors
/// There is no such program; the message names the command that builds it.
pub(crate) fn prepare(
    folder: &Path,
    strategy: StrategyKind,
    environment: &Environment,
    more: &[(&str, &str)],
) -> Result<LambdaFunction> {
    let program = folder.join(file_name(strategy));
    if !program.is_file() {
        let release = if folder.ends_with("release") { " --release" } else { "" };
        bail!(
            "{} is not there: build it with `cargo build -p rotator-postgres --bins{release}`",
            program.display()
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
