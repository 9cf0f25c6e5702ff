//! A CloudFormation stack: its change sets and its progress.

use std::{
    collections::BTreeSet,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::bail;
use serde_json::Value;

use crate::{
    aws_cli::{AwsCli, AwsError, text},
    console::say,
    parameters::{self, Parameter},
};

/// Between two checks.
const PAUSE: Duration = Duration::from_secs(3);
/// The longest that a change set is waited for.
const CHANGE_SET_LIMIT: Duration = Duration::from_mins(10);
/// The longest that a stack is waited for. The network interfaces of a deleted function can remain for 40
/// minutes.
const STACK_LIMIT: Duration = Duration::from_hours(1);

/// A stack by its name, existing or not.
#[derive(Debug)]
pub(crate) struct Stack<'a> {
    pub(crate) aws: &'a AwsCli,
    pub(crate) name: &'a str,
}

/// What a change set would do.
#[derive(Debug)]
pub(crate) enum Changes {
    /// Nothing would change.
    None,
    /// One line per resource.
    Some(Vec<String>),
}

impl Stack<'_> {
    /// The stack's description; `None` where it does not exist or nothing of it was ever created.
    pub(crate) fn describe(&self) -> anyhow::Result<Option<Value>> {
        Ok(self.look()?.filter(|stack| text(stack, "StackStatus") != "REVIEW_IN_PROGRESS"))
    }

    fn look(&self) -> anyhow::Result<Option<Value>> {
        match self.call("describe-stacks", &[]) {
            Ok(answer) => {
                let stack = Some(answer["Stacks"][0].clone()).filter(|stack| !stack.is_null());
                Ok(stack.filter(|stack| text(stack, "StackStatus") != "DELETE_COMPLETE"))
            }
            Err(error) if error.says("does not exist") => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates a change set and waits until it is complete. One that was refused is deleted again.
    ///
    /// Nested change sets are not requested: with outputs of one nested stack as parameters of another, as
    /// here, CloudFormation cannot determine them.
    pub(crate) fn propose(
        &self,
        change_set: &str,
        exists: bool,
        template: &str,
        parameters: &[Parameter],
    ) -> anyhow::Result<Changes> {
        self.discard(change_set)?;
        let file = parameters::file(parameters)?;
        let parameters = format!("file://{}", file.path().display());
        let kind = if exists { "UPDATE" } else { "CREATE" };
        let rest = ["--change-set-name", change_set, "--change-set-type", kind, "--template-url", template];
        let capabilities =
            ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];
        self.call("create-change-set", &[&rest[..], &capabilities, &["--parameters", &parameters]].concat())?;
        drop(file);
        let begun = Instant::now();
        loop {
            let answer = self.call("describe-change-set", &["--change-set-name", change_set])?;
            let reason = text(&answer, "StatusReason");
            match text(&answer, "Status") {
                "CREATE_COMPLETE" => return Ok(Changes::Some(lines(&answer))),
                "FAILED" if reason.contains("didn't contain changes") || reason.contains("No updates") => {
                    self.call("delete-change-set", &["--change-set-name", change_set])?;
                    return Ok(Changes::None);
                }
                "FAILED" => {
                    self.withdraw(change_set, exists)?;
                    bail!("the change set was refused: {reason}")
                }
                status if begun.elapsed() > CHANGE_SET_LIMIT => bail!("the change set is still {status}"),
                _ => sleep(PAUSE),
            }
        }
    }

    /// Afterwards no change set has this name. An interrupted run leaves one, and one that failed stays.
    fn discard(&self, change_set: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let answer = match self.call("describe-change-set", &["--change-set-name", change_set]) {
                Ok(answer) => answer,
                Err(error) if error.is("ChangeSetNotFound") || error.says("does not exist") => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            match text(&answer, "Status") {
                "DELETE_COMPLETE" => return Ok(()),
                status if begun.elapsed() > CHANGE_SET_LIMIT => {
                    bail!("the change set {change_set} of an earlier run is still {status}")
                }
                // CloudFormation does not delete one that is still in progress.
                status if status.ends_with("_IN_PROGRESS") || status.ends_with("_PENDING") => {}
                _ => {
                    self.call("delete-change-set", &["--change-set-name", change_set])?;
                }
            }
            sleep(PAUSE);
        }
    }

    pub(crate) fn execute(&self, change_set: &str) -> Result<(), AwsError> {
        self.call("execute-change-set", &["--change-set-name", change_set]).map(drop)
    }

    /// Deletes a change set, and the empty stack that was created for it.
    pub(crate) fn withdraw(&self, change_set: &str, exists: bool) -> Result<(), AwsError> {
        self.call("delete-change-set", &["--change-set-name", change_set])?;
        if !exists {
            self.call("delete-stack", &[])?;
        }
        Ok(())
    }

    pub(crate) fn delete(&self) -> Result<(), AwsError> {
        self.call("delete-stack", &[]).map(drop)
    }

    /// The ids of all events so far.
    pub(crate) fn events(&self) -> anyhow::Result<BTreeSet<String>> {
        Ok(self.event_list()?.iter().map(|event| text(event, "EventId").to_owned()).collect())
    }

    /// Shows events that are not among those seen until the stack is stable, and returns its status; `None`
    /// once it is gone.
    pub(crate) fn watch(&self, mut seen: BTreeSet<String>) -> anyhow::Result<Option<String>> {
        let begun = Instant::now();
        loop {
            // The status first: an event between the two calls is then shown before the end is
            // reported.
            let status = self.look()?.map(|stack| text(&stack, "StackStatus").to_owned());
            for event in self.event_list()?.iter().rev() {
                if seen.insert(text(event, "EventId").to_owned()) {
                    let [state, resource, reason] =
                        ["ResourceStatus", "LogicalResourceId", "ResourceStatusReason"]
                            .map(|name| text(event, name));
                    say(format!("  {state:<28} {resource}  {reason}").trim_end())?;
                }
            }
            match status {
                Some(status) if !status.ends_with("_IN_PROGRESS") => return Ok(Some(status)),
                None => return Ok(None),
                Some(status) if begun.elapsed() > STACK_LIMIT => {
                    bail!("the stack {} is still {status}; it goes on by itself", self.name)
                }
                Some(_) => sleep(PAUSE),
            }
        }
    }

    fn event_list(&self) -> anyhow::Result<Vec<Value>> {
        match self.call("describe-stack-events", &[]) {
            Ok(answer) => Ok(answer["StackEvents"].as_array().cloned().unwrap_or_default()),
            Err(error) if error.says("does not exist") => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn call(&self, operation: &str, rest: &[&str]) -> Result<Value, AwsError> {
        self.aws.call(&[&["cloudformation", operation, "--stack-name", self.name], rest].concat())
    }
}

/// The content of a change set, one resource per line.
fn lines(change_set: &Value) -> Vec<String> {
    let changes = change_set["Changes"].as_array().into_iter().flatten();
    let line = |change: &Value| {
        let change = &change["ResourceChange"];
        let [action, resource, kind] =
            ["Action", "LogicalResourceId", "ResourceType"].map(|name| text(change, name));
        let replaced = if text(change, "Replacement") == "True" { "  REPLACED" } else { "" };
        format!("{action:<8} {resource:<24} {kind}{replaced}")
    };
    changes.map(line).collect()
}
