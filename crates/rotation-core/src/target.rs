//! What a secret opens.

use std::error::Error as StdError;

use crate::{
    code::Code,
    document::SecretDocument,
    error::{RelatedSecretError, RotationError},
    event::SecretId,
    journal::CredentialSource,
    reader::Reader,
    staging::PendingVersion,
    store::{SecretStore, StoreError},
};

/// A database user, an API key, a token: whatever the document of a secret opens.
///
/// Every method is idempotent and may be dropped at any await; the service calls again. A target is made for
/// one [`Invocation`](crate::Invocation), whose deadline bounds what it does.
pub trait Target {
    /// The document of the next version. Touches nothing outside but the store's random source.
    ///
    /// # Errors
    /// A [`TargetError`] or a [`RotationError`].
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError>;

    /// The document that createSecret stores; `None` where the version holds one that stays. Most targets
    /// leave this as it is. One whose service creates the credential itself does so here: see
    /// [`IssuerTarget`](crate::IssuerTarget).
    ///
    /// # Errors
    /// As of [`Target::propose`]; those of [`Authority::confirm`].
    async fn prepare(
        &self,
        _version: &PendingVersion,
        current: &SecretDocument,
        store: &impl SecretStore,
        _authority: &impl Authority,
    ) -> Result<Option<SecretDocument>, RotationError> {
        self.propose(current, store).await.map(Some)
    }

    /// Undoes [`Target::prepare`] where the version held another value by then, so that `proposal` was not
    /// stored.
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

    /// Afterwards the pending document opens the target. `authority` is asked right before the change is made
    /// final.
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
    /// A target that cannot tell describes one change without a word about it.
    ///
    /// # Errors
    /// As of [`Target::apply`].
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

    /// What [`Target::verify`] would run, in words that may be shown.
    ///
    /// # Errors
    /// [`RotationError::Document`] where the document asks for a proof that cannot be run.
    fn proof(&self, _pending: &SecretDocument) -> Result<Proof, RotationError> {
        Ok(Proof { statements: vec!["a login".to_owned()], notes: Vec::new() })
    }

    /// Proves that the pending document opens the target and can do work. Returns notes for people:
    /// lower-case sentences without values.
    ///
    /// # Errors
    /// A [`TargetError`] or a [`RotationError`].
    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError>;

    /// The fields of the document that a rotation may change. A version that differs from the live one in
    /// another field names another service or another user, so that a doctor does not send its secret there.
    fn rotated_fields(&self) -> &'static [&'static str];

    /// A second secret that [`Target::apply`] is known to need, so that it can be read at the same time as
    /// the rest.
    fn related_secret(&self) -> Option<&SecretId> {
        None
    }

    /// What to report of that secret where it cannot be read.
    fn related_error(&self, error: RelatedSecretError) -> RotationError {
        error.into()
    }
}

/// A failure of a target. Its messages hold no value of a secret, so that they may be logged.
pub trait TargetError: StdError + Send + Sync + 'static {
    /// A stable name for this kind of failure.
    fn code(&self) -> Code;

    /// What the code is about in this case, as `name=value`; `None` where the code tells all.
    fn detail(&self) -> Option<String> {
        None
    }

    /// What to do next, in a few sentences.
    fn remediation(&self, reader: Reader) -> String;

    /// Whether the target has looked at the credential and refused it, so that it is known not to open the
    /// target.
    fn is_refusal(&self) -> bool {
        false
    }

    /// Whether this may only mean that another rotation went on meanwhile, so that this invocation knows old
    /// credentials alone. What the labels tell then comes first.
    fn may_be_overtaken(&self) -> bool {
        self.is_refusal()
    }
}

/// The documents that `setSecret` works with, all of one description of the secret.
#[derive(Debug)]
pub struct Versions {
    /// Which secret they belong to: its ARN, as described.
    pub secret: SecretId,
    /// The live document.
    pub current: SecretDocument,
    /// The one to make live.
    pub pending: SecretDocument,
    /// `AWSCURRENT` of [`Target::related_secret`], where the target named one.
    pub related: Option<SecretDocument>,
}

/// Whether a change may be made final.
pub trait Authority {
    /// Describes the secret again; holds only while the token is still `AWSPENDING` and `AWSCURRENT` has not
    /// moved.
    ///
    /// # Errors
    /// [`RotationError::LabelsMoved`], [`RotationError::Refused`] or [`RotationError::Store`]: nothing may be
    /// made final.
    async fn confirm(&self) -> Result<(), RotationError>;
}

/// What a target may read besides the two versions of a rotation.
pub trait RelatedSecrets {
    /// The document under `AWSPREVIOUS` of the secret itself, where there is one.
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
    /// By which credential.
    pub by: CredentialSource,
    /// The statements or requests in their order, in words that may be shown.
    pub acts: Vec<String>,
    /// For people: what was found and would be left as it is; lower-case sentences without values.
    pub notes: Vec<String>,
    /// By what the change is certain to fail, as far as reading can tell.
    pub obstacle: Option<RotationError>,
}

/// What [`Target::verify`] would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The statements, or what they are.
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

/// What a change came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeReport {
    /// How many rights, attributes and settings were not as they should be and were corrected.
    pub drift: usize,
    /// For people: what was removed, and what was found and could not, or need not, be corrected. Lower-case
    /// sentences without values.
    pub notes: Vec<String>,
}
