//! Issuers that each break one rule.

use std::collections::BTreeSet;

use rotation_conformance::{Hook, IssuerBench, Service, issuer_findings};
use rotation_core::{Invocation, Issuer, RotationError, SecretDocument, VersionId};

use crate::{
    access_keys::{AccessKeys, FakeKeyService, KeyApi},
    wrong::names,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// Knows only the keys that documents name, so not one that was created and never stored.
    ListsWhatItStored,
    /// Revokes the old key once the new one is tested.
    RevokesInVerify,
    /// Never revokes.
    RevokesNothing,
    /// Does not recognize `AWSCURRENT` among the keys.
    MistakesCurrent,
    /// Creates a key twice, to be safe.
    IssuesTwice,
    /// Does not use the key that it tests.
    VerifiesNothing,
    /// Returns the current document.
    IssuesNothing,
}

/// The defect that the kit must find in each.
const EXPECTED: &[(Wrong, &str)] = &[
    (
        Wrong::ListsWhatItStored,
        "the next rotation left a credential accepted that no version holds: an orphan",
    ),
    (Wrong::RevokesInVerify, "testSecret changed which credentials the service accepts"),
    (Wrong::RevokesNothing, "the service accepts more than two credentials"),
    (Wrong::MistakesCurrent, "AWSCURRENT does not open the service"),
    (Wrong::IssuesTwice, "the service accepts more than two credentials"),
    (Wrong::VerifiesNothing, "testSecret succeeded although AWSPENDING does not open the service"),
    (Wrong::IssuesNothing, "createSecret stored the credential of AWSCURRENT again"),
];

struct WrongIssuer {
    right: AccessKeys<FakeKeyService>,
    wrong: Wrong,
}

impl Issuer for WrongIssuer {
    type Id = String;

    fn id(&self, document: &SecretDocument) -> Result<String, RotationError> {
        let id = self.right.id(document)?;
        Ok(if self.wrong == Wrong::MistakesCurrent { id.to_lowercase() } else { id })
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        &["keyId", "secretKey", "previousKeyId"]
    }

    async fn list(&self, current: &SecretDocument) -> Result<Vec<String>, RotationError> {
        if self.wrong == Wrong::ListsWhatItStored {
            let previous = current.text("previousKeyId").ok().flatten();
            return Ok(previous.iter().map(|id| id.to_string()).collect());
        }
        self.right.list(current).await
    }

    async fn issue(
        &self,
        current: &SecretDocument,
        version: &VersionId,
    ) -> Result<SecretDocument, RotationError> {
        match self.wrong {
            Wrong::IssuesNothing => return Ok(current.clone()),
            Wrong::IssuesTwice => drop(self.right.api.create().await?),
            _ => {}
        }
        let issued = self.right.issue(current, version).await?;
        Ok(issued.with_text("previousKeyId", &self.right.id(current)?))
    }

    async fn revoke(&self, current: &SecretDocument, id: &String) -> Result<(), RotationError> {
        if self.wrong == Wrong::RevokesNothing {
            return Ok(());
        }
        self.right.revoke(current, id).await
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        if self.wrong == Wrong::VerifiesNothing {
            return Ok(Vec::new());
        }
        let notes = self.right.verify(pending).await?;
        if self.wrong == Wrong::RevokesInVerify {
            for id in self.right.list(pending).await? {
                if id != self.right.id(pending)? {
                    self.right.revoke(pending, &id).await?;
                }
            }
        }
        Ok(notes)
    }
}

struct Bench {
    service: FakeKeyService,
    wrong: Wrong,
}

impl Service for Bench {
    fn first(&self) -> SecretDocument {
        self.service.first()
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        self.service.opens(document)
    }

    fn accepted(&self) -> BTreeSet<String> {
        self.service.accepted()
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        self.service.secrets(document)
    }
}

impl IssuerBench for Bench {
    type Issuer = WrongIssuer;

    fn issuer(&self, invocation: &Invocation) -> WrongIssuer {
        WrongIssuer { right: self.service.issuer(invocation), wrong: self.wrong }
    }
}

/// Each wrong issuer is named by the rule that it breaks.
#[test]
fn each_wrong_issuer_is_named() {
    for (wrong, defect) in EXPECTED {
        // A service with room for what a wrong issuer leaves.
        let make = |hook: Hook| {
            let service = FakeKeyService { limit: 9, ..FakeKeyService::new(hook) };
            Bench { service, wrong: *wrong }
        };
        let findings = issuer_findings(make);
        assert!(names(&findings, defect), "{wrong:?}: {defect}\n{findings:#?}");
    }
}
