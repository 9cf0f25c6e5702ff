//! A secret that is a bare token, without JSON around it.

use std::collections::BTreeSet;

use rotation_conformance::{Hook, Service, TargetBench, target_findings};
use rotation_core::{
    Applied, Authority, Invocation, Password, RelatedSecrets, RotationError, SecretDocument, SecretForm,
    SecretStore, StagingLabel, Target, Versions,
};

use crate::{
    token_service::{FakeTokenService, TokenTarget},
    wrong::names,
};

/// The target of the token service, with the token as the whole value.
struct BareToken<const ASKS: bool> {
    named: TokenTarget<FakeTokenService>,
}

/// The same credential as a field.
fn named(label: StagingLabel, document: &SecretDocument) -> Result<SecretDocument, RotationError> {
    let named = Password::of_plain(document).and_then(|token| {
        let empty = SecretDocument::parse("{}")?;
        Ok(empty.with_text("token", token.expose()))
    });
    named.map_err(|error| RotationError::Document { label, error })
}

impl<const ASKS: bool> Target for BareToken<ASKS> {
    const FORM: SecretForm = if ASKS { SecretForm::Plain } else { SecretForm::Object };

    fn rotated_fields(&self) -> &'static [&'static str] {
        &[]
    }

    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        let label = StagingLabel::Current;
        let next = self.named.propose(&named(label.clone(), current)?, store).await?;
        let token = next.required_text("token").and_then(|token| SecretDocument::plain(&token));
        token.map_err(|error| RotationError::Document { label, error })
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let versions = Versions {
            secret: versions.secret.clone(),
            current: named(StagingLabel::Current, &versions.current)?,
            pending: named(StagingLabel::Pending, &versions.pending)?,
            related: None,
        };
        self.named.apply(&versions, authority, related).await
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.named.verify(&named(StagingLabel::Pending, pending)?).await
    }
}

struct Bench<const ASKS: bool>(FakeTokenService);

impl<const ASKS: bool> Service for Bench<ASKS> {
    fn first(&self) -> SecretDocument {
        let token = self.0.first().required_text("token").expect("the fake's first token");
        SecretDocument::plain(&token).expect("a text")
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        named(StagingLabel::Current, document).is_ok_and(|document| self.0.opens(&document))
    }

    fn accepted(&self) -> BTreeSet<String> {
        self.0.accepted()
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        document.plain_text().map(str::to_owned).into_iter().collect()
    }
}

impl<const ASKS: bool> TargetBench for Bench<ASKS> {
    type Target = BareToken<ASKS>;

    fn target(&self, invocation: &Invocation) -> BareToken<ASKS> {
        BareToken { named: self.0.target(invocation) }
    }
}

rotation_conformance::target!(a_bare_token_passes, |hook: Hook| Bench::<true>(FakeTokenService::new(hook)));

/// A target that does not ask for a plain value gets none.
#[test]
fn form_that_is_not_asked_for() {
    let findings = target_findings(|hook: Hook| Bench::<false>(FakeTokenService::new(hook)));
    let defect = "createSecret fails although nothing was stopped (a healthy rotation; its code is SECRET_";
    assert!(names(&findings, defect), "{findings:#?}");
}
