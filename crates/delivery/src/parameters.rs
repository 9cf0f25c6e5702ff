//! The root template's parameters, and the values that a run passes for them.

use std::{collections::BTreeMap, fmt, io::Write};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::aws_cli::text;

/// The parameters that a template has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// From each name to whether CloudFormation hides the value (`NoEcho`).
    hidden: BTreeMap<String, bool>,
}

impl Declared {
    /// Reads them from a template of `deploy/`, which are indented by two spaces a level.
    ///
    /// # Errors
    /// It has none.
    pub fn read(template: &str) -> anyhow::Result<Self> {
        let section = template.lines().skip_while(|line| *line != "Parameters:").skip(1);
        let section = section.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
        let mut hidden = BTreeMap::new();
        let mut last = String::new();
        for line in section {
            match line.strip_prefix("  ").and_then(|line| line.strip_suffix(':')) {
                Some(name) if !name.starts_with([' ', '#']) => {
                    name.clone_into(&mut last);
                    hidden.insert(last.clone(), false);
                }
                _ if line.trim() == "NoEcho: true" => {
                    hidden.insert(last.clone(), true);
                }
                _ => {}
            }
        }
        ensure!(!hidden.is_empty(), "the template has no parameters");
        Ok(Self { hidden })
    }

    /// Passes where the template has each of these.
    ///
    /// # Errors
    /// It lacks one, which is named.
    pub fn has_all<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
        names.into_iter().try_for_each(|name| self.is_hidden(name).map(drop))
    }

    fn is_hidden(&self, name: &str) -> anyhow::Result<bool> {
        self.hidden.get(name).copied().with_context(|| format!("the template has no parameter {name}"))
    }
}

/// A parameter and its value. A hidden value shows in neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    name: String,
    /// `None` keeps the stack's own.
    value: Option<String>,
    is_hidden: bool,
}

impl Parameter {
    /// In CloudFormation's form.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Some(value) => json!({"ParameterKey": self.name, "ParameterValue": value}),
            None => json!({"ParameterKey": self.name, "UsePreviousValue": true}),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match &self.value {
            None => "(unchanged)",
            Some(_) if self.is_hidden => "(not shown)",
            Some(value) => value,
        };
        write!(f, "{}={shown}", self.name)
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameter({self})")
    }
}

/// The values that were determined here, overridden by the operator's; all others of the stack stay
/// unchanged.
///
/// `present` names the parameters of the stack as it is. Parameters that are not mentioned would be reset by
/// CloudFormation to the template's defaults.
///
/// # Errors
/// The operator names a parameter that the template does not have.
pub fn settle(
    declared: &Declared,
    worked_out: &[(&str, Option<&str>)],
    said: &[(String, String)],
    present: &[String],
) -> anyhow::Result<Vec<Parameter>> {
    let is_said = |name: &str| said.iter().any(|(said, _)| said == name);
    let worked_out = worked_out.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let worked_out = worked_out.filter(|(name, _)| !is_said(name));
    let said = said.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut all = Vec::new();
    for (name, value) in worked_out.chain(said) {
        let is_hidden = declared.is_hidden(name)?;
        all.push(Parameter { name: name.to_owned(), value: Some(value.to_owned()), is_hidden });
    }
    for name in present {
        let is_given = all.iter().any(|parameter| parameter.name == *name);
        if let Some(&is_hidden) = declared.hidden.get(name).filter(|_| !is_given) {
            all.push(Parameter { name: name.clone(), value: None, is_hidden });
        }
    }
    Ok(all)
}

/// The names of a stack's parameters, from its description.
pub(crate) fn present(stack: &Value) -> Vec<String> {
    let all = stack["Parameters"].as_array().into_iter().flatten();
    all.map(|parameter| text(parameter, "ParameterKey").to_owned()).collect()
}

/// The value of one of a stack's parameters, from its description.
pub(crate) fn value<'a>(stack: &'a Value, name: &str) -> Option<&'a str> {
    let mut all = stack["Parameters"].as_array().into_iter().flatten();
    all.find(|parameter| text(parameter, "ParameterKey") == name)?["ParameterValue"].as_str()
}

/// A file for the AWS CLI, readable by the caller alone and removed with the answer: arguments of a program
/// are visible to every user of the machine.
pub(crate) fn file(parameters: &[Parameter]) -> anyhow::Result<NamedTempFile> {
    let all: Vec<_> = parameters.iter().map(Parameter::to_json).collect();
    // It is created with the mode 0600.
    let mut file = NamedTempFile::with_prefix("rotators-").context("a file for the parameters")?;
    file.write_all(Value::Array(all).to_string().as_bytes()).context("the file for the parameters")?;
    Ok(file)
}
