//! What an operator sets on the command line in place of the functions' settings.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use rotation_cli::Screen;
use rotation_config::EndpointUrl;
use rotation_config::{Config, Environment, StrategyKind};
use rotation_core::SecretId;
use rotation_database::{Engine, MasterSecret};

/// Flags that several commands have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes<'a> {
    pub(crate) region: Option<&'a str>,
    pub(crate) endpoint_url: Option<&'a str>,
    pub(crate) master_secret: Option<&'a str>,
}

impl Wishes<'_> {
    /// The functions' own settings, with those of the command line in their place.
    ///
    /// # Errors
    /// A variable or a flag is invalid.
    pub(crate) fn settings<E: Engine>(self, environment: &Environment) -> Result<(Config, MasterSecret)> {
        let mut config = Config::parse(environment, StrategyKind::MasterUser, &E::PROFILE)?;
        if let Some(region) = self.region {
            config.function.endpoint.region = Some(region.to_owned());
        }
        if let Some(given) = self.endpoint_url {
            config.function.endpoint.url =
                Some(EndpointUrl::parse(given).context("--endpoint-url is not usable")?);
        }
        let mut master = config.master.clone();
        if let Some(given) = self.master_secret {
            master.deployed = Some(SecretId::new(given).context("--master-secret is not usable")?);
        }
        Ok((config, master))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StrategyWord {
    /// The user changes its own password; for a moment only the pending version logs in
    #[value(name = "single_user")]
    SingleUser,
    /// Two users take turns; the live one keeps its password
    #[value(name = "master_user")]
    MasterUser,
}

impl StrategyWord {
    /// As on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::SingleUser => "single_user",
            Self::MasterUser => "master_user",
        }
    }
}

/// The one question of all commands that write. It comes after the plan was shown and before anything was
/// written.
///
/// # Errors
/// The answer is not yes, or standard input is no terminal.
pub(crate) fn confirm(screen: &Screen) -> Result<()> {
    if !io::stdin().is_terminal() {
        bail!("nothing was changed: standard input is no terminal to ask at; add --yes");
    }
    if !screen.ask("Go on?")? {
        bail!("nothing was changed");
    }
    Ok(())
}

/// As a POSIX shell reads it back.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
