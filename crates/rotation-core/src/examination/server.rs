//! What the server says of itself and of its users, against what a rotation needs.

use super::{Check, Examiner, Finding, FindingCode, Severity};
use crate::{
    code::Code,
    database::{
        Change, Credential, Credentials, Directory, Engine, Login, MasterSecret, Password, PasswordDemand,
        PasswordPolicy, Plan, SecondPassword, ServerFacts, Session, StatementError, StatementFault, Strategy,
        TargetError, UserPair, strategy::Proven,
    },
    diagnosis::Reader,
    document::SecretDocument,
    error::RotationError,
    event::SecretId,
    journal::Phase,
    record::SecretRecords,
    store::Version,
    target::Authority,
};

/// As many statements as a finding quotes.
const MOST_STATEMENTS: usize = 5;

/// A secret that opens its database.
pub(super) struct Opened<'a> {
    /// Whether another labelled version of the same user logs in as well, by another password.
    pub(super) another_logs_in: bool,
    pub(super) secret: &'a SecretId,
    pub(super) login: &'a Login,
    pub(super) document: &'a SecretDocument,
}

impl<S: SecretRecords, E: Engine, D: Directory> Examiner<'_, S, E, D> {
    /// The server, and what the strategy needs there, by reading alone.
    pub(super) async fn look_inside(&self, mut session: E::Session, opened: &Opened<'_>) -> Vec<Finding> {
        let (reader, (_, strategy, passwords)) = (self.reader(), self.database.parts());
        let pair = self.database.pair_in_use(opened.login);
        session.act_for(&self.database.owner(opened.secret));
        let facts =
            self.database.within(Phase::Probe, Credential::Current, session.facts(pair.as_ref())).await;
        let facts = match facts {
            Ok(facts) => facts,
            Err(error) => return vec![Finding::of(Check::Server, Severity::Fault, &error, reader)],
        };
        let alone = matches!(strategy, Strategy::SingleUser);
        let second = facts.second_password.clone().filter(|_| alone);
        // A master does what a user may not do for itself, but no rotation mends a user whose validity is over.
        let bars = |fault: &StatementFault| {
            matches!(fault, StatementFault::Expired | StatementFault::UserBarred { .. })
        };
        let hindrance = facts.hindrance.clone().filter(|fault| alone || bars(fault));
        let hindered = alone && hindrance.is_some();
        let mut findings = self::facts::<E>(ServerFacts { hindrance, ..facts }, passwords, reader);
        findings.extend(second.and_then(|second| old_password::<E>(second, opened.another_logs_in, reader)));
        if hindered {
            return findings;
        }
        let Ok(new) = passwords.generate() else { return findings };
        match strategy {
            Strategy::SingleUser => {
                let change = Change::OwnPassword { new: &new };
                let plan = self.database.plan(Credential::Current, &mut session, &change).await;
                findings.extend(own::<E>(plan, reader));
            }
            Strategy::AlternatingUsers { master, directory } => {
                let here = Proven::by(&session, opened.login);
                drop(session);
                findings.extend(self.look_as_master(master, directory, opened, here, new).await);
            }
        }
        findings
    }

    /// The master, and what it would change.
    async fn look_as_master(
        &self,
        master: &MasterSecret,
        directory: &D,
        opened: &Opened<'_>,
        here: Proven,
        password: Password,
    ) -> Vec<Finding> {
        let reader = self.reader();
        let live = &opened.login.credentials.username;
        // Told as a matter of names already.
        let Ok(pair) = UserPair::of(live, &E::PROFILE) else { return Vec::new() };
        let next = Credentials { username: pair.other(live).clone(), password };
        let fault = |check, error: &RotationError| vec![Finding::of(check, Severity::Fault, error, reader)];
        let secret = match master.of(opened.document) {
            Ok(secret) if secret == *opened.secret => {
                return fault(Check::Master, &TargetError::MasterIsSelf.into());
            }
            Ok(secret) => secret,
            Err(error) => return fault(Check::Master, &error),
        };
        let onlooker = Onlooker { store: self.store };
        let opening = self.database.look_as_master(opened.login, here, &next, &secret, directory, &onlooker);
        let mut opening = match opening.await {
            Ok(opened) => opened,
            Err(error) => return fault(Check::Master, &error),
        };
        let mut findings = vec![Finding::ok(Check::Master, "the master logs in")];
        let owner = self.database.owner(opened.secret);
        let (pair, method) = (&pair, opening.proven.method);
        let change = Change::OtherUser { pair, live, next: &next, owner: &owner, method };
        match self.database.plan(Credential::Master, &mut opening.session, &change).await {
            Ok(plan) => {
                findings.push(lacking::<E>(Credential::Master, &plan.lacking, reader));
                findings.push(grants(&plan, pair));
                findings.extend(plan.notes.into_iter().map(note));
            }
            Err(error) => findings.extend(fault(Check::Privileges, &error)),
        }
        findings
    }
}

/// What may be asked of the store beside a look: never whether a change may be made.
struct Onlooker<'a, S> {
    store: &'a S,
}

impl<S: SecretRecords> Authority for Onlooker<'_, S> {
    async fn confirm(&self) -> Result<(), RotationError> {
        Err(RotationError::LabelsMoved)
    }

    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn companion(&self, secret: &SecretId) -> Result<SecretDocument, RotationError> {
        match self.store.read(secret, Version::Current).await {
            Ok(Some(value)) => value.document().map_err(RotationError::MasterDocument),
            Ok(None) => Err(RotationError::MasterEmpty(secret.clone())),
            Err(error) => Err(RotationError::MasterUnreadable(error)),
        }
    }

    async fn companion_tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, RotationError> {
        self.store.tags(secret).await.map_err(RotationError::MasterUnreadable)
    }
}

fn facts<E: Engine>(facts: ServerFacts, passwords: &PasswordPolicy, reader: Reader) -> Vec<Finding> {
    let mut findings = vec![server::<E>(&facts, reader)];
    findings.extend(demands(&facts.password_demands, passwords));
    if let Some(fault) = facts.hindrance {
        findings.push(hindrance::<E>(Check::Privileges, Credential::Current, fault, reader));
    }
    findings.extend(facts.notes.into_iter().map(note));
    findings
}

fn server<E: Engine>(facts: &ServerFacts, reader: Reader) -> Finding {
    let version = facts.version.as_ref().map(|version| format!("{version}, "));
    match facts.writable {
        Some(true) => Finding::ok(Check::Server, format!("{}takes writes", version.unwrap_or_default())),
        Some(false) => hindrance::<E>(Check::Server, Credential::Current, StatementFault::ReadOnly, reader),
        None => Finding::unseen(Check::Server, "this engine does not tell whether it takes writes"),
    }
}

/// A password of a single user that no label holds, or that no rotation ends.
fn old_password<E: Engine>(second: SecondPassword, another_logs_in: bool, reader: Reader) -> Option<Finding> {
    let needed = match (second, another_logs_in) {
        (SecondPassword::Present { needed }, false) => needed,
        (SecondPassword::Unseen { needed }, true) => Some(needed),
        (SecondPassword::Present { .. }, true) | (SecondPassword::Unseen { .. }, false) => return None,
    };
    let fault = StatementFault::OldPasswordActive { needed };
    let finding = hindrance::<E>(Check::Passwords, Credential::Current, fault, reader);
    Some(Finding { severity: Severity::Warning, ..finding })
}

/// What a statement would fail by.
fn hindrance<E: Engine>(
    check: Check,
    credential: Credential,
    fault: StatementFault,
    reader: Reader,
) -> Finding {
    let error = TargetError::Statement {
        credential,
        error: StatementError::new(fault),
        remedies: E::PROFILE.remedies,
    };
    Finding::of(check, Severity::Fault, &error.into(), reader)
}

/// A single user's change of its own password.
fn own<E: Engine>(plan: Result<Plan, RotationError>, reader: Reader) -> Vec<Finding> {
    match plan {
        Ok(Plan { lacking: needed, notes, .. }) => {
            let mut findings = vec![lacking::<E>(Credential::Current, &needed, reader)];
            findings.extend(notes.into_iter().map(note));
            findings
        }
        Err(error) => vec![Finding::of(Check::Privileges, Severity::Fault, &error, reader)],
    }
}

fn lacking<E: Engine>(by: Credential, needed: &[String], reader: Reader) -> Finding {
    if needed.is_empty() {
        return Finding::ok(Check::Privileges, "nothing is seen to be missing");
    }
    let fault = StatementFault::PrivilegeMissing { needed: needed.join("; ") };
    hindrance::<E>(Check::Privileges, by, fault, reader)
}

/// What the second user has other than the first.
fn grants(plan: &Plan, pair: &UserPair) -> Finding {
    let check = Check::Grants;
    let drift: Vec<_> = plan.drift().collect();
    if drift.is_empty() {
        return Finding::ok(check, format!("{} has what {} has", pair.clone, pair.original));
    }
    if drift.iter().any(|statement| statement.kind.starts_with("create")) {
        return Finding::ok(check, format!("{} is not there yet; the next rotation makes it", pair.clone));
    }
    let quoted: Vec<_> =
        drift.iter().take(MOST_STATEMENTS).map(|statement| statement.text.as_str()).collect();
    let more = drift.len().saturating_sub(MOST_STATEMENTS);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    Finding {
        check,
        severity: Severity::Warning,
        code: FindingCode::GrantsDiffer,
        sentence: format!(
            "{} and {} differ; to equal lead: {}{more}",
            pair.original,
            pair.clone,
            quoted.join("; ")
        ),
        mend: "The next rotation brings them to equal, before it changes a password. Rotate now if an application \
            that was given the second user misses something."
            .into(),
    }
}

fn note(sentence: String) -> Finding {
    let (check, severity) = (Check::Server, Severity::Note);
    Finding { check, severity, code: FindingCode::ServerNote, sentence, mend: String::new() }
}

/// The server's policy against the passwords that are generated.
fn demands(demands: &[PasswordDemand], passwords: &PasswordPolicy) -> Option<Finding> {
    if demands.is_empty() {
        return None;
    }
    let unmet: Vec<_> = demands.iter().filter(|demand| !passwords.meets(**demand)).collect();
    let Some(demand) = unmet.first() else {
        return Some(Finding::ok(Check::Passwords, "generated passwords meet the server's policy"));
    };
    let (severity, sentence) = match demand {
        PasswordDemand::Length(least) => (
            Severity::Fault,
            format!("the server demands passwords of {least} characters, and shorter ones are generated"),
        ),
        PasswordDemand::Class(class, least) => (
            Severity::Warning,
            format!(
                "the server demands {least} {}{} in a password, and generated ones may have fewer",
                class.noun(),
                if *least == 1 { "" } else { "s" }
            ),
        ),
    };
    Some(Finding {
        check: Check::Passwords,
        severity,
        code: FindingCode::Failure(Code::DbPasswordPolicy),
        sentence,
        mend: "Raise PASSWORD_LENGTH, or exclude fewer classes, until the generator meets the policy.".into(),
    })
}
