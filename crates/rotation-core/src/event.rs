//! The event that Secrets Manager sends to a rotation function, parsed once.

use std::fmt;

use serde_json::Value;
use thiserror::Error;
use zeroize::Zeroizing;

/// The four steps in which Secrets Manager drives a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// `createSecret`: store the next value under `AWSPENDING`.
    Create,
    /// `setSecret`: make the pending value open the database.
    Set,
    /// `testSecret`: prove that it does.
    Test,
    /// `finishSecret`: move `AWSCURRENT` to it.
    Finish,
}

impl Step {
    /// All four, in the order in which the service calls them.
    pub const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    /// The name that the event carries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }

    /// Accepts the event's spelling and the user guide's (`create_secret`).
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| {
            let verb = step.name().trim_end_matches("Secret");
            text == step.name() || text.strip_suffix("_secret") == Some(verb)
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A secret's ARN, or its name where an emulator or an operator uses that. 1 to 2048 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretId(String);

impl SecretId {
    /// # Errors
    /// [`EventError::Invalid`] for an id that is empty, too long or not printable.
    pub fn new(id: impl Into<String>) -> Result<Self, EventError> {
        let id = id.into();
        if id.is_empty() || id.len() > 2048 || id.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(EventError::Invalid { field: "SecretId", rule: "1 to 2048 printable characters" });
        }
        Ok(Self(id))
    }

    /// The id as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id, quoted where necessary for a POSIX shell.
    pub fn in_a_shell(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,".contains(c);
        let quoted = || format!("'{}'", self.0.replace('\'', r"'\''"));
        if self.0.chars().all(plain) { self.0.clone() } else { quoted() }
    }

    /// Region and account, where the id is an ARN.
    pub fn home(&self) -> Option<Home<'_>> {
        Home::of_arn(&self.0)
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The Region and account of an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home<'a> {
    /// The fourth field of the ARN.
    pub region: &'a str,
    /// The fifth field of the ARN.
    pub account: &'a str,
}

impl<'a> Home<'a> {
    /// `None` where the text is not an ARN with a Region and an account.
    pub fn of_arn(arn: &'a str) -> Option<Self> {
        let mut fields = arn.splitn(6, ':');
        let (Some("arn"), Some(_partition), Some(_service)) = (fields.next(), fields.next(), fields.next())
        else {
            return None;
        };
        Some(Self { region: fields.next()?, account: fields.next()? })
    }
}

/// The id of one version of a secret; AWS calls the pending one's `ClientRequestToken`. 32 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId(String);

impl VersionId {
    /// # Errors
    /// [`EventError::Invalid`] where the length is not 32 to 64 or a character is not printable.
    pub fn new(id: impl Into<String>) -> Result<Self, EventError> {
        let id = id.into();
        if !(32..=64).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(EventError::Invalid {
                field: "ClientRequestToken",
                rule: "32 to 64 printable ASCII characters",
            });
        }
        Ok(Self(id))
    }

    /// The id as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bearer token with which a function that works across accounts stores the pending value. It is never
/// printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RotationToken(Zeroizing<String>);

impl RotationToken {
    /// # Errors
    /// [`EventError::Invalid`] where it is not 1 to 2048 bytes long. Its content is opaque: only the service
    /// interprets it.
    pub fn new(token: impl Into<String>) -> Result<Self, EventError> {
        let token = Zeroizing::new(token.into());
        if !(1..=2048).contains(&token.len()) {
            return Err(EventError::Invalid { field: "RotationToken", rule: "1 to 2048 bytes" });
        }
        Ok(Self(token))
    }

    /// The token in cleartext, for the one call that must carry it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RotationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RotationToken(..)")
    }
}

/// One invocation of a rotation function.
///
/// Source: *Lambda rotation functions*, AWS Secrets Manager User Guide.
#[derive(Clone, Debug)]
pub struct RotationEvent {
    /// The step to run.
    pub step: Step,
    /// The secret to rotate.
    pub secret: SecretId,
    /// The version to work on: the one that the service labeled `AWSPENDING`.
    pub version: VersionId,
    /// Passed to `PutSecretValue` where the event has one.
    pub rotation_token: Option<RotationToken>,
}

impl RotationEvent {
    /// Parses the event. Fields that AWS may add later are ignored.
    ///
    /// # Errors
    /// [`EventError`] names the first field that is missing or malformed, never its value.
    pub fn from_json(event: &Value) -> Result<Self, EventError> {
        let step = Step::parse(text(event, "Step")?).ok_or(EventError::Invalid {
            field: "Step",
            rule: "createSecret, setSecret, testSecret or finishSecret",
        })?;
        let secret = SecretId::new(text(event, "SecretId")?)?;
        let version = VersionId::new(text(event, "ClientRequestToken")?)?;
        let rotation_token = match event.get("RotationToken") {
            None | Some(Value::Null) => None,
            Some(_) => Some(RotationToken::new(text(event, "RotationToken")?)?),
        };
        Ok(Self { step, secret, version, rotation_token })
    }
}

fn text<'a>(event: &'a Value, field: &'static str) -> Result<&'a str, EventError> {
    match event.get(field) {
        None | Some(Value::Null) => Err(EventError::Missing { field }),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(EventError::Invalid { field, rule: "a string" }),
    }
}

/// The event is not one that Secrets Manager sends.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// The event is not a JSON object, or is too large.
    #[error("the event is not a rotation event")]
    Malformed,
    /// A field of the event is absent.
    #[error("the event has no `{field}`")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field of the event violates its rule.
    #[error("the event's `{field}` is not {rule}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What it should be.
        rule: &'static str,
    },
}
