//! Rotates the API token of one user, which the service replaces when asked with the token itself.
//!
//! Secret: `{"user": "…", "token": "…"}`.

use std::rc::Rc;

use rotation_core::{
    Applied, Authority, ChangeReport, Code, Password, PasswordPolicy, PasswordRule, Reader, RelatedSecrets,
    RotationError, SecretDocument, SecretStore, StagingLabel, Target, TargetError, Versions,
};
use rotation_lambda::HttpError;
use serde_json::{Value, json};

use crate::http::Http;

/// What the service accepts as a token.
pub const TOKENS: PasswordRule =
    PasswordRule { shortest: 20, longest: 128, forbidden: "", required: &[], default_exclusions: "\"\\' " };

rotation_core::codes! {
    /// The service accepts neither AWSCURRENT nor AWSPENDING.
    TOKEN_REFUSED = Failed;
    /// The token is not one of the user that the secret names.
    TOKEN_OF_ANOTHER_USER = Refused;
    /// The service does not answer, or not as expected.
    TOKEN_SERVICE_SILENT = Retryable;
}

/// Texts hold no token, so that they may be logged.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TokenError {
    #[error("the service refused the token")]
    Refused,
    #[error("the token is not one of the user that the secret names")]
    OtherUser,
    #[error("the service answered with the status {0}")]
    Status(u16),
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl TargetError for TokenError {
    fn code(&self) -> Code {
        match self {
            Self::Refused => TOKEN_REFUSED,
            Self::OtherUser => TOKEN_OF_ANOTHER_USER,
            Self::Status(_) | Self::Http(_) => TOKEN_SERVICE_SILENT,
        }
    }

    fn remediation(&self, reader: Reader) -> String {
        let fix = match self {
            Self::Refused => "Issue a token for the user, and put it into AWSCURRENT.",
            Self::OtherUser => "Correct the field user or the field token of the secret.",
            Self::Status(_) | Self::Http(_) => "Look at the service.",
        };
        format!("{fix} {}", reader.again())
    }

    fn is_refusal(&self) -> bool {
        *self == Self::Refused
    }
}

/// The target, for one invocation.
pub struct Token<H> {
    pub http: Rc<H>,
    pub policy: PasswordPolicy,
}

impl<H: Http> Token<H> {
    async fn send(&self, call: &'static str, token: &Password, body: Value) -> Result<Value, TokenError> {
        match self.http.send(call, format!("Bearer {}", token.expose()), body).await? {
            (200..=299, answer) => Ok(answer),
            (401, _) => Err(TokenError::Refused),
            (status, _) => Err(TokenError::Status(status)),
        }
    }

    /// Logs in with the token of a version, and compares the user.
    async fn log_in(&self, label: StagingLabel, value: &SecretDocument) -> Result<Password, RotationError> {
        let (user, token) = read(label, value)?;
        let answer = self.send("GET /whoami", &token, Value::Null).await?;
        if answer["user"] == *user.expose() { Ok(token) } else { Err(TokenError::OtherUser.into()) }
    }
}

/// User and token of a version.
fn read(label: StagingLabel, value: &SecretDocument) -> Result<(Password, Password), RotationError> {
    let user = Password::of(value, "user");
    let both = user.and_then(|user| Ok((user, Password::of(value, "token")?)));
    both.map_err(|error| RotationError::Document { label, error })
}

impl<H: Http> Target for Token<H> {
    fn rotated_fields(&self) -> &'static [&'static str] {
        &["token"]
    }

    async fn propose(
        &self,
        current: &SecretDocument,
        _: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        Ok(current.clone().with_text("token", self.policy.generate()?.expose()))
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        _: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let current = match self.log_in(StagingLabel::Current, &versions.current).await {
            Ok(current) => current,
            // An earlier attempt may have replaced it, and its answer may be lost.
            Err(error) if error.target() == Some(&TokenError::Refused) => {
                self.log_in(StagingLabel::Pending, &versions.pending).await?;
                return Ok(Applied::AlreadySet);
            }
            Err(error) => return Err(error),
        };
        let (_, pending) = read(StagingLabel::Pending, &versions.pending)?;
        authority.confirm().await?;
        self.send("PUT /token", &current, json!({ "token": pending.expose() })).await?;
        Ok(Applied::Changed(ChangeReport::default()))
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.log_in(StagingLabel::Pending, pending).await.map(|_| Vec::new())
    }
}
