//! What a secret opens.

use std::error::Error as StdError;

use crate::{
    code::Code,
    document::{SecretDocument, SecretForm},
    error::{RelatedSecretError, RotationError},
    event::SecretId,
    journal::CredentialSource,
    reader::Reader,
    staging::PendingVersion,
    store::{SecretStore, StoreError},
};

/// A database user, an API key, a token: whatever the document of a secret opens.
///
/// Every method is idempotent and may be dropped at any await; the service then calls again. A target is made
/// for one [`Invocation`](crate::Invocation), whose deadline bounds its work.
///
/// The futures need not be `Send`: a function serves one invocation at a time, on one thread. The
/// runtime of `rotation-lambda` has one thread. So a target may hold an `Rc` or a `RefCell` across an await,
/// and its methods are plain `async fn`. A program with several threads runs a target on one of them, for
/// example with `tokio::task::LocalSet`.
pub trait Target {
    /// The form of the secret's value. A value of another form is refused before the target sees it.
    const FORM: SecretForm = SecretForm::Object;

    /// Returns the document of the next version. It uses nothing outside but the store's random source.
    ///
    /// # Errors
    /// A [`TargetError`] or a [`RotationError`].
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError>;

    /// Returns the document that createSecret stores; `None` where the version already holds one, which is
    /// kept. Most targets keep this default. A target whose service creates the credential itself does so
    /// here: see [`IssuerTarget`](crate::IssuerTarget).
    ///
    /// # Errors
    /// As for [`Target::propose`] and [`Authority::confirm`].
    async fn prepare(
        &self,
        _version: &PendingVersion,
        current: &SecretDocument,
        store: &impl SecretStore,
        _authority: &impl Authority,
    ) -> Result<Option<SecretDocument>, RotationError> {
        self.propose(current, store).await.map(Some)
    }

    /// Undoes [`Target::prepare`] where the version got another value in the meantime, so that `proposal` was
    /// not stored.
    ///
    /// # Errors
    /// A [`TargetError`] or a [`RotationError`].
    async fn discard(
        &self,
        _current: &SecretDocument,
        _proposal: &SecretDocument,
    ) -> Result<(), RotationError> {
        Ok(())
    }

    /// Afterwards the pending document opens the target. `authority` is asked right before the change is
    /// committed.
    ///
    /// # Errors
    /// A [`TargetError`] or a [`RotationError`].
    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError>;

    /// Describes what [`Target::apply`] would do, and changes nothing: it logs in as `apply` does and reads.
    /// A target that cannot describe its changes returns this default, one general sentence.
    ///
    /// # Errors
    /// As for [`Target::apply`].
    async fn plan(
        &self,
        _versions: &Versions,
        _related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        Ok(Intent::Change(Box::new(IntendedChange {
            by: CredentialSource::Current,
            acts: vec!["set what AWSPENDING holds".to_owned()],
            notes: Vec::new(),
            obstacle: None,
        })))
    }

    /// Describes what [`Target::verify`] would run, in words that may be shown.
    ///
    /// # Errors
    /// [`RotationError::Document`] where the document asks for a test query that cannot be run.
    fn proof(&self, _pending: &SecretDocument) -> Result<Proof, RotationError> {
        Ok(Proof { statements: vec!["a login".to_owned()], notes: Vec::new() })
    }

    /// Verifies that the pending document opens the target and can do work. Returns notes for people:
    /// lower-case sentences without values.
    ///
    /// # Errors
    /// A [`TargetError`] or a [`RotationError`].
    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError>;

    /// The fields of the document that a rotation may change. A version that differs from the live one in any
    /// other field names another service or another user, so a doctor does not send its secret there.
    fn rotated_fields(&self) -> &'static [&'static str];

    /// A second secret that [`Target::apply`] is known to need, so that it can be read concurrently with the
    /// rest.
    fn related_secret(&self) -> Option<&SecretId> {
        None
    }

    /// The error to report where that secret cannot be read.
    fn related_error(&self, error: RelatedSecretError) -> RotationError {
        error.into()
    }
}

/// A failure of a target. Its messages contain no value of a secret, so they may be logged.
pub trait TargetError: StdError + Send + Sync + 'static {
    /// A stable name for this kind of failure.
    fn code(&self) -> Code;

    /// What the code refers to in this case, as `name=value`; `None` where the code alone is enough.
    fn detail(&self) -> Option<String> {
        None
    }

    /// The remediation, in a few sentences.
    fn remediation(&self, reader: Reader) -> String;

    /// Whether the target has checked the credential and rejected it, so that it is known not to open the
    /// target.
    fn is_refusal(&self) -> bool {
        false
    }

    /// Whether this may only mean that another rotation ran meanwhile, so that this invocation knows only old
    /// credentials. In that case the answer of the labels comes first.
    fn may_be_overtaken(&self) -> bool {
        self.is_refusal()
    }
}

/// The documents that `setSecret` works with, all from one description of the secret.
#[derive(Debug)]
pub struct Versions {
    /// The ARN of their secret, as described.
    pub secret: SecretId,
    /// The live document.
    pub current: SecretDocument,
    /// The document to make live.
    pub pending: SecretDocument,
    /// `AWSCURRENT` of [`Target::related_secret`], where the target named one.
    pub related: Option<SecretDocument>,
}

/// Whether a change may be committed.
pub trait Authority {
    /// Describes the secret again. Succeeds only while the token is still `AWSPENDING` and `AWSCURRENT` has
    /// not moved.
    ///
    /// # Errors
    /// [`RotationError::LabelsMoved`], [`RotationError::Refused`] or [`RotationError::Store`]: nothing may be
    /// committed.
    async fn confirm(&self) -> Result<(), RotationError>;
}

/// What a target may read in addition to the two versions of a rotation.
pub trait RelatedSecrets {
    /// The document under `AWSPREVIOUS` of the same secret, where there is one.
    ///
    /// # Errors
    /// [`RotationError::Document`] and [`RotationError::Store`].
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError>;

    /// `AWSCURRENT` of another secret.
    ///
    /// # Errors
    /// [`RelatedSecretError`].
    async fn current_of(&self, secret: &SecretId) -> Result<SecretDocument, RelatedSecretError>;

    /// The tags of another secret, keys with their values.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn tags_of(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError>;
}

/// What [`Target::apply`] would do.
#[derive(Debug)]
pub enum Intent {
    /// Nothing: an earlier invocation has changed the target.
    AlreadySet,
    /// It would change the target.
    Change(Box<IntendedChange>),
}

/// A change that was described and not made.
#[derive(Debug)]
pub struct IntendedChange {
    /// The credential that would make it.
    pub by: CredentialSource,
    /// The statements or requests in order, in words that may be shown.
    pub acts: Vec<String>,
    /// For people: what was found and would be left as it is; lower-case sentences without values.
    pub notes: Vec<String>,
    /// The error with which the change is certain to fail, as far as reading can show.
    pub obstacle: Option<RotationError>,
}

/// What [`Target::verify`] would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The statements, or a description of them.
    pub statements: Vec<String>,
    /// For people: lower-case sentences without values.
    pub notes: Vec<String>,
}

/// What [`Target::apply`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The target was changed.
    Changed(ChangeReport),
    /// An earlier invocation had changed it.
    AlreadySet,
}

/// The result of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeReport {
    /// The number of privileges, attributes and settings that had drifted and were corrected.
    pub drift: usize,
    /// For people: what was removed, and what was found that could not, or need not, be corrected. Lower-case
    /// sentences without values.
    pub notes: Vec<String>,
}
