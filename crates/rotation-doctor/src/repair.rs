//! The one write: a label, after a last check.

use rotation_core::{
    CredentialSource, LabelMove, RotationError, SecretRecords, SecretValue, StagingLabel, StoreError,
    StoreFault, VersionId, VersionStages, diagnosis::Diagnosable,
};

use crate::{diagnosis::Diagnosis, doctor::Doctor, recovery::Remedy};

impl<S: SecretRecords, T: Diagnosable> Doctor<'_, S, T> {
    /// Makes the label move that the diagnosis advises; without such advice, nothing. Right before the write,
    /// the labels must be as they were diagnosed, and the version that makes the move safe must log in once
    /// more. The service itself refuses the move where the label has moved meanwhile.
    ///
    /// # Errors
    /// [`RotationError::LabelsMoved`] and [`RotationError::Target`] where things have changed: nothing was
    /// written. [`RotationError::Store`] where the write failed.
    ///
    /// # Cancel safety
    /// If it is dropped during the write, the label may have moved; the next diagnosis shows it.
    pub async fn repair(&self, diagnosis: &Diagnosis) -> Result<(), RotationError> {
        let Remedy::Move { label_move, keeps } = &diagnosis.advice.remedy else { return Ok(()) };
        self.prove(diagnosis, keeps).await?;
        let stages = self.store.describe(&diagnosis.secret).await?;
        stages.admit_writes()?;
        if !stands(diagnosis, &stages) {
            return Err(RotationError::LabelsMoved);
        }
        match self.store.move_label(&diagnosis.secret, label_move).await {
            Ok(()) => Ok(()),
            // A move whose reply was lost is refused when the client repeats it.
            Err(StoreError { fault: StoreFault::Conflict, .. }) => self.arrived(diagnosis, label_move).await,
            Err(error) => Err(error.into()),
        }
    }

    /// A version's value never changes, so what the diagnosis found in it is still valid. Whether the
    /// database accepts it may have changed.
    async fn prove(&self, diagnosis: &Diagnosis, keeps: &VersionId) -> Result<(), RotationError> {
        let login = self.login_of(diagnosis, keeps).await?;
        // The diagnosis tried it with the connection protection of AWSCURRENT. Where that holds no login,
        // none is demanded.
        let current = diagnosis.situation.under(&StagingLabel::Current).map(|version| &version.id);
        let reference = match current.filter(|current| *current != keeps) {
            Some(current) => match self.login_of(diagnosis, current).await {
                Ok(reference) => Some(reference),
                Err(error @ RotationError::Store(_)) => return Err(error),
                Err(_) => None,
            },
            None => None,
        };
        let credential = match diagnosis.situation.versions.iter().find(|version| version.id == *keeps) {
            Some(version) if version.labels.contains(&StagingLabel::Pending) => CredentialSource::Pending,
            Some(version) if version.labels.contains(&StagingLabel::Previous) => CredentialSource::Previous,
            _ => CredentialSource::Current,
        };
        self.target.prove(credential, &login, reference.as_ref()).await
    }

    async fn login_of(&self, diagnosis: &Diagnosis, version: &VersionId) -> Result<T::Login, RotationError> {
        let label = StagingLabel::Other(format!("version {version}"));
        let value = self.store.value(&diagnosis.secret, version).await?;
        let document = SecretValue::document_under(label.clone(), value)?;
        let login = self.target.parse(&document);
        login.map_err(|error| RotationError::Document { label, error })
    }

    async fn arrived(&self, diagnosis: &Diagnosis, label_move: &LabelMove) -> Result<(), RotationError> {
        let stages = self.store.describe(&diagnosis.secret).await?;
        if stages.holder(&label_move.label) == label_move.to.as_ref() {
            return Ok(());
        }
        Err(RotationError::LabelsMoved)
    }
}

/// Whether the labels are where the diagnosis found them.
fn stands(diagnosis: &Diagnosis, stages: &VersionStages) -> bool {
    let labels = [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous];
    labels.iter().all(|label| {
        let before = diagnosis.situation.under(label).map(|version| &version.id);
        stages.holder(label) == before
    })
}
