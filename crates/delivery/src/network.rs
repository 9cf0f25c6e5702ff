//! Where the function is placed, for stacks that may have no custom resource to look that up: `rotate
//! network`, which runs the same code, with the caller's credentials.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};

use crate::aws_cli::AwsCli;

/// The parameters of the root template that define where a function is placed. Empty counts as absent.
const PLACE: [&str; 8] = [
    "NetworkMode",
    "VpcId",
    "vpcSubnetIds",
    "DatabaseSecurityGroupIds",
    "DatabasePort",
    "SecretsManagerEndpointId",
    "SecretsManagerEndpointSecurityGroupIds",
    "HasNatRoute",
];

/// The requested lookup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    /// The secret's ARN.
    pub(crate) secret: &'a str,
    /// What the database must be, as the templates call it.
    pub(crate) engine: &'a str,
    /// `auto`, `vpc` or `public`.
    pub(crate) network: &'a str,
    /// The database's endpoint, with which the secret is not read; empty uses the secret's.
    pub(crate) host: &'a str,
    pub(crate) region: &'a str,
    /// Another endpoint of AWS; empty uses the Region's.
    pub(crate) endpoint_url: &'a str,
}

/// Looks up and returns each parameter that defines where a function is placed, including those that must be
/// empty: nothing of an earlier lookup stays.
///
/// The program gets the AWS CLI's environment: where the CLI can export its credentials, for example of a
/// profile with single sign-on, the program gets them. Its warnings and its errors are on standard error.
///
/// # Errors
/// The program cannot be started, finds nothing, or answers something else.
pub(crate) fn look_up(program: &Path, aws: &AwsCli, wish: Wish<'_>) -> anyhow::Result<Vec<(String, String)>> {
    let mut command = Command::new(program);
    command.args([wish.secret, "--engine", wish.engine, "--network", wish.network, "--region", wish.region]);
    for (option, value) in [("--host", wish.host), ("--endpoint-url", wish.endpoint_url)] {
        if !value.is_empty() {
            command.args([option, value]);
        }
    }
    if let Some(key) = aws.exported_credentials() {
        // A profile would take precedence over the keys.
        command.env_remove("AWS_PROFILE").env_remove("AWS_DEFAULT_PROFILE").env_remove("AWS_SESSION_TOKEN");
        command.envs(key);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    ensure!(
        output.status.success(),
        "the lookup of the function's network failed; --parameter NetworkDiscovery=explicit and the \
         parameters next to it can set it"
    );
    parameters(&String::from_utf8(output.stdout).context("the lookup's answer")?)
}

/// Parses what `rotate network` printed, as all parameters of a place and `NetworkDiscovery`.
fn parameters(answer: &str) -> anyhow::Result<Vec<(String, String)>> {
    let empty = PLACE.iter().map(|name| ((*name).to_owned(), String::new()));
    let mut all: Vec<_> = empty.chain([("NetworkDiscovery".to_owned(), String::new())]).collect();
    for line in answer.lines() {
        let (name, value) = line.split_once('=').with_context(|| format!("{line:?} is no parameter"))?;
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, held)) => value.clone_into(held),
            None => bail!("{name} is not a parameter of a function's network"),
        }
    }
    ensure!(
        all.iter().any(|(name, value)| name == "NetworkDiscovery" && value == "explicit"),
        "the lookup did not end"
    );
    Ok(all)
}

/// The parameters that let a custom resource look up again where an earlier run did: nothing of its answer
/// stays.
pub(crate) fn discovered(network: &str) -> Vec<(String, String)> {
    let value = |name| if name == "NetworkMode" { network } else { "" };
    let place = PLACE.iter().map(|name| ((*name).to_owned(), value(*name).to_owned()));
    place.chain([("NetworkDiscovery".to_owned(), "discover".to_owned())]).collect()
}
