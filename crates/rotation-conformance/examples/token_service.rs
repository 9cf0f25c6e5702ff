//! A target for a service with one token, which is replaced with the token itself, and the kit on a fake of
//! that service.
//!
//! Secret: `{"token": "…"}`. In a function, `TokenApi` would be a client over HTTP.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use rotation_conformance::{Hook, Service, Stop, TargetBench};
use rotation_core::{
    Applied, Authority, ChangeReport, Code, Invocation, Password, PasswordPolicy, PasswordRule,
    PasswordSettings, PasswordSource, Reader, RelatedSecrets, RotationError, SecretDocument, SecretStore,
    StagingLabel, Target, TargetError, Versions,
};
use thiserror::Error;

/// The service, as the target needs it.
pub(crate) trait TokenApi {
    /// Succeeds where the service accepts the token.
    async fn who_am_i(&self, token: &str) -> Result<(), TokenError>;
    /// Replaces the token by another.
    async fn replace(&self, token: &str, new: &str) -> Result<(), TokenError>;
}

/// Messages name no token, so that they may be logged.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum TokenError {
    #[error("the token service refused the token")]
    Refused,
    #[error("the token service did not answer")]
    Unanswered,
}

rotation_core::codes! {
    /// The service accepts neither AWSCURRENT nor AWSPENDING.
    TOKEN_REFUSED = Failed;
    /// The service does not answer.
    TOKEN_SERVICE_SILENT = Retryable;
}

impl TargetError for TokenError {
    fn code(&self) -> Code {
        match self {
            Self::Refused => TOKEN_REFUSED,
            Self::Unanswered => TOKEN_SERVICE_SILENT,
        }
    }

    fn remediation(&self, reader: Reader) -> String {
        let hint = match self {
            Self::Refused => "Put a valid token into AWSCURRENT.",
            Self::Unanswered => "Wait for the next attempt.",
        };
        format!("{hint} {}", reader.again())
    }

    fn is_refusal(&self) -> bool {
        *self == Self::Refused
    }
}

/// What is rotated.
pub(crate) struct TokenTarget<A> {
    pub(crate) api: A,
}

const TOKENS: PasswordRule = PasswordRule {
    shortest: 32,
    longest: 128,
    forbidden: "",
    required: &[],
    default_exclusions: "\"'\\`/@ ",
};

/// The token of a document.
pub(crate) fn token(label: StagingLabel, document: &SecretDocument) -> Result<Password, RotationError> {
    let text = document.required_text("token").and_then(|text| Password::parse(&text));
    text.map_err(|error| RotationError::Document { label, error })
}

impl<A: TokenApi> Target for TokenTarget<A> {
    fn rotated_fields(&self) -> &'static [&'static str] {
        &["token"]
    }

    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        let settings = PasswordSettings::default();
        let policy = PasswordPolicy::new(settings, &TOKENS).expect("the defaults fit the rule");
        let token = match policy.settings().source {
            PasswordSource::OperatingSystem => policy.generate()?,
            PasswordSource::SecretsManager => store.random_password(&policy).await?,
        };
        Ok(current.clone().with_text("token", token.expose()))
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        _related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let current = token(StagingLabel::Current, &versions.current)?;
        let pending = token(StagingLabel::Pending, &versions.pending)?;
        match self.api.who_am_i(current.expose()).await {
            Ok(()) => {}
            // An earlier attempt may have replaced it.
            Err(TokenError::Refused) => {
                self.api.who_am_i(pending.expose()).await?;
                return Ok(Applied::AlreadySet);
            }
            Err(error) => return Err(error.into()),
        }
        authority.confirm().await?;
        self.api.replace(current.expose(), pending.expose()).await?;
        Ok(Applied::Changed(ChangeReport::default()))
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let token = token(StagingLabel::Pending, pending)?;
        self.api.who_am_i(token.expose()).await?;
        Ok(Vec::new())
    }
}

/// The fake: one token, and a hook around every request.
#[derive(Clone)]
pub(crate) struct FakeTokenService {
    hook: Hook,
    token: Rc<RefCell<String>>,
}

const FIRST: &str = "first-token-0123456789";

impl FakeTokenService {
    pub(crate) fn new(hook: Hook) -> Self {
        Self { hook, token: Rc::new(RefCell::new(FIRST.to_owned())) }
    }
}

impl From<Stop> for TokenError {
    fn from(_: Stop) -> Self {
        Self::Unanswered
    }
}

impl TokenApi for FakeTokenService {
    async fn who_am_i(&self, token: &str) -> Result<(), TokenError> {
        let accepts = self.hook.call("GET /whoami", || *self.token.borrow() == token).await?;
        if accepts { Ok(()) } else { Err(TokenError::Refused) }
    }

    async fn replace(&self, token: &str, new: &str) -> Result<(), TokenError> {
        let replace = || {
            if *self.token.borrow() != token {
                return Err(TokenError::Refused);
            }
            new.clone_into(&mut self.token.borrow_mut());
            Ok(())
        };
        self.hook.call("PUT /token", replace).await?
    }
}

impl Service for FakeTokenService {
    fn first(&self) -> SecretDocument {
        SecretDocument::parse(&format!(r#"{{"token":"{FIRST}","owner":"app"}}"#)).expect("a JSON object")
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        self.secrets(document) == [self.token.borrow().as_str()]
    }

    fn accepted(&self) -> BTreeSet<String> {
        BTreeSet::from([self.token.borrow().clone()])
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        document.text("token").ok().flatten().iter().map(|token| token.to_string()).collect()
    }
}

impl TargetBench for FakeTokenService {
    type Target = TokenTarget<Self>;

    fn target(&self, _invocation: &Invocation) -> Self::Target {
        TokenTarget { api: self.clone() }
    }
}

#[cfg(not(test))]
fn main() {
    rotation_conformance::assert_none(&rotation_conformance::target_findings(FakeTokenService::new));
}
