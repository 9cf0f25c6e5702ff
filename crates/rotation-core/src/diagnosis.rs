//! The port of a doctor: what a look at a secret asks of the target, so that one doctor serves every target.

mod access;
mod finding;
mod finding_code;
pub mod finding_codes;
mod severity;
mod version;

use std::time::SystemTime;

pub use access::Access;
pub use finding::{Check, Finding};
pub use finding_code::{FindingCode, FindingMeaning};
pub use severity::Severity;
pub use version::DiagnosedVersion;

use crate::{
    code::Code,
    document::{DocumentError, SecretDocument},
    error::RotationError,
    event::SecretId,
    journal::CredentialSource,
    reader::Reader,
    staging::StagingLabel,
    target::RelatedSecrets,
};

/// A target that can be looked at. Nothing here changes it, and nothing it returns holds the value of a
/// secret.
pub trait Diagnosable {
    /// What it makes of a document: a server, a user and a password.
    type Login: Clone + PartialEq;

    /// What a login opens.
    type Session;

    /// The code of a secret of which no version logs in.
    const NO_VERSION_LOGS_IN: Code;

    /// What a document opens the target with.
    ///
    /// # Errors
    /// [`DocumentError`] where it holds no login.
    fn parse(&self, document: &SecretDocument) -> Result<Self::Login, DocumentError>;

    /// Whose credentials they are, where they name a user.
    fn username(&self, login: &Self::Login) -> Option<String>;

    /// Protects a login of the version with this label as `reference` demands, by which the secret is known
    /// to be meant.
    ///
    /// # Errors
    /// Where it names another server than `reference`, or a user that is not the secret's: it must not be
    /// tried.
    fn admit(
        &self,
        label: StagingLabel,
        login: &mut Self::Login,
        reference: &Self::Login,
    ) -> Result<(), RotationError>;

    /// What the live document tells without a connection.
    fn look_at(&self, document: &SecretDocument, login: &Self::Login, reader: Reader) -> Vec<Finding>;

    /// Logs in once by each version that [may be tried](DiagnosedVersion::may_be_tried), the live one first,
    /// and notes what came of it in each.
    async fn try_logins(
        &self,
        versions: &mut [DiagnosedVersion<Self::Login>],
        now: SystemTime,
        reader: Reader,
    ) -> Tried<Self::Session>;

    /// What the target tells about itself and what a rotation needs there, by reading alone. `live` is the
    /// version under `AWSCURRENT`, which has opened `session`.
    async fn look_inside(
        &self,
        session: Self::Session,
        secret: &SecretId,
        live: &DiagnosedVersion<Self::Login>,
        versions: &[DiagnosedVersion<Self::Login>],
        related: &impl RelatedSecrets,
        reader: Reader,
    ) -> Vec<Finding>;

    /// One login, protected as `reference` demands.
    ///
    /// # Errors
    /// Why it did not log in.
    async fn prove(
        &self,
        credential: CredentialSource,
        login: &Self::Login,
        reference: Option<&Self::Login>,
    ) -> Result<(), RotationError>;

    /// Whether a refused login is the fault of how the value was stored, and not of the target.
    fn is_fault_of_value(&self, _error: &RotationError) -> bool {
        false
    }

    /// Which other reason the target may have for a refused login, with what ends it.
    fn other_reason(&self, _error: &RotationError) -> Option<String> {
        None
    }
}

/// What the tries of logins came to.
#[derive(Debug)]
pub struct Tried<S> {
    /// About the way to the target and the logins.
    pub findings: Vec<Finding>,
    /// The session of `AWSCURRENT`, where it logs in.
    pub session: Option<S>,
}
