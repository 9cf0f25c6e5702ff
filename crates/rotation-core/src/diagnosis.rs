//! The diagnosis port: what a diagnosis of a secret asks of the target, so that one doctor serves every
//! target.

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
    document::{DocumentError, SecretDocument, SecretForm},
    error::RotationError,
    event::SecretId,
    journal::CredentialSource,
    reader::Reader,
    staging::StagingLabel,
    target::RelatedSecrets,
};

/// A target that can be diagnosed. Nothing here changes the target, and nothing it returns contains the value
/// of a secret.
pub trait Diagnosable {
    /// What the target parses from a document: a server, a user and a password.
    type Login: Clone + PartialEq;

    /// What a login opens.
    type Session;

    /// The form of the secret's value, as [`Target::FORM`](crate::Target::FORM).
    const FORM: SecretForm = SecretForm::Object;

    /// The code for a secret of which no version logs in.
    const NO_VERSION_LOGS_IN: Code;

    /// Parses the login that a document holds.
    ///
    /// # Errors
    /// [`DocumentError`] where the document holds no login.
    fn parse(&self, document: &SecretDocument) -> Result<Self::Login, DocumentError>;

    /// The user of the login, where it names one.
    fn username(&self, login: &Self::Login) -> Option<String>;

    /// Gives the login of the version with this label the same connection protection as `reference`, which is
    /// known to belong to the secret.
    ///
    /// # Errors
    /// The login names another server than `reference`, or a user that is not the secret's. It must not be
    /// tried.
    fn admit(
        &self,
        label: StagingLabel,
        login: &mut Self::Login,
        reference: &Self::Login,
    ) -> Result<(), RotationError>;

    /// What the live document shows without a connection.
    fn look_at(&self, document: &SecretDocument, login: &Self::Login, reader: Reader) -> Vec<Finding>;

    /// Logs in once with each version that [may be tried](DiagnosedVersion::may_be_tried), the live one
    /// first, and records the result in each.
    async fn try_logins(
        &self,
        versions: &mut [DiagnosedVersion<Self::Login>],
        now: SystemTime,
        reader: Reader,
    ) -> Tried<Self::Session>;

    /// What the target reports about itself and what a rotation needs there. It only reads. `live` is the
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

    /// Logs in once, with the connection protection of `reference`.
    ///
    /// # Errors
    /// The reason why the login failed.
    async fn prove(
        &self,
        credential: CredentialSource,
        login: &Self::Login,
        reference: Option<&Self::Login>,
    ) -> Result<(), RotationError>;

    /// Whether a login was refused because of how the value was stored, and not because of the target.
    fn is_fault_of_value(&self, _error: &RotationError) -> bool {
        false
    }

    /// Another reason why the target may refuse a login, with its remediation.
    fn other_reason(&self, _error: &RotationError) -> Option<String> {
        None
    }
}

/// The results of the login attempts.
#[derive(Debug)]
pub struct Tried<S> {
    /// Findings about the connection to the target and about the logins.
    pub findings: Vec<Finding>,
    /// The session of `AWSCURRENT`, where that version logs in.
    pub session: Option<S>,
}
