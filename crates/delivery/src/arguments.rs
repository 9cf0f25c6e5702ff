//! The operator's arguments, and how AWS is reached.

use std::path::PathBuf;

use crate::{aws_cli::AwsCli, plan};

/// Deploys rotation of one secret: packages, bucket, stack, and on request the first rotation.
///
/// The change set that is shown before anything is carried out has one line for each nested stack; changes
/// within nested stacks are not listed. An update keeps every parameter of the stack that is not named.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The secret's name or ARN
    pub(crate) secret: String,
    /// The engine [default: the one that the secret names]
    #[arg(long)]
    pub(crate) engine: Option<String>,
    /// Whether a user changes its own password, or a master alternates two users [default: the stack's, or
    /// `single_user`]
    #[arg(long, value_name = "STRATEGY", value_parser = ["single_user", "master_user"])]
    pub(crate) strategy: Option<String>,
    /// The master secret's ARN, where a master alternates [default: the secret's masterarn]
    #[arg(long, value_name = "ARN")]
    pub(crate) master: Option<String>,
    /// In the database's network or in none; auto looks up where the database is [default: the stack's, or
    /// auto]
    #[arg(long, value_name = "MODE", value_parser = ["auto", "vpc", "public"])]
    pub(crate) network: Option<String>,
    /// What finds the database: a custom resource of the stack, or this command with your credentials, again
    /// at each run with this option [default: the stack's, or discover]
    #[arg(long, value_name = "WAY", value_parser = ["discover", "explicit"])]
    pub(crate) network_discovery: Option<String>,
    /// The program that finds it for `--network-discovery explicit`
    #[arg(long, value_name = "PROGRAM", default_value = "scripts/network", hide = true)]
    pub(crate) network_by: PathBuf,
    /// Any other parameter of deploy/rotation.yaml, as often as needed
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// The stack [default: rotation- and the name of the secret]
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The bucket for packages and templates [default: rotators-ACCOUNT-REGION, created where it is missing]
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: Option<String>,
    /// Uses existing packages instead of building them
    #[arg(long, value_name = "FOLDER")]
    pub(crate) packages: Option<PathBuf>,
    /// The processor to build for
    #[arg(long, value_name = "ARCHITECTURE")]
    pub(crate) arch: Option<String>,
    /// Shows what would be done, and does nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agrees to the change set in advance
    #[arg(long)]
    pub(crate) yes: bool,
    /// Rotates at the end without asking
    #[arg(long)]
    pub(crate) rotate: bool,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// How AWS is reached.
#[derive(Debug, clap::Args)]
pub(crate) struct Access {
    /// The AWS CLI
    #[arg(long, value_name = "PROGRAM", default_value = "aws")]
    pub(crate) aws: PathBuf,
    /// The region [default: the secret's, or the AWS CLI's own]
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// The value of `AWS_ENDPOINT_URL`; set by the script
    #[arg(long, value_name = "URL", default_value = "", hide = true)]
    pub(crate) endpoint_url: String,
}

impl Arguments {
    /// The operator's value for a parameter of the stack by its name.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter().rev();
        all.find(|(said, _)| said == name).map(|(_, value)| value.as_str())
    }
}

impl Access {
    /// The CLI in the Region of a secret, if its ARN names one.
    pub(crate) fn cli(&self, secret: &str) -> AwsCli {
        let named = plan::place(secret).ok().map(|(region, _)| region.to_owned());
        AwsCli::new(self.aws.clone(), self.region.clone().or(named))
    }
}

pub(crate) fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is not of the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
