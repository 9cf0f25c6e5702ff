//! The examination, from the secret inwards.

use std::{cmp::Reverse, time::SystemTime};

use super::{
    Check, Examination, Finding, FindingCode, Severity, VersionSeen,
    documents::{self, Examined},
    logins::Tried,
    secret,
    server::Opened,
    sort,
};
use crate::{
    code::{Class, Code},
    database::{Database, Directory, Engine, Login},
    diagnosis::Reader,
    error::{RotationError, with_causes},
    event::{SecretId, VersionId},
    record::{SecretRecord, SecretRecords, VersionRecord},
    recovery::{
        Access, Advice, KnownVersion, Remedy, Situation, StuckState as State, Unfinished, Unlabelled,
    },
    staging::{Invoker, StagingLabel},
    store::{SecretValue, Version},
};

/// As many versions without labels as are tried where none with a label logs in.
const MOST_UNLABELLED: usize = 3;

/// Whether logins are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Logins {
    /// Each labelled version once; where none of them logs in, the newest three without labels, too.
    #[default]
    Each,
    /// None: where one more refusal would lock the account.
    None,
}

/// Looks at secrets. It writes nothing, neither to Secrets Manager nor to a database.
#[derive(Debug)]
pub struct Examiner<'a, S, E, D> {
    /// Secrets Manager.
    pub store: &'a S,
    /// The database with the strategy and the settings of rotations.
    pub database: &'a Database<E, D>,
    /// Who asks.
    pub invoker: Invoker,
    /// Whether logins are tried.
    pub logins: Logins,
    /// The time of day, for ages and certificates.
    pub now: SystemTime,
}

impl<S: SecretRecords, E: Engine, D: Directory> Examiner<'_, S, E, D> {
    /// Looks at a secret from every side. May be dropped at any await.
    ///
    /// # Errors
    /// [`RotationError`] where the secret may not be looked at or cannot be described; all else is a finding.
    pub async fn examine(&self, id: &SecretId) -> Result<Examination, RotationError> {
        let reader = self.reader();
        let record = self.store.record(id).await?;
        record.stages.admit_examination(id, &self.invoker)?;
        let mut findings =
            vec![secret::secret(&record, reader), secret::rotation(&record, &self.invoker, reader)];
        findings.extend(secret::function(&self.invoker));
        let history = match self.store.history(&record.stages.secret).await {
            Ok(history) => Some(history),
            Err(error) => {
                findings.push(Finding::of(Check::Secret, Severity::Note, &error.into(), reader));
                None
            }
        };
        let mut versions = self.read(&record).await;
        if !record.stages.deleted {
            self.open(&record, history.as_deref(), &mut versions, &mut findings).await;
        }
        Ok(self.conclude(&record, history.as_deref(), versions, findings))
    }

    pub(super) fn reader(&self) -> Reader {
        match self.invoker {
            Invoker::Function { .. } => Reader::Operator,
            Invoker::Person => Reader::Person,
        }
    }

    /// The values of the labelled versions. What a secret that is scheduled for deletion holds, the service does not
    /// tell.
    async fn read(&self, record: &SecretRecord) -> Vec<Examined> {
        let (_, strategy, _) = self.database.parts();
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
                Some(read) => Examined::new(id.clone(), labels.clone(), read, &E::PROFILE),
                None => Examined::unread(id.clone(), labels.clone()),
            });
        }
        compare(&mut versions, |version, reference| version.compare(reference, strategy, &E::PROFILE));
        versions
    }

    /// By its label where it has one of the service's, as a rotation reads it.
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
            // The label has moved since it was described; what this version holds is not known.
            Some(value) if value.version != *id => Err(RotationError::LabelsMoved),
            value => Ok(value),
        }
    }

    /// Everything that needs the values: documents, names, the way, logins, and the server.
    async fn open(
        &self,
        record: &SecretRecord,
        history: Option<&[VersionRecord]>,
        versions: &mut Vec<Examined>,
        findings: &mut Vec<Finding>,
    ) {
        let (_, strategy, _) = self.database.parts();
        let reader = self.reader();
        findings.push(documents::finding(versions, reader));
        let current = |versions: &[Examined]| {
            let current = versions.iter().find(|version| version.has(&StagingLabel::Current));
            current.and_then(|current| Some((current.login.clone()?, current.document.clone()?)))
        };
        if let Some((login, document)) = current(versions) {
            findings.push(documents::names(&login, strategy, &E::PROFILE, reader));
            findings.extend(documents::copies(&self.database.copies(&document, &login)));
        }
        if self.logins == Logins::None {
            for check in [Check::Connection, Check::Login, Check::Server, Check::Privileges] {
                findings.push(Finding::unseen(check, "no login was asked for"));
            }
            return;
        }
        let Tried { findings: found, session } = self.database.try_logins(versions, self.now, reader).await;
        findings.extend(found);
        let closed = findings.iter().any(|finding| {
            finding.severity == Severity::Fault
                && [Check::Address, Check::Connection, Check::Certificate].contains(&finding.check)
        });
        if !closed && !versions.iter().any(|version| version.access == Access::LogsIn) {
            self.try_unlabelled(record, history, versions).await;
        }
        if let (Some(session), Some((login, document))) = (session, current(versions)) {
            let another = |version: &Examined| {
                let other = version.login.as_ref().map(|login| &login.credentials);
                version.access == Access::LogsIn
                    && other.is_some_and(|other| {
                        other.username == login.credentials.username && *other != login.credentials
                    })
            };
            let another_logs_in = versions.iter().any(another);
            let secret = &record.stages.secret;
            let opened = Opened { secret, login: &login, document: &document, another_logs_in };
            findings.extend(self.look_inside(session, &opened).await);
        }
    }

    /// The newest versions without labels, while the service still has them.
    async fn try_unlabelled(
        &self,
        record: &SecretRecord,
        history: Option<&[VersionRecord]>,
        versions: &mut Vec<Examined>,
    ) {
        let (_, strategy, _) = self.database.parts();
        let Some(history) = history else { return };
        let unlabelled = history.iter().filter(|version| version.labels.is_empty()).take(MOST_UNLABELLED);
        let mut found = Vec::new();
        for VersionRecord { id, .. } in unlabelled {
            let read = self.store.value(&record.stages.secret, id).await;
            let read = read.map_err(RotationError::from);
            found.push(Examined::new(id.clone(), Vec::new(), read, &E::PROFILE));
        }
        let from = versions.len();
        versions.extend(found);
        compare(versions, |version, reference| {
            if version.labels.is_empty() {
                version.compare(reference, strategy, &E::PROFILE);
            }
        });
        self.database.try_logins(&mut versions[from..], self.now, self.reader()).await;
    }

    fn conclude(
        &self,
        record: &SecretRecord,
        history: Option<&[VersionRecord]>,
        versions: Vec<Examined>,
        mut findings: Vec<Finding>,
    ) -> Examination {
        let known = |version: &Examined| KnownVersion {
            id: version.id.clone(),
            labels: version.labels.clone(),
            access: version.access,
        };
        let situation = Situation {
            secret: record.stages.secret.clone(),
            deleted: record.stages.deleted,
            rotation_enabled: record.stages.rotation_enabled,
            versions: versions.iter().map(known).collect(),
            unlabelled: unlabelled(history),
            hindered: findings.iter().any(hinders),
        };
        let mut advice = situation.advise(Unfinished::Keep);
        // No password of the database is at fault.
        let has_line_break = |version: &Examined| {
            version.has(&StagingLabel::Current)
                && version.error.as_ref().is_some_and(|error| error.code() == Code::SecretPasswordLineBreak)
        };
        if advice.state == State::NothingLogsIn && versions.iter().any(has_line_break) {
            advice.remedy = Remedy::MendFirst;
        }
        if self.logins == Logins::Each || record.stages.deleted {
            findings.push(login(&versions, &situation, &advice, self.reader()));
        }
        sort(&mut findings);
        let created = |id: &VersionId| history?.iter().find(|version| version.id == *id)?.created;
        let seen = |version: Examined| VersionSeen {
            age: created(&version.id).and_then(|created| self.now.duration_since(created).ok()),
            username: version.login.as_ref().map(|login| login.credentials.username.to_string()),
            code: version.error.as_ref().map(RotationError::code),
            access: version.access,
            labels: version.labels.clone(),
            id: version.id.clone(),
        };
        let mut versions: Vec<_> = versions.into_iter().map(seen).collect();
        // As time goes: a version that the service does not list has no value yet, so it is the newest. Of two that
        // were made at the same moment the labels tell which came first.
        versions.sort_by_key(|version| {
            (version.age.is_none(), Reverse(version.age), place_in_life(&version.labels))
        });
        let function = record.stages.rotation_function.clone();
        Examination { secret: record.stages.secret.clone(), function, findings, versions, situation, advice }
    }
}

/// Where in a version's life its labels put it.
fn place_in_life(labels: &[StagingLabel]) -> Option<usize> {
    let places = [StagingLabel::Previous, StagingLabel::Current, StagingLabel::Pending];
    places.iter().rposition(|label| labels.contains(label))
}

/// Whether every rotation fails by what was found inside the database, until an administrator ends it.
fn hinders(finding: &Finding) -> bool {
    let lasts = matches!(finding.code, FindingCode::Failure(code) if code.class() != Class::Retryable);
    finding.severity == Severity::Fault
        && lasts
        && [Check::Server, Check::Master, Check::Privileges].contains(&finding.check)
}

fn unlabelled(history: Option<&[VersionRecord]>) -> Unlabelled {
    let Some(history) = history else { return Unlabelled::Unread };
    let count = history.iter().filter(|version| version.labels.is_empty()).count();
    if count > MOST_UNLABELLED { Unlabelled::Newest } else { Unlabelled::All }
}

/// Holds the versions against the one that says which server and user the secret is for: `AWSCURRENT`, else
/// `AWSPREVIOUS`, which was. `AWSPENDING` never says it.
fn compare(versions: &mut [Examined], check: impl Fn(&mut Examined, &Login)) {
    let of = |label| {
        let version = versions.iter().find(|version| version.has(&label));
        version.and_then(|version| version.login.clone())
    };
    let Some(reference) = of(StagingLabel::Current).or_else(|| of(StagingLabel::Previous)) else {
        // Nothing says that these logins are meant for this server.
        for version in versions.iter_mut().filter(|version| version.login.is_some()) {
            version.login = None;
        }
        return;
    };
    for version in versions.iter_mut() {
        check(version, &reference);
    }
}

/// What the logins and the labels come to, as one finding.
fn login(versions: &[Examined], situation: &Situation, advice: &Advice, reader: Reader) -> Finding {
    let check = Check::Login;
    let state = advice.state;
    let current = versions.iter().find(|version| version.has(&StagingLabel::Current));
    let user = current.and_then(|version| version.login.as_ref()).map(|login| &login.credentials.username);
    let stuck = |code, severity| Finding {
        check,
        severity,
        code,
        sentence: situation.words(),
        mend: match advice.remedy {
            // The way out is to rotate, which fails by what the other findings name.
            Remedy::MendFirst => format!("Applications are not affected. {}", advice.sentence()),
            _ => format!("{} {}", state.way_out(), advice.sentence()),
        },
    };
    match state {
        State::Sound => match user {
            Some(user) => Finding::ok(check, format!("AWSCURRENT logs in as {user}")),
            None => Finding::ok(check, "AWSCURRENT logs in"),
        },
        State::Deleted => Finding::unseen(check, "the service does not tell the values of a deleted secret"),
        State::Unknown => match current.and_then(|version| version.error.as_ref()) {
            Some(error) => Finding::of(check, Severity::Fault, error, reader),
            None => Finding::unseen(
                check,
                "a version could not be tried, or versions without labels could not be looked at",
            ),
        },
        State::PendingUnknown => {
            // What a value that cannot be used lacks is a finding of its own.
            let pending = versions
                .iter()
                .find(|version| version.has(&StagingLabel::Pending) && version.access != Access::Unusable);
            let finding = stuck(FindingCode::PendingStuck, Severity::Warning);
            match pending.and_then(|version| version.error.as_ref()) {
                Some(error) => Finding {
                    sentence: format!("{}: {}", finding.sentence, with_causes(error)),
                    mend: format!("{} {}", error.hint_for(reader), finding.mend),
                    ..finding
                },
                None => finding,
            }
        }
        State::PendingEmpty | State::PendingRefused | State::BothLogIn => {
            stuck(FindingCode::PendingStuck, Severity::Warning)
        }
        State::OnlyPending => stuck(FindingCode::PendingStuck, Severity::Fault),
        State::OnlyPrevious | State::OnlyUnlabelled => {
            let finding = stuck(FindingCode::CurrentRefused, Severity::Fault);
            let error = current.and_then(|version| version.error.as_ref());
            match error.filter(|error| error.code() == Code::SecretPasswordLineBreak) {
                Some(error) => Finding {
                    code: FindingCode::Failure(error.code()),
                    sentence: format!("{}: {}", finding.sentence, with_causes(error)),
                    mend: format!("{} Until then: {}", error.hint_for(reader), advice.sentence()),
                    ..finding
                },
                None => finding,
            }
        }
        State::NothingLogsIn if advice.remedy == Remedy::MendFirst => {
            let error = current.and_then(|version| version.error.as_ref());
            error.map_or_else(
                || stuck(FindingCode::Failure(Code::DbAllRefused), Severity::Fault),
                |error| Finding::of(check, Severity::Fault, error, reader),
            )
        }
        State::NothingLogsIn => {
            let error = current.and_then(|version| version.error.as_ref());
            let tried = versions.iter().filter(|version| version.access == Access::Refused).count();
            let one = error.filter(|_| tried < 2).map(RotationError::code);
            let code = FindingCode::Failure(one.unwrap_or(Code::DbAllRefused));
            let mut finding = stuck(code, Severity::Fault);
            if let Some(RotationError::Target(error)) = error
                && let Some(reason) = error.other_reason()
            {
                finding.mend = format!("{} {reason}", finding.mend);
            }
            finding
        }
    }
}

impl Examined {
    /// A version whose value the service does not tell.
    fn unread(id: VersionId, labels: Vec<StagingLabel>) -> Self {
        Self { id, labels, document: None, login: None, access: Access::NotTried, error: None }
    }
}
