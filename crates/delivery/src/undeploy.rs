//! `scripts/undeploy`: the stack is deleted, the secret stays as it is.

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    arguments::Access,
    aws_cli::text,
    console::{Console, say},
    plan,
    stack::Stack,
};

/// Deletes the stack that rotates a secret. The secret, its value and its labels stay.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The secret's name or ARN
    secret: String,
    /// The stack [default: rotation- and the name of the secret]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Turns rotation off where the stack leaves it on
    #[arg(long)]
    cancel_rotation: bool,
    /// Agrees to the deletion in advance
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    access: Access,
}

/// Afterwards the stack is gone, and the secret has the versions and labels that it had.
///
/// # Errors
/// A rotation is in progress, AWS refuses something, or the operator does not agree.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let console = Console { yes: arguments.yes };
    let aws = arguments.access.cli(&arguments.secret);
    let describe = || aws.call(&["secretsmanager", "describe-secret", "--secret-id", &arguments.secret]);
    let secret = describe()?;
    let arn = text(&secret, "ARN");
    let aws = aws.in_region(plan::place(arn)?.0);
    let name = arguments.stack.clone().unwrap_or_else(|| plan::stack_name(text(&secret, "Name")));
    let stack = Stack { aws: &aws, name: &name };
    stack.describe()?.with_context(|| format!("there is no stack {name}; --stack names another"))?;
    if let Some(version) = under_way(&secret) {
        bail!(
            "version {version} is being rotated; wait until it is AWSCURRENT, or remove AWSPENDING from it"
        );
    }

    say(format!("Secret    {arn}, which stays"))?;
    say(format!("Stack     {name}, which is deleted, and with it the schedule of rotation"))?;
    if !console.agrees("Delete the stack?")? {
        bail!("nothing was changed");
    }
    let seen = stack.events()?;
    stack.delete()?;
    match stack.watch(seen)?.as_deref() {
        None => say("The stack is gone. Its packages stay in their bucket.")?,
        Some(status) => bail!("the stack ended as {status}; delete it again once its reason is gone"),
    }
    let after = describe()?;
    anyhow::ensure!(
        after["VersionIdsToStages"] == secret["VersionIdsToStages"],
        "the secret's labels were changed meanwhile, by another session"
    );
    if after["RotationEnabled"] == Value::Bool(true) {
        // Without its function the schedule would fail on each of its dates.
        if arguments.cancel_rotation
            || (!console.yes && console.agrees("Rotation is still on. Turn it off?")?)
        {
            aws.call(&["secretsmanager", "cancel-rotate-secret", "--secret-id", arn])?;
            say("Rotation is off.")?;
        } else {
            say("Rotation is still on, and fails until the secret gets another function.")?;
        }
    }
    Ok(say("The secret is as it was.")?)
}

/// The version that is `AWSPENDING` and not `AWSCURRENT`.
fn under_way(secret: &Value) -> Option<&str> {
    let holds =
        |labels: &Value, label: &str| labels.as_array().is_some_and(|all| all.iter().any(|one| one == label));
    let versions = secret["VersionIdsToStages"].as_object()?;
    let pending =
        |(_, labels): &(&String, &Value)| holds(labels, "AWSPENDING") && !holds(labels, "AWSCURRENT");
    versions.iter().find(pending).map(|(version, _)| version.as_str())
}
