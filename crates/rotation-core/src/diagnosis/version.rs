//! A version of a secret, as a diagnosis sees it.

use super::Access;
use crate::{
    document::SecretDocument, error::RotationError, event::VersionId, journal::CredentialSource,
    staging::StagingLabel,
};

/// A version whose value was checked. `L` is what the target parses from a document: a login.
#[derive(Debug)]
pub struct DiagnosedVersion<L> {
    /// Its id.
    pub id: VersionId,
    /// Its labels.
    pub labels: Vec<StagingLabel>,
    /// Its value, where it could be read and parsed.
    pub document: Option<SecretDocument>,
    /// The login that its value holds.
    pub login: Option<L>,
    /// Whether that login opens the target.
    pub access: Access,
    /// Why the login failed, or why it could not be tried.
    pub error: Option<RotationError>,
}

impl<L> DiagnosedVersion<L> {
    /// The label by which errors name it.
    pub fn label(&self) -> StagingLabel {
        let first = |label: &&StagingLabel| !matches!(label, StagingLabel::Other(_));
        self.labels
            .iter()
            .find(first)
            .or(self.labels.first())
            .cloned()
            .unwrap_or(StagingLabel::Other("no label".into()))
    }

    /// Whether the version has this label.
    pub fn has(&self, label: &StagingLabel) -> bool {
        self.labels.contains(label)
    }

    /// The name under which a login with it is recorded.
    pub fn credential(&self) -> CredentialSource {
        match self.label() {
            StagingLabel::Pending => CredentialSource::Pending,
            StagingLabel::Previous => CredentialSource::Previous,
            StagingLabel::Current | StagingLabel::Other(_) => CredentialSource::Current,
        }
    }

    /// Records that its value cannot be used.
    pub fn refuse(&mut self, error: RotationError) {
        self.access = Access::Unusable;
        self.error = Some(error);
    }

    /// Whether it holds a login that was not tried yet and may be tried.
    pub fn may_be_tried(&self) -> bool {
        self.login.is_some() && self.access == Access::NotTried && self.error.is_none()
    }
}
