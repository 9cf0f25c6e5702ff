//! `scripts/deploy`: from a secret's name to a secret that rotates.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::{
    aws_cli::{AwsCli, text},
    console::{Console, say},
    parameters,
    plan::{self, SecretFacts},
    rotation,
    site::Site,
    stack::{Changes, Stack},
};

/// Deploys rotation of one secret: packages, bucket, stack, and on demand the first rotation.
///
/// The change set that is shown before anything is carried out has one line for each nested stack; changes within nested
/// stacks are not listed. An update keeps every parameter of the stack that is not named.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The secret's name or ARN
    secret: String,
    /// The engine [default: the one that the secret names]
    #[arg(long)]
    engine: Option<String>,
    /// Whether a user changes its own password, or a master alternates two users [default: the stack's, or `single_user`]
    #[arg(long, value_name = "STRATEGY", value_parser = ["single_user", "master_user"])]
    strategy: Option<String>,
    /// The master secret's ARN, where a master alternates [default: the secret's masterarn]
    #[arg(long, value_name = "ARN")]
    master: Option<String>,
    /// In the database's network or in none; auto asks AWS where the database is [default: the stack's, or auto]
    #[arg(long, value_name = "MODE", value_parser = ["auto", "vpc", "public"])]
    pub(crate) network: Option<String>,
    /// Who finds the database: a custom resource of the stack, or this command with your credentials, again at each run
    /// that says so [default: the stack's, or discover]
    #[arg(long, value_name = "WAY", value_parser = ["discover", "explicit"])]
    pub(crate) network_discovery: Option<String>,
    /// What finds it for `--network-discovery explicit`
    #[arg(long, value_name = "PROGRAM", default_value = "scripts/network", hide = true)]
    pub(crate) network_by: PathBuf,
    /// Any other parameter of deploy/rotation.yaml, as often as needed
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
    /// The stack [default: rotation- and the name of the secret]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// The bucket for packages and templates [default: rotators-ACCOUNT-REGION, made where it is missing]
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: Option<String>,
    /// Takes packages that are there instead of building them
    #[arg(long, value_name = "FOLDER")]
    pub(crate) packages: Option<PathBuf>,
    /// The processor to build for
    #[arg(long, value_name = "ARCHITECTURE")]
    pub(crate) arch: Option<String>,
    /// Says what would be done, and does nothing
    #[arg(long)]
    dry_run: bool,
    /// Agrees to the change set beforehand
    #[arg(long)]
    yes: bool,
    /// Rotates at the end without asking
    #[arg(long)]
    rotate: bool,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// How AWS is reached.
#[derive(Debug, clap::Args)]
pub struct Access {
    /// The AWS CLI
    #[arg(long, value_name = "PROGRAM", default_value = "aws")]
    aws: PathBuf,
    /// The region [default: the secret's, or the AWS CLI's own]
    #[arg(long)]
    region: Option<String>,
    /// What `AWS_ENDPOINT_URL` says; set by the script
    #[arg(long, value_name = "URL", default_value = "", hide = true)]
    pub(crate) endpoint_url: String,
}

impl Arguments {
    /// What the person says of a parameter of the stack by its name.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter().rev();
        all.find(|(said, _)| said == name).map(|(_, value)| value.as_str())
    }
}

impl Access {
    /// The CLI in the region of a secret, if its ARN names one.
    pub(crate) fn cli(&self, secret: &str) -> AwsCli {
        let named = plan::place(secret).ok().map(|(region, _)| region.to_owned());
        AwsCli::new(self.aws.clone(), self.region.clone().or(named))
    }
}

/// Afterwards the stack is as the templates and the parameters say, or nothing was changed.
///
/// # Errors
/// AWS refuses something, the person does not agree, or the stack was rolled back.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let console = Console { yes: arguments.yes };
    let aws = arguments.access.cli(&arguments.secret);
    let described = aws.call(&["secretsmanager", "describe-secret", "--secret-id", &arguments.secret])?;
    let aws = aws.in_region(plan::place(text(&described, "ARN"))?.0);
    let name = arguments.stack.clone().unwrap_or_else(|| plan::stack_name(text(&described, "Name")));
    let stack = Stack { aws: &aws, name: &name };
    let standing = stack.describe()?.unwrap_or_default();
    let exists = !standing.is_null();
    if exists {
        plan::can_update(&name, text(&standing, "StackStatus"))?;
    }
    let strategy = arguments.strategy.as_deref().or(parameters::value(&standing, "Strategy"));
    let strategy = strategy.unwrap_or("single_user");
    let (secret, master) = look_at(&aws, arguments, &described, strategy)?;
    let site = Site::work_out(arguments, &aws, &secret, strategy, master.as_deref(), &standing)?;
    tell(&site, &secret, &stack, exists)?;
    if arguments.dry_run {
        return Ok(say("Nothing was done (--dry-run).")?);
    }
    console.can_ask()?;
    site.upload()?;
    let change_set =
        format!("rotators-{}", &site.release.code_prefix.replace("rotators/", "").trim_end_matches('/'));
    match stack.propose(&change_set, exists, &site.template, &site.parameters)? {
        Changes::None => say("The stack is as it should be.")?,
        Changes::Some(lines) => {
            say(format!("The change set {change_set} of the stack {name}:"))?;
            for line in lines {
                say(format!("  {line}"))?;
            }
            say("Changes within nested stacks (AWS::CloudFormation::Stack) are not listed.")?;
            let agreed = console.agrees("Carry it out?");
            if !matches!(agreed, Ok(true)) {
                stack.withdraw(&change_set, exists)?;
                agreed?;
                bail!("the change set was taken back; nothing was changed");
            }
            let seen = stack.events()?;
            stack.execute(&change_set)?;
            match stack.watch(seen)?.as_deref() {
                Some("CREATE_COMPLETE" | "UPDATE_COMPLETE") => say("The stack is complete.")?,
                status => bail!("the stack ended as {}", status.unwrap_or("deleted")),
            }
        }
    }
    outputs(&stack)?;
    rotation::offer(console, &aws, &secret, arguments.rotate)
}

/// The secret, and the master secret where one is needed. The secret's value is read only where something of it is.
fn look_at(
    aws: &AwsCli,
    arguments: &Arguments,
    described: &Value,
    strategy: &str,
) -> anyhow::Result<(SecretFacts, Option<String>)> {
    if let Some(owner) = described["OwningService"].as_str() {
        bail!("the secret belongs to {owner}, which rotates it itself");
    }
    let alternating = strategy == "master_user";
    let mut document = Value::Null;
    if arguments.engine.is_none() || (alternating && arguments.master.is_none()) {
        let answer = aws.call(&["secretsmanager", "get-secret-value", "--secret-id", &arguments.secret])?;
        // The parser's complaint would quote the value.
        document = serde_json::from_str(text(&answer, "SecretString"))
            .map_err(|_| anyhow::anyhow!("the secret's value is no JSON object, as rotation needs it"))?;
    }
    let engine =
        plan::engine(arguments.engine.as_deref().unwrap_or_else(|| text(&document, "engine")))?.to_owned();
    let (arn, name) = (text(described, "ARN").to_owned(), text(described, "Name").to_owned());
    let master = alternating.then(|| {
        let named = arguments.master.as_deref().unwrap_or_else(|| text(&document, "masterarn"));
        ensure!(!named.is_empty(), "--master names the master secret, as the secret has no masterarn");
        Ok(named.to_owned())
    });
    Ok((SecretFacts { arn, name, engine }, master.transpose()?))
}

fn tell(site: &Site, secret: &SecretFacts, stack: &Stack<'_>, exists: bool) -> anyhow::Result<()> {
    say(format!("Secret    {}", secret.arn))?;
    say(format!("Function  {}, {}", site.artifact, site.release.architecture))?;
    let made = if site.makes_bucket { ", which is made: private, encrypted" } else { "" };
    say(format!("Bucket    {}{made}", site.bucket.name))?;
    for upload in &site.release.uploads {
        say(format!("  {} <- {}", upload.key, upload.file.display()))?;
    }
    let verb = if exists { "updated" } else { "created" };
    say(format!("Stack     {}, {verb} from {}", stack.name, site.template))?;
    for parameter in &site.parameters {
        say(format!("  {parameter}"))?;
    }
    Ok(())
}

fn outputs(stack: &Stack<'_>) -> anyhow::Result<()> {
    let described = stack.describe()?.context("the stack is gone")?;
    for output in described["Outputs"].as_array().into_iter().flatten() {
        let (name, value) = (text(output, "OutputKey"), text(output, "OutputValue"));
        if !value.is_empty() {
            say(format!("  {name}={value}"))?;
        }
    }
    Ok(())
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is not of the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
