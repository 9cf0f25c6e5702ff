//! `scripts/deploy`: from a secret's name to a secret that rotates.

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

pub use crate::arguments::Arguments;

/// Afterwards the stack is as the templates and the parameters define, or nothing was changed.
///
/// # Errors
/// AWS refuses something, the operator does not agree, or the stack was rolled back.
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
                bail!("the change set was deleted; nothing was changed");
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

/// The secret, and the master secret where one is needed. The secret's value is read only where a part of it
/// is needed.
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
        // The parser's message would quote the value.
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
