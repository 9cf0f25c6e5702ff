//! Any target as one that can be looked at.

use std::time::SystemTime;

use rotation_core::{
    Code, CredentialSource, DocumentError, Reader, RelatedSecrets, RotationError, SecretDocument, SecretId,
    Target, codes,
    diagnosis::{Access, Check, Diagnosable, ExaminedVersion, Finding, Severity, Tried},
};

/// Looks at a target that is no [`Diagnosable`] itself: each version is tried by [`Target::verify`], and nothing is asked
/// beyond that.
#[derive(Debug)]
pub struct ByVerify<'a, T>(pub &'a T);

/// A document, compared by its text.
#[derive(Clone, Debug)]
pub struct WholeDocument(SecretDocument);

impl PartialEq for WholeDocument {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_json() == other.0.to_json()
    }
}

impl<T: Target> Diagnosable for ByVerify<'_, T> {
    type Login = WholeDocument;
    type Session = ();

    const NO_VERSION_LOGS_IN: Code = codes::NO_VERSION_OPENS_TARGET;

    fn parse(&self, document: &SecretDocument) -> Result<WholeDocument, DocumentError> {
        Ok(WholeDocument(document.clone()))
    }

    fn username(&self, login: &WholeDocument) -> String {
        login.0.text("username").ok().flatten().map(|name| name.to_string()).unwrap_or_default()
    }

    fn admit(&self, _: &mut WholeDocument, _: &WholeDocument) -> Result<(), RotationError> {
        Ok(())
    }

    fn look_at(&self, _: &SecretDocument, _: &WholeDocument, _: Reader) -> Vec<Finding> {
        Vec::new()
    }

    async fn try_logins(
        &self,
        versions: &mut [ExaminedVersion<WholeDocument>],
        _: SystemTime,
        reader: Reader,
    ) -> Tried<()> {
        let mut tried = Tried { findings: Vec::new(), session: None };
        for version in versions {
            if !version.may_be_tried() {
                continue;
            }
            let Some(WholeDocument(document)) = &version.login else { continue };
            match self.0.verify(document).await {
                Ok(_) => version.access = Access::LogsIn,
                Err(error) => {
                    let is_refusal = matches!(&error, RotationError::Target(error) if error.is_refusal());
                    version.access = if is_refusal { Access::Refused } else { Access::Unknown };
                    if !is_refusal {
                        let (check, severity) = (Check::Connection, Severity::Fault);
                        tried.findings.push(Finding::from_error(check, severity, &error, reader));
                    }
                    version.error = Some(error);
                }
            }
        }
        tried
    }

    async fn look_inside(
        &self,
        (): (),
        _: &SecretId,
        _: &ExaminedVersion<WholeDocument>,
        _: &[ExaminedVersion<WholeDocument>],
        _: &impl RelatedSecrets,
        _: Reader,
    ) -> Vec<Finding> {
        Vec::new()
    }

    async fn prove(
        &self,
        _: CredentialSource,
        login: &WholeDocument,
        _: Option<&WholeDocument>,
    ) -> Result<(), RotationError> {
        self.0.verify(&login.0).await.map(|_| ())
    }
}
