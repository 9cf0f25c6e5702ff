//! A version of a secret as it was seen.

use super::Access;
use crate::{
    document::SecretDocument, error::RotationError, event::VersionId, journal::CredentialSource,
    staging::StagingLabel,
};

/// A version whose value was looked at. `L` is what the target makes of a document: a login.
#[derive(Debug)]
pub struct DiagnosedVersion<L> {
    /// Its id.
    pub id: VersionId,
    /// Its labels.
    pub labels: Vec<StagingLabel>,
    /// Its value, where it could be read and parsed.
    pub document: Option<SecretDocument>,
    /// What it opens the target with.
    pub login: Option<L>,
    /// Whether it does.
    pub access: Access,
    /// Why it does not, or why it could not be tried.
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

    /// Whether it bears a label.
    pub fn has(&self, label: &StagingLabel) -> bool {
        self.labels.contains(label)
    }

    /// What a login with it is recorded as.
    pub fn credential(&self) -> CredentialSource {
        match self.label() {
            StagingLabel::Pending => CredentialSource::Pending,
            StagingLabel::Previous => CredentialSource::Previous,
            StagingLabel::Current | StagingLabel::Other(_) => CredentialSource::Current,
        }
    }

    /// Notes that its value cannot be used.
    pub fn refuse(&mut self, error: RotationError) {
        self.access = Access::Unusable;
        self.error = Some(error);
    }

    /// Whether it holds a login that was not tried and may be.
    pub fn may_be_tried(&self) -> bool {
        self.login.is_some() && self.access == Access::NotTried && self.error.is_none()
    }
}
