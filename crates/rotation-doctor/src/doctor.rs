//! The diagnosis, from the secret inwards.

use std::{cmp::Reverse, time::SystemTime};

use rotation_core::{
    Class, Invoker, Reader, RotationError, SecretDocument, SecretId, SecretRecord, SecretRecords,
    SecretValue, StagingLabel, Version, VersionId, VersionRecord,
    diagnosis::{Access, Check, Diagnosable, DiagnosedVersion, Finding, FindingCode, Severity, Tried},
    fill_hint,
};

use crate::{
    diagnosis::{Dates, Diagnosis, VersionSeen, sort},
    documents,
    onlooker::Onlooker,
    recovery::{KnownVersion, Remedy, Situation, StuckState as State, Unfinished, Unlabeled},
    secret,
};

/// The most versions without labels that are tried where no version with a label logs in.
const MOST_UNLABELED: usize = 3;

/// Whether logins are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Logins {
    /// Each labeled version once; where none of them logs in, the newest three without labels, too.
    #[default]
    Each,
    /// None: where one more refusal would lock the account.
    None,
}

/// Diagnoses secrets. A diagnosis writes nothing, neither to Secrets Manager nor to what the secrets open.
#[derive(Debug)]
pub struct Doctor<'a, S, T> {
    /// Secrets Manager.
    pub store: &'a S,
    /// What the secret opens, with the settings of a rotation.
    pub target: &'a T,
    /// Who runs the diagnosis.
    pub invoker: Invoker,
    /// Whether logins are tried.
    pub logins: Logins,
    /// The time of day, for ages and certificates.
    pub now: SystemTime,
}

impl<S: SecretRecords, T: Diagnosable> Doctor<'_, S, T> {
    /// Runs every check on a secret. May be dropped at any await.
    ///
    /// # Errors
    /// [`RotationError`] where the secret may not be diagnosed or cannot be described; everything else is a
    /// finding.
    pub async fn diagnose(&self, id: &SecretId) -> Result<Diagnosis, RotationError> {
        let reader = self.reader();
        let record = self.store.record(id).await?;
        record.stages.admit_diagnosis(id, &self.invoker)?;
        let mut findings =
            vec![secret::secret(&record, reader), secret::rotation(&record, &self.invoker, reader)];
        findings.extend(secret::function(&self.invoker));
        let history = match self.store.history(&record.stages.secret).await {
            Ok(history) => Some(history),
            Err(error) => {
                findings.push(Finding::from_error(Check::Secret, Severity::Note, &error.into(), reader));
                None
            }
        };
        let mut versions = self.read(&record).await;
        if !record.stages.deleted {
            self.open(&record, history.as_deref(), &mut versions, &mut findings).await;
        }
        Ok(self.conclude(&record, history.as_deref(), versions, findings))
    }

    pub(crate) fn reader(&self) -> Reader {
        match self.invoker {
            Invoker::Function { .. } => Reader::Operator,
            Invoker::Person => Reader::Person,
        }
    }

    /// The values of the labeled versions. For a secret that is scheduled for deletion, the service returns
    /// no values.
    async fn read(&self, record: &SecretRecord) -> Vec<DiagnosedVersion<T::Login>> {
        let mut versions = Vec::new();
        for (id, labels) in &record.stages.labels {
            if labels.is_empty() {
                continue;
            }
            let read = if record.stages.deleted {
                None
            } else {
                Some(self.value(&record.stages.secret, id, labels).await)
            };
            versions.push(match read {
                Some(read) => self.diagnosed(id.clone(), labels.clone(), read),
                None => unread(id.clone(), labels.clone()),
            });
        }
        self.compare(&mut versions, |_| true);
        versions
    }

    /// Reads a value by its label, as a rotation does, where the version has one of the service's labels.
    async fn value(
        &self,
        secret: &SecretId,
        id: &VersionId,
        labels: &[StagingLabel],
    ) -> Result<Option<SecretValue>, RotationError> {
        let version = match labels.first() {
            Some(_) if labels.contains(&StagingLabel::Current) => Version::Current,
            Some(_) if labels.contains(&StagingLabel::Pending) => Version::Pending(id),
            Some(_) if labels.contains(&StagingLabel::Previous) => Version::Previous,
            _ => return Ok(self.store.value(secret, id).await?),
        };
        let value = self.store.read(secret, version).await?;
        match value {
            // The label has moved since the description; the value of this version is unknown.
            Some(value) if value.version != *id => Err(RotationError::LabelsMoved),
            value => Ok(value),
        }
    }

    /// Every check that needs the values: documents, names, the connection, logins, and the server.
    async fn open(
        &self,
        record: &SecretRecord,
        history: Option<&[VersionRecord]>,
        versions: &mut Vec<DiagnosedVersion<T::Login>>,
        findings: &mut Vec<Finding>,
    ) {
        let reader = self.reader();
        findings.push(documents::finding(versions, reader));
        let live = versions.iter().find(|version| version.has(&StagingLabel::Current));
        if let Some((login, document)) = live.and_then(opens) {
            findings.extend(self.target.look_at(document, login, reader));
        }
        if self.logins == Logins::None {
            for check in [Check::Connection, Check::Login, Check::Server, Check::Privileges] {
                findings.push(Finding::unseen(check, "no login was asked for"));
            }
            return;
        }
        let Tried { findings: found, session } = self.target.try_logins(versions, self.now, reader).await;
        findings.extend(found);
        let closed = findings.iter().any(|finding| {
            finding.severity == Severity::Fault
                && [Check::Address, Check::Connection, Check::Certificate].contains(&finding.check)
        });
        if !closed && !versions.iter().any(|version| version.access == Access::LogsIn) {
            self.try_unlabeled(record, history, versions).await;
        }
        let live = versions.iter().find(|version| version.has(&StagingLabel::Current));
        if let (Some(session), Some(live)) = (session, live.filter(|live| opens(live).is_some())) {
            let secret = &record.stages.secret;
            let onlooker = Onlooker { store: self.store };
            let look = self.target.look_inside(session, secret, live, versions, &onlooker, reader);
            findings.extend(look.await);
        }
    }

    /// The newest versions without labels, while the service still has them.
    async fn try_unlabeled(
        &self,
        record: &SecretRecord,
        history: Option<&[VersionRecord]>,
        versions: &mut Vec<DiagnosedVersion<T::Login>>,
    ) {
        let Some(history) = history else { return };
        let unlabeled = history.iter().filter(|version| version.labels.is_empty()).take(MOST_UNLABELED);
        let mut found = Vec::new();
        for VersionRecord { id, .. } in unlabeled {
            let read = self.store.value(&record.stages.secret, id).await;
            let read = read.map_err(RotationError::from);
            found.push(self.diagnosed(id.clone(), Vec::new(), read));
        }
        let from = versions.len();
        versions.extend(found);
        self.compare(versions, |version| version.labels.is_empty());
        self.target.try_logins(&mut versions[from..], self.now, self.reader()).await;
    }

    fn conclude(
        &self,
        record: &SecretRecord,
        history: Option<&[VersionRecord]>,
        versions: Vec<DiagnosedVersion<T::Login>>,
        mut findings: Vec<Finding>,
    ) -> Diagnosis {
        let known = |version: &DiagnosedVersion<T::Login>| KnownVersion {
            id: version.id.clone(),
            labels: version.labels.clone(),
            access: version.access,
        };
        let situation = Situation {
            secret: record.stages.secret.clone(),
            deleted: record.stages.deleted,
            rotation_enabled: record.stages.rotation_enabled,
            versions: versions.iter().map(known).collect(),
            unlabeled: unlabeled(history),
            hindered: findings.iter().any(hinders),
        };
        let mut advice = situation.advise(Unfinished::Keep);
        // The target's credentials are not the cause.
        let was_stored_wrong = |version: &DiagnosedVersion<T::Login>| {
            version.has(&StagingLabel::Current)
                && version.error.as_ref().is_some_and(|error| self.target.is_fault_of_value(error))
        };
        if advice.state == State::NoVersionLogsIn && versions.iter().any(was_stored_wrong) {
            advice.remedy = Remedy::FixFirst;
        }
        if self.logins == Logins::Each || record.stages.deleted {
            findings.push(self.login(&versions, &situation, &advice));
        }
        sort(&mut findings);
        let pending = situation.under(&StagingLabel::Pending).map(|version| version.id.clone());
        for finding in &mut findings {
            finding.remediation = fill_hint(&finding.remediation, &situation.secret, pending.as_ref());
        }
        let created = |id: &VersionId| history?.iter().find(|version| version.id == *id)?.created;
        let seen = |version: DiagnosedVersion<T::Login>| VersionSeen {
            age: created(&version.id).and_then(|created| self.now.duration_since(created).ok()),
            username: version.login.as_ref().and_then(|login| self.target.username(login)),
            code: version.error.as_ref().map(RotationError::code),
            access: version.access,
            labels: version.labels.clone(),
            id: version.id.clone(),
        };
        let mut versions: Vec<_> = versions.into_iter().map(seen).collect();
        // In chronological order: a version that the service does not list has no value yet, so it is the
        // newest. For two versions that were created at the same moment, the labels show which came first.
        versions.sort_by_key(|version| {
            (version.age.is_none(), Reverse(version.age), place_in_life(&version.labels))
        });
        let function = record.stages.rotation_function.clone();
        let dates = Dates {
            looked_at: self.now,
            last_rotated: record.last_rotated,
            versions: history.unwrap_or_default().to_vec(),
        };
        let secret = record.stages.secret.clone();
        Diagnosis { secret, function, findings, versions, situation, advice, dates }
    }

    /// Parses what was read for a version.
    fn diagnosed(
        &self,
        id: VersionId,
        labels: Vec<StagingLabel>,
        read: Result<Option<SecretValue>, RotationError>,
    ) -> DiagnosedVersion<T::Login> {
        let mut version = unread(id, labels);
        let label = version.label();
        match read {
            Ok(None) => {
                version.access = Access::NoValue;
                version.error = Some(RotationError::NoValue { label });
            }
            Err(error) => version.error = Some(error),
            Ok(value) => match SecretValue::document_under_as(T::FORM, label.clone(), value) {
                Ok(document) => {
                    match self.target.parse(&document) {
                        Ok(login) => version.login = Some(login),
                        Err(error) => version.refuse(RotationError::Document { label, error }),
                    }
                    version.document = Some(document);
                }
                Err(error) => version.refuse(error),
            },
        }
        version
    }

    /// Compares versions with the one that defines the server and user of the secret: `AWSCURRENT`, otherwise
    /// `AWSPREVIOUS`, which was live before. `AWSPENDING` never defines them.
    fn compare(
        &self,
        versions: &mut [DiagnosedVersion<T::Login>],
        is_meant: impl Fn(&DiagnosedVersion<T::Login>) -> bool,
    ) {
        let of = |label| {
            let version = versions.iter().find(|version| version.has(&label));
            version.and_then(|version| version.login.clone())
        };
        let Some(reference) = of(StagingLabel::Current).or_else(|| of(StagingLabel::Previous)) else {
            // Nothing shows that these logins are for this server.
            for version in versions.iter_mut().filter(|version| version.login.is_some()) {
                version.login = None;
            }
            return;
        };
        for version in versions.iter_mut().filter(|version| is_meant(version)) {
            let label = version.label();
            let Some(login) = &mut version.login else { continue };
            if let Err(error) = self.target.admit(label, login, &reference) {
                version.refuse(error);
            }
        }
    }
}

/// A login and its document.
fn opens<L>(version: &DiagnosedVersion<L>) -> Option<(&L, &SecretDocument)> {
    version.login.as_ref().zip(version.document.as_ref())
}

/// A version whose value is unknown.
fn unread<L>(id: VersionId, labels: Vec<StagingLabel>) -> DiagnosedVersion<L> {
    DiagnosedVersion { id, labels, document: None, login: None, access: Access::NotTried, error: None }
}

/// The stage of a version's life, by its labels.
fn place_in_life(labels: &[StagingLabel]) -> Option<usize> {
    let places = [StagingLabel::Previous, StagingLabel::Current, StagingLabel::Pending];
    places.iter().rposition(|label| labels.contains(label))
}

/// Whether a finding inside the database makes every rotation fail until an administrator fixes it.
fn hinders(finding: &Finding) -> bool {
    let lasts = matches!(finding.code, FindingCode::Failure(code) if code.class() != Class::Retryable);
    finding.severity == Severity::Fault
        && lasts
        && [Check::Server, Check::Master, Check::Privileges].contains(&finding.check)
}

fn unlabeled(history: Option<&[VersionRecord]>) -> Unlabeled {
    let Some(history) = history else { return Unlabeled::Unread };
    let count = history.iter().filter(|version| version.labels.is_empty()).count();
    if count > MOST_UNLABELED { Unlabeled::Newest } else { Unlabeled::All }
}
