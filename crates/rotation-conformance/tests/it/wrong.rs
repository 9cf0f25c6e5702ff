//! Targets that each break one rule.

use std::{collections::BTreeSet, fmt};

use rotation_conformance::{Finding, Hook, Service, TargetBench, target_findings};
use rotation_core::{
    Applied, Authority, ChangeReport, Code, CredentialSource, IntendedChange, Intent, Invocation, Reader,
    RelatedSecrets, RotationError, SecretDocument, SecretStore, StagingLabel, Target, TargetError, Versions,
};

use crate::token_service::{FakeTokenService, TOKEN_REFUSED, TokenApi, TokenError, TokenTarget, token};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// Never calls `authority.confirm`.
    NeverConfirms,
    /// Confirms first, and tries the tokens afterwards.
    ConfirmsEarly,
    /// Reports a successful test without a request.
    VerifiesNothing,
    /// Treats a working `AWSCURRENT` as proof that there is nothing to do.
    AppliesNothing,
    /// Proposes the current document.
    ProposesCurrent,
    /// Sets another random token than createSecret stored.
    DrawsTwice,
    /// Changes a field that a rotation must not change.
    ProposesAnotherOwner,
    /// Replaces the token as early as in createSecret.
    ProposesAndReplaces,
    /// Does not know what an earlier attempt has set.
    CannotRepeat,
    /// Replaces the token once more while it tests.
    TestChanges,
    /// Quotes the token in the text of errors.
    TextQuotes,
    /// Quotes the token in the `Debug` of errors.
    DebugQuotes,
    /// Quotes the token in the advice.
    RemediationQuotes,
    /// Quotes the token in the detail of errors.
    DetailQuotes,
    /// Replaces the token in a dry run.
    PlanReplaces,
    /// Cannot tell in a dry run what it would do.
    PlanFails,
    /// Quotes the token in a note.
    NoteQuotes,
}

/// The defect that the kit must find in each.
const EXPECTED: &[(Wrong, &str)] = &[
    (Wrong::NeverConfirms, "setSecret changed the service although its token could no longer act"),
    (Wrong::ConfirmsEarly, "setSecret changed the service although its token could no longer act"),
    (Wrong::VerifiesNothing, "testSecret succeeded although AWSPENDING does not open the service"),
    (Wrong::AppliesNothing, "setSecret succeeded although AWSPENDING does not open the service"),
    (Wrong::ProposesCurrent, "createSecret stored the credential of AWSCURRENT again"),
    (Wrong::DrawsTwice, "setSecret left the service with a credential that no version holds"),
    (Wrong::ProposesAnotherOwner, "createSecret changed `owner`, which is not among the rotated fields"),
    (Wrong::ProposesAndReplaces, "createSecret changed which credentials the service accepts"),
    (Wrong::CannotRepeat, "the rotation does not end although its steps are called again: setSecret fails"),
    (Wrong::TestChanges, "testSecret changed which credentials the service accepts"),
    (Wrong::TextQuotes, "the text of an error shows a secret"),
    (Wrong::DebugQuotes, "the Debug of an error shows a secret"),
    (Wrong::RemediationQuotes, "the remediation of an error shows a secret"),
    (Wrong::DetailQuotes, "the detail of an error shows a secret"),
    (Wrong::PlanReplaces, "a dry run changed the service"),
    (Wrong::PlanFails, "a dry run fails although the rotation would not"),
    (Wrong::NoteQuotes, "a note shows a secret"),
];

/// An error that shows a token in one of its texts.
struct Quoting {
    wrong: Wrong,
    token: String,
}

impl Quoting {
    fn token_where(&self, wrong: Wrong) -> &str {
        if self.wrong == wrong { &self.token } else { "the token" }
    }
}

impl fmt::Debug for Quoting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quoting({})", self.token_where(Wrong::DebugQuotes))
    }
}

impl fmt::Display for Quoting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused", self.token_where(Wrong::TextQuotes))
    }
}

impl std::error::Error for Quoting {}

impl TargetError for Quoting {
    fn code(&self) -> Code {
        TOKEN_REFUSED
    }

    fn detail(&self) -> Option<String> {
        Some(format!("token={}", self.token_where(Wrong::DetailQuotes)))
    }

    fn remediation(&self, _reader: Reader) -> String {
        format!("Look at {}.", self.token_where(Wrong::RemediationQuotes))
    }
}

struct WrongTarget {
    right: TokenTarget<FakeTokenService>,
    wrong: Wrong,
}

impl WrongTarget {
    fn error(&self, error: TokenError, token: &str) -> RotationError {
        match self.wrong {
            Wrong::TextQuotes | Wrong::DebugQuotes | Wrong::RemediationQuotes | Wrong::DetailQuotes => {
                Quoting { wrong: self.wrong, token: token.to_owned() }.into()
            }
            _ => error.into(),
        }
    }
}

impl Target for WrongTarget {
    fn rotated_fields(&self) -> &'static [&'static str] {
        self.right.rotated_fields()
    }

    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        if self.wrong == Wrong::ProposesCurrent {
            return Ok(current.clone());
        }
        let proposal = self.right.propose(current, store).await?;
        if self.wrong == Wrong::ProposesAnotherOwner {
            return Ok(proposal.with_text("owner", "another"));
        }
        if self.wrong == Wrong::ProposesAndReplaces {
            let new = token(StagingLabel::Pending, &proposal)?;
            let old = token(StagingLabel::Current, current)?;
            self.right.api.replace(old.expose(), new.expose()).await?;
        }
        Ok(proposal)
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let api = &self.right.api;
        let current = token(StagingLabel::Current, &versions.current)?;
        let pending = token(StagingLabel::Pending, &versions.pending)?;
        let (current, pending) = (current.expose(), pending.expose());
        match self.wrong {
            Wrong::NeverConfirms => {
                if api.who_am_i(pending).await.is_err() {
                    api.who_am_i(current).await?;
                    api.replace(current, pending).await?;
                }
            }
            Wrong::ConfirmsEarly => {
                authority.confirm().await?;
                if api.who_am_i(pending).await.is_err() {
                    api.who_am_i(current).await?;
                    api.replace(current, pending).await?;
                }
            }
            Wrong::AppliesNothing if api.who_am_i(current).await.is_ok() => return Ok(Applied::AlreadySet),
            Wrong::DrawsTwice => {
                authority.confirm().await?;
                api.replace(current, "another-token-9876543210").await?;
            }
            Wrong::CannotRepeat => {
                authority.confirm().await?;
                api.replace(current, pending).await?;
            }
            Wrong::TextQuotes | Wrong::DebugQuotes | Wrong::RemediationQuotes | Wrong::DetailQuotes => {
                if let Err(error) = api.who_am_i(current).await
                    && api.who_am_i(pending).await.is_err()
                {
                    return Err(self.error(error, current));
                }
                return self.right.apply(versions, authority, related).await;
            }
            Wrong::NoteQuotes => {
                self.right.apply(versions, authority, related).await?;
                let notes = vec![format!("the token is now {pending}")];
                return Ok(Applied::Changed(ChangeReport { drift: 0, notes }));
            }
            _ => return self.right.apply(versions, authority, related).await,
        }
        Ok(Applied::Changed(ChangeReport::default()))
    }

    async fn plan(
        &self,
        versions: &Versions,
        _related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        let current = token(StagingLabel::Current, &versions.current)?;
        let pending = token(StagingLabel::Pending, &versions.pending)?;
        match self.wrong {
            Wrong::PlanReplaces => self.right.api.replace(current.expose(), pending.expose()).await?,
            Wrong::PlanFails => self.right.api.who_am_i(pending.expose()).await?,
            _ => {}
        }
        Ok(Intent::Change(Box::new(IntendedChange {
            by: CredentialSource::Current,
            acts: vec!["PUT /token".to_owned()],
            notes: Vec::new(),
            obstacle: None,
        })))
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        match self.wrong {
            Wrong::VerifiesNothing => return Ok(Vec::new()),
            Wrong::TestChanges => {
                let token = token(StagingLabel::Pending, pending)?;
                self.right.api.replace(token.expose(), "a-token-of-the-test-0123456789").await?;
            }
            _ => {}
        }
        self.right.verify(pending).await
    }
}

struct Bench {
    service: FakeTokenService,
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

impl TargetBench for Bench {
    type Target = WrongTarget;

    fn target(&self, invocation: &Invocation) -> WrongTarget {
        WrongTarget { right: self.service.target(invocation), wrong: self.wrong }
    }
}

/// Whether one of the findings names this defect.
pub(crate) fn names(findings: &[Finding], defect: &str) -> bool {
    findings.iter().any(|finding| finding.to_string().contains(defect))
}

/// Each wrong target is named by the rule that it breaks.
#[test]
fn each_wrong_target_is_named() {
    for (wrong, defect) in EXPECTED {
        let make = |hook: Hook| Bench { service: FakeTokenService::new(hook), wrong: *wrong };
        let findings = target_findings(make);
        assert!(names(&findings, defect), "{wrong:?}: {defect}\n{findings:#?}");
    }
}
