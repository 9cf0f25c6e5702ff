//! Diagnosis of a target that has no diagnosis port.

use std::time::SystemTime;

use rotation_core::{
    Code, CredentialSource, DocumentError, Reader, RelatedSecrets, RotationError, SecretDocument, SecretForm,
    SecretId, StagingLabel, Target, Unfit, codes,
    diagnosis::{Access, Check, Diagnosable, DiagnosedVersion, Finding, Severity, Tried},
};

/// Diagnoses a target that is not [`Diagnosable`] itself: each version is tried with [`Target::verify`], and
/// nothing else is checked.
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

    const FORM: SecretForm = T::FORM;
    const NO_VERSION_LOGS_IN: Code = codes::NO_VERSION_OPENS_TARGET;

    fn parse(&self, document: &SecretDocument) -> Result<WholeDocument, DocumentError> {
        Ok(WholeDocument(document.clone()))
    }

    fn username(&self, login: &WholeDocument) -> Option<String> {
        login.0.text("username").ok().flatten().map(|name| name.to_string())
    }

    fn admit(
        &self,
        label: StagingLabel,
        login: &mut WholeDocument,
        reference: &WholeDocument,
    ) -> Result<(), RotationError> {
        let (own, live) = (&login.0, &reference.0);
        let is_rotated = |field: &str| self.0.rotated_fields().contains(&field);
        let differs = |field: &&str| !is_rotated(field) && own.get(field) != live.get(field);
        match own.names().chain(live.names()).find(differs) {
            None => Ok(()),
            Some(field) => Err(RotationError::Document { label, error: other_service(field).into() }),
        }
    }

    fn look_at(&self, _: &SecretDocument, _: &WholeDocument, _: Reader) -> Vec<Finding> {
        Vec::new()
    }

    async fn try_logins(
        &self,
        versions: &mut [DiagnosedVersion<WholeDocument>],
        _: SystemTime,
        reader: Reader,
    ) -> Tried<()> {
        let mut tried = Tried { findings: Vec::new(), session: None };
        let mut order: Vec<usize> = (0..versions.len()).filter(|at| versions[*at].may_be_tried()).collect();
        order.sort_by_key(|at| rank(&versions[*at]));
        for at in order {
            let is_equal = |other: &&DiagnosedVersion<WholeDocument>| {
                other.access != Access::NotTried && other.login == versions[at].login
            };
            if let Some(access) = versions.iter().find(is_equal).map(|other| other.access) {
                versions[at].access = access;
                continue;
            }
            let Some(WholeDocument(document)) = &versions[at].login else { continue };
            let Err(error) = self.0.verify(document).await else {
                versions[at].access = Access::LogsIn;
                continue;
            };
            let is_refusal = matches!(&error, RotationError::Target(error) if error.is_refusal());
            versions[at].access = if is_refusal { Access::Refused } else { Access::Unknown };
            if !is_refusal {
                // The service cannot be reached or is out of order: the other versions would fail in the same
                // way.
                tried.findings.push(Finding::from_error(Check::Connection, Severity::Fault, &error, reader));
                versions[at].error = Some(error);
                return tried;
            }
            versions[at].error = Some(error);
        }
        tried
    }

    async fn look_inside(
        &self,
        (): (),
        _: &SecretId,
        _: &DiagnosedVersion<WholeDocument>,
        _: &[DiagnosedVersion<WholeDocument>],
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

/// The order of attempts: the live version first.
fn rank(version: &DiagnosedVersion<WholeDocument>) -> usize {
    let labels = [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous];
    labels.iter().position(|label| version.has(label)).unwrap_or(labels.len())
}

/// A version for another service or user than the live one.
fn other_service(field: &str) -> Unfit {
    Unfit {
        code: codes::SECRET_FIELD_INVALID,
        field: field.to_owned(),
        problem: format!("the field `{field}` differs from the live version"),
        remediation: format!(
            "Where AWSCURRENT works, remove the label from this version and rotate again. Where it does not, \
             copy `{field}` of {{which}} to AWSCURRENT, if that value is the intended one."
        ),
    }
}
