//! The values of the versions: whether each is a login, and one of this secret.

use super::{Check, Finding, FindingCode, Severity};
use crate::{
    database::{Credential, EngineProfile, Login, Strategy, TargetError, UserPair, copies::Copied},
    diagnosis::Reader,
    document::SecretDocument,
    error::RotationError,
    event::VersionId,
    recovery::Access,
    staging::{Refusal, StagingLabel},
    store::SecretValue,
};

/// A version whose value was looked at.
pub(super) struct Examined {
    pub(super) id: VersionId,
    pub(super) labels: Vec<StagingLabel>,
    pub(super) document: Option<SecretDocument>,
    pub(super) login: Option<Login>,
    pub(super) access: Access,
    pub(super) error: Option<RotationError>,
}

impl Examined {
    /// Parses what was read of a version.
    pub(super) fn new(
        id: VersionId,
        labels: Vec<StagingLabel>,
        read: Result<Option<SecretValue>, RotationError>,
        profile: &EngineProfile,
    ) -> Self {
        let mut version =
            Self { id, labels, document: None, login: None, access: Access::NotTried, error: None };
        let label = version.label();
        match read {
            Ok(None) => {
                version.access = Access::NoValue;
                version.error = Some(RotationError::NoValue { label });
            }
            Err(error) => version.error = Some(error),
            Ok(value) => {
                let document = SecretValue::document_under(label.clone(), value);
                let login = document.as_ref().map(|document| Login::from_document(document, profile));
                match login {
                    Ok(Ok(login)) => version.login = Some(login),
                    Ok(Err(error)) => version.refuse(RotationError::Document { label, error }),
                    Err(_) => {}
                }
                match document {
                    Ok(document) => version.document = Some(document),
                    Err(error) => version.refuse(error),
                }
            }
        }
        version
    }

    /// The label by which errors name it.
    pub(super) fn label(&self) -> StagingLabel {
        let first = |label: &&StagingLabel| !matches!(label, StagingLabel::Other(_));
        self.labels
            .iter()
            .find(first)
            .or(self.labels.first())
            .cloned()
            .unwrap_or(StagingLabel::Other("no label".into()))
    }

    pub(super) fn has(&self, label: &StagingLabel) -> bool {
        self.labels.contains(label)
    }

    pub(super) fn credential(&self) -> Credential {
        match self.label() {
            StagingLabel::Pending => Credential::Pending,
            StagingLabel::Previous => Credential::Previous,
            StagingLabel::Current | StagingLabel::Other(_) => Credential::Current,
        }
    }

    fn refuse(&mut self, error: RotationError) {
        self.access = Access::Unusable;
        self.error = Some(error);
    }

    /// Refuses a login that names another server than `reference`, or a user that is none of the secret's: it must not
    /// be tried. What remains is tried by TLS where `reference` demands that.
    pub(super) fn compare<D>(&mut self, reference: &Login, strategy: &Strategy<D>, profile: &EngineProfile) {
        let Some(login) = &self.login else { return };
        let user = &login.credentials.username;
        let own = &reference.credentials.username;
        let pair = UserPair::of(own, profile).ok();
        let member = match (strategy, &pair) {
            (Strategy::SingleUser, _) | (_, None) => user == own,
            (Strategy::AlternatingUsers { .. }, Some(pair)) => [&pair.original, &pair.clone].contains(&user),
        };
        if !login.is_among_servers_of(reference) {
            self.refuse(TargetError::HostDiffers.into());
        } else if !member || login.home != reference.home {
            self.refuse(TargetError::UserDiffers.into());
        }
        self.login = self.login.take().map(|login| login.protected_like(reference));
    }
}

/// The finding about the values.
pub(super) fn finding(versions: &[Examined], reader: Reader) -> Finding {
    let check = Check::Document;
    let bad = |version: &Examined, severity, error: &RotationError| {
        let finding = Finding::of(check, severity, error, reader);
        Finding { sentence: format!("{}: {}", version.label(), finding.sentence), ..finding }
    };
    let Some(current) = versions.iter().find(|version| version.has(&StagingLabel::Current)) else {
        return Finding::of(check, Severity::Fault, &Refusal::NoCurrent.into(), reader);
    };
    if let Some(error) = &current.error {
        return bad(current, Severity::Fault, error);
    }
    // That AWSPENDING has no value yet is a matter of the labels. AWSPREVIOUS counts only where the others do not help.
    for version in versions.iter().filter(|version| version.access != Access::NoValue) {
        if let Some(error) = &version.error {
            let pending = version.has(&StagingLabel::Pending);
            return bad(version, if pending { Severity::Fault } else { Severity::Note }, error);
        }
    }
    Finding::ok(check, "every labelled version that has a value holds what a login needs")
}

/// The findings about fields that hold copies of the credentials.
pub(super) fn copies(found: &[(String, Copied)]) -> Vec<Finding> {
    let finding = |(field, copied): &(String, Copied)| Finding {
        check: Check::Document,
        severity: Severity::Warning,
        code: FindingCode::PasswordCopied,
        sentence: match copied {
            Copied::Password | Copied::Nested => {
                format!("the field `{field}` holds a copy of the password, which no rotation changes")
            }
            Copied::Outdated => format!(
                "the field `{field}` holds another password than `password`: whoever logs in by it is refused"
            ),
        },
        mend: match copied {
            Copied::Password | Copied::Outdated => format!(
                "Set REWRITE_FIELDS={field} on the function: each rotation then rewrites the URL or connection string in \
                 it. Or let applications build it from `username` and `password`."
            ),
            Copied::Nested => format!(
                "Put the URL or connection string out of `{field}` into a text field of its own, and name that in \
                 REWRITE_FIELDS: lists and objects are not rewritten. Or let applications build it from `username` and \
                 `password`."
            ),
        },
    };
    found.iter().map(finding).collect()
}

/// The finding about the names of users.
pub(super) fn names<D>(
    current: &Login,
    strategy: &Strategy<D>,
    profile: &EngineProfile,
    reader: Reader,
) -> Finding {
    let user = &current.credentials.username;
    match strategy {
        Strategy::SingleUser => Finding::ok(Check::Names, format!("{user} is within the server's limit")),
        Strategy::AlternatingUsers { .. } => match UserPair::of(user, profile) {
            Ok(pair) => Finding::ok(Check::Names, format!("{} and {} take turns", pair.original, pair.clone)),
            Err(error) => {
                let error = RotationError::Document { label: StagingLabel::Current, error };
                Finding::of(Check::Names, Severity::Fault, &error, reader)
            }
        },
    }
}
