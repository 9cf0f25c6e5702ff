//! The environment, read once, and the types that its variables may have.

use std::{collections::BTreeMap, fmt};

use rotation_core::SecretDocument;
use thiserror::Error;

/// More settings, in one variable.
const CUSTOM_SETTINGS: &str = "CUSTOM_SETTINGS";

/// A copy of the environment. It is never printed, because it contains credentials.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process. Variables that are not Unicode count as absent.
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let all = std::env::vars_os();
        all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
    }

    /// The variables of `CUSTOM_SETTINGS`, by which a template passes names that it does not know.
    ///
    /// # Errors
    /// [`ConfigError`] where it is not a JSON object of names and texts.
    pub(crate) fn custom_settings(&self) -> Result<Vec<(String, String)>, ConfigError> {
        let wrong = || ConfigError::new(CUSTOM_SETTINGS, "must be a JSON object of names and texts");
        let Some(text) = self.text(CUSTOM_SETTINGS) else { return Ok(Vec::new()) };
        let settings = SecretDocument::parse(text).map_err(|_| wrong())?;
        let setting = |name: &str| Some((name.to_owned(), settings.get(name)?.as_str()?.to_owned()));
        settings.names().map(|name| setting(name).ok_or_else(wrong)).collect()
    }

    /// The value of a variable that is set and not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a variable that may deliberately be empty, such as `EXCLUDE_CHARACTERS`.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A switch, in the spellings that AWS's templates accept: true, 1, y, yes, and their opposites, in any
    /// case.
    ///
    /// # Errors
    /// [`ConfigError`] for any other word, which the templates would read as false.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1" | "y" | "yes") => Ok(true),
            Some("false" | "0" | "n" | "no") => Ok(false),
            Some(_) => Err(ConfigError::new(name, "must be true or false")),
        }
    }

    /// One of a few words, in any case.
    ///
    /// # Errors
    /// [`ConfigError`] with `rule` for any other word.
    pub fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&str, T)],
        default: T,
        rule: &'static str,
    ) -> Result<T, ConfigError> {
        let Some(word) = self.text(name) else { return Ok(default) };
        let chosen = choices.iter().find(|(choice, _)| word.eq_ignore_ascii_case(choice));
        chosen.map(|(_, value)| *value).ok_or(ConfigError::new(name, rule))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let mut all = Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        // What is wrong with it is reported with the other settings.
        for (name, value) in all.custom_settings().unwrap_or_default() {
            all.0.entry(name).or_insert(value);
        }
        all
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

/// A setting of the function is wrong. Its value is not repeated.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the setting {setting} {rule}")]
pub struct ConfigError {
    /// The variable.
    pub setting: &'static str,
    /// What it must be.
    pub rule: String,
}

impl ConfigError {
    /// An error about one variable.
    pub fn new(setting: &'static str, rule: impl Into<String>) -> Self {
        Self { setting, rule: rule.into() }
    }
}
