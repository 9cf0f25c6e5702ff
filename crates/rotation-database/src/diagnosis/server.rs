//! What the server reports about itself and its users, compared with what a rotation needs.

use rotation_core::{
    CredentialSource, Password, PasswordDemand, PasswordPolicy, Phase, Reader, RelatedSecrets, RotationError,
    SecretDocument, SecretId,
    diagnosis::{Check, Finding, FindingCode, Severity},
};

use crate::{
    Change, Credentials, Database, DatabaseError, DatabaseLookup, Engine, Login, MASTER_SECRET, MasterSecret,
    Plan, SecondPassword, ServerFacts, Session, StatementError, StatementFault, Strategy, UserPair, codes,
    finding_codes, remediation::findings as remediation, strategy::Proven,
};

/// The most statements that a finding quotes.
const MOST_STATEMENTS: usize = 5;

/// A secret that opens its database.
pub(super) struct Opened<'a> {
    pub(super) secret: &'a SecretId,
    pub(super) login: &'a Login,
    pub(super) document: &'a SecretDocument,
    /// Whether another version of the same user also logs in, with another password.
    pub(super) another_logs_in: bool,
}

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Checks the server, and what the strategy needs there. Only reads.
    pub(super) async fn look_at_server(
        &self,
        mut session: E::Session,
        opened: &Opened<'_>,
        related: &impl RelatedSecrets,
        reader: Reader,
    ) -> Vec<Finding> {
        let (_, strategy, passwords) = self.parts();
        let pair = self.pair_in_use(opened.login);
        session.act_for(&self.owner(opened.secret));
        let facts = self.within(Phase::Probe, CredentialSource::Current, session.facts(pair.as_ref())).await;
        let facts = match facts {
            Ok(facts) => facts,
            Err(error) => return vec![Finding::from_error(Check::Server, Severity::Fault, &error, reader)],
        };
        let alone = matches!(strategy, Strategy::SingleUser);
        let second = facts.second_password.clone().filter(|_| alone);
        // A master can do what a user may not do for itself, but no rotation helps a user whose validity has
        // expired.
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
                let plan = self.plan(CredentialSource::Current, &mut session, &change).await;
                findings.extend(own::<E>(plan, reader));
            }
            Strategy::MasterUser { master, lookup } => {
                let here = Proven::by(&session, opened.login);
                drop(session);
                let look = self.look_at_master(master, lookup, opened, here, new, related, reader);
                findings.extend(look.await);
            }
        }
        findings
    }

    /// Checks the master, and what it would change.
    #[expect(clippy::too_many_arguments, reason = "each is one thing that the check depends on")]
    async fn look_at_master(
        &self,
        master: &MasterSecret,
        lookup: &D,
        opened: &Opened<'_>,
        here: Proven,
        password: Password,
        related: &impl RelatedSecrets,
        reader: Reader,
    ) -> Vec<Finding> {
        let live = &opened.login.credentials.username;
        // A finding about the names reports that already.
        let Ok(pair) = UserPair::of(live, &E::PROFILE) else { return Vec::new() };
        let next = Credentials { username: pair.other(live).clone(), password };
        let fault =
            |check, error: &RotationError| vec![Finding::from_error(check, Severity::Fault, error, reader)];
        let secret = match master.of(opened.document) {
            Ok(secret) if secret == *opened.secret => {
                return fault(Check::Master, &DatabaseError::MasterSameAsSecret.into());
            }
            Ok(secret) => secret,
            Err(error) => return fault(Check::Master, &error),
        };
        let opening = self.look_as_master(opened.login, here, &next, &secret, lookup, related);
        let mut opening = match opening.await {
            Ok(opened) => opened,
            Err(error) => return fault(Check::Master, &error),
        };
        let mut findings = vec![Finding::ok(Check::Master, "the master logs in")];
        let owner = self.owner(opened.secret);
        let (pair, method) = (&pair, opening.proven.method);
        let change = Change::OtherUser { pair, live, next: &next, owner: &owner, method };
        match self.plan(MASTER_SECRET, &mut opening.session, &change).await {
            Ok(plan) => {
                findings.push(lacking::<E>(MASTER_SECRET, &plan.lacking, reader));
                findings.push(grants(&plan, pair));
                findings.extend(plan.notes.into_iter().map(note));
            }
            Err(error) => findings.extend(fault(Check::Privileges, &error)),
        }
        findings
    }
}

fn facts<E: Engine>(facts: ServerFacts, passwords: &PasswordPolicy, reader: Reader) -> Vec<Finding> {
    let mut findings = vec![server::<E>(&facts, reader)];
    findings.extend(demands(&facts.password_demands, passwords));
    if let Some(fault) = facts.hindrance {
        findings.push(hindrance::<E>(Check::Privileges, CredentialSource::Current, fault, reader));
    }
    findings.extend(facts.notes.into_iter().map(note));
    findings
}

fn server<E: Engine>(facts: &ServerFacts, reader: Reader) -> Finding {
    let version = facts.version.as_ref().map(|version| format!("{version}, "));
    match facts.writable {
        Some(true) => Finding::ok(Check::Server, format!("{}accepts writes", version.unwrap_or_default())),
        Some(false) => {
            hindrance::<E>(Check::Server, CredentialSource::Current, StatementFault::ReadOnly, reader)
        }
        None => Finding::unseen(Check::Server, "this engine does not report whether it accepts writes"),
    }
}

/// A password of a single user that belongs to no label, or that no rotation ends.
fn old_password<E: Engine>(second: SecondPassword, another_logs_in: bool, reader: Reader) -> Option<Finding> {
    let needed = match (second, another_logs_in) {
        (SecondPassword::Present { needed }, false) => needed,
        (SecondPassword::Unseen { needed }, true) => Some(needed),
        (SecondPassword::Present { .. }, true) | (SecondPassword::Unseen { .. }, false) => return None,
    };
    let fault = StatementFault::OldPasswordActive { needed };
    let finding = hindrance::<E>(Check::Passwords, CredentialSource::Current, fault, reader);
    Some(Finding { severity: Severity::Warning, ..finding })
}

/// The finding about a statement that would fail.
fn hindrance<E: Engine>(
    check: Check,
    credential: CredentialSource,
    fault: StatementFault,
    reader: Reader,
) -> Finding {
    let error = DatabaseError::Statement {
        credential,
        error: StatementError::new(fault),
        remedies: E::PROFILE.remedies,
    };
    Finding::from_error(check, Severity::Fault, &error.into(), reader)
}

/// The findings about a single user's change of its own password.
fn own<E: Engine>(plan: Result<Plan, RotationError>, reader: Reader) -> Vec<Finding> {
    match plan {
        Ok(Plan { lacking: needed, notes, .. }) => {
            let mut findings = vec![lacking::<E>(CredentialSource::Current, &needed, reader)];
            findings.extend(notes.into_iter().map(note));
            findings
        }
        Err(error) => vec![Finding::from_error(Check::Privileges, Severity::Fault, &error, reader)],
    }
}

fn lacking<E: Engine>(by: CredentialSource, needed: &[String], reader: Reader) -> Finding {
    if needed.is_empty() {
        return Finding::ok(Check::Privileges, "nothing is seen to be missing");
    }
    let fault = StatementFault::PrivilegeMissing { needed: needed.join("; ") };
    hindrance::<E>(Check::Privileges, by, fault, reader)
}

/// The differences of the second user from the first.
fn grants(plan: &Plan, pair: &UserPair) -> Finding {
    let check = Check::Grants;
    let drift: Vec<_> = plan.drift().collect();
    if drift.is_empty() {
        return Finding::ok(check, format!("{} has what {} has", pair.clone, pair.original));
    }
    if drift.iter().any(|statement| statement.kind.starts_with("create")) {
        return Finding::ok(
            check,
            format!("{} does not exist yet; the next rotation creates it", pair.clone),
        );
    }
    let quoted: Vec<_> =
        drift.iter().take(MOST_STATEMENTS).map(|statement| statement.text.as_str()).collect();
    let more = drift.len().saturating_sub(MOST_STATEMENTS);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    Finding {
        check,
        severity: Severity::Warning,
        code: finding_codes::GRANTS_DIFFER,
        sentence: format!(
            "{} and {} differ; these statements reconcile them: {}{more}",
            pair.original,
            pair.clone,
            quoted.join("; ")
        ),
        remediation: remediation::GRANTS_DIFFER.into(),
    }
}

fn note(sentence: String) -> Finding {
    let (check, severity) = (Check::Server, Severity::Note);
    Finding { check, severity, code: finding_codes::SERVER_NOTE, sentence, remediation: String::new() }
}

/// The server's password policy, compared with the generated passwords.
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
        code: FindingCode::Failure(codes::DB_PASSWORD_POLICY),
        sentence,
        remediation: remediation::PASSWORD_POLICY.into(),
    })
}
