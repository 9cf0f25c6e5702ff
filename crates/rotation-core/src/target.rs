//! What a secret opens.

use crate::{
    database::{Committed, Credential, Plan},
    document::SecretDocument,
    error::RotationError,
    event::SecretId,
    store::SecretStore,
};

/// A database user, an API key, a token: whatever the document of a secret opens.
///
/// Every method is idempotent and may be dropped at any await; the service calls again.
pub trait Target {
    /// The document of the next version. Touches nothing outside but the store's random source.
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError>;

    /// Afterwards the pending document opens the target. `authority` re-checks that the token is still `AWSPENDING`
    /// and is asked before the change is made final.
    async fn apply(&self, versions: &Versions, authority: &impl Authority) -> Result<Applied, RotationError>;

    /// Says what [`Target::apply`] would do, and changes nothing: it logs in as `apply` does and reads. `authority` is
    /// never asked to confirm.
    async fn plan(&self, versions: &Versions, authority: &impl Authority) -> Result<Intent, RotationError>;

    /// What [`Target::verify`] would run, in words that may be shown.
    ///
    /// # Errors
    /// [`RotationError::Document`] where the document asks for a proof that cannot be run.
    fn proof(&self, pending: &SecretDocument) -> Result<Proof, RotationError>;

    /// Proves that the pending document opens the target and can do work. Gives notes for people: lower-case sentences
    /// without values.
    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError>;

    /// A second secret that [`Target::apply`] is known to need, so that it can be read at the same time as the rest.
    fn companion(&self) -> Option<&SecretId> {
        None
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
    /// `AWSCURRENT` of [`Target::companion`].
    pub companion: Option<SecretDocument>,
}

/// What [`Target::apply`] may ask of the store while it works.
pub trait Authority {
    /// Describes the secret again; holds only while the token is still `AWSPENDING` beside the same `AWSCURRENT`.
    async fn confirm(&self) -> Result<(), RotationError>;

    /// The document under `AWSPREVIOUS`, where there is one.
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError>;

    /// `AWSCURRENT` of another secret.
    async fn companion(&self, secret: &SecretId) -> Result<SecretDocument, RotationError>;

    /// The tags of another secret, keys with their values.
    async fn companion_tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, RotationError>;
}

/// What [`Target::apply`] would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Nothing: an earlier invocation has changed the target.
    AlreadySet,
    /// It would change the target.
    Change {
        /// As whom.
        by: Credential,
        /// By what.
        plan: Plan,
    },
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
    Changed(Committed),
    /// An earlier invocation had changed it.
    AlreadySet,
}
