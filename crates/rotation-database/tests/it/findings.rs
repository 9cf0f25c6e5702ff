//! The findings of a diagnosis, in worlds that are set up for one finding each.

mod answers;
mod configuration;
mod inside;
mod labels;
mod master;
mod refused;
mod teller;
mod versions;
mod way;

use std::{
    fmt::Write,
    rc::Rc,
    time::{Duration, SystemTime},
};

use expect_test::Expect;
use rotation_core::{
    ForeignSecrets, Invoker, RotationError, SecretId, StagingLabel,
    diagnosis::{Finding, Severity},
};
use rotation_database::{Database, DatabaseSettings, ServerFacts, Strategy};
use rotation_doctor::{Diagnosis, Doctor, Logins};

use self::teller::{Teller, Told};
use crate::{
    errors_document::hints::check_findings,
    world::{
        ARN, Act, Atlas, FUNCTION, Kind, Plan, Server, Service, Situation, Store, Value, Variant, World,
        document, invocation, policy, version,
    },
};

/// A secret to diagnose, and what its server reports.
struct Subject {
    service: Service,
    shown: Told,
    invoker: Invoker,
    logins: Logins,
    now: SystemTime,
    /// A strategy other than the plan's.
    strategy: Option<Strategy<Atlas>>,
}

impl Subject {
    /// A secret with only AWSCURRENT, diagnosed by its function, on a server that accepts writes.
    async fn of(plan: Plan, situation: Situation) -> Self {
        let service = situation.prepare(plan, Kind::Transactional, Variant::Sound).await;
        Act::PendingRemoved.by_hand(&service.world);
        service.world.server.borrow_mut().attempts.clear();
        let facts = ServerFacts { writable: Some(true), ..ServerFacts::default() };
        let shown = Told { facts, ..Told::nothing() };
        let invoker = Invoker::Function { arn: FUNCTION.into(), foreign_secrets: ForeignSecrets::Refuse };
        let (logins, now) = (Logins::Each, SystemTime::UNIX_EPOCH);
        Self { service, shown, invoker, logins, now, strategy: None }
    }

    async fn single() -> Self {
        Self::of(Plan::SingleUser, Situation::Fresh).await
    }

    fn world(&self) -> &Rc<World> {
        &self.service.world
    }

    /// Stores a version under a label.
    fn put(&self, label: &StagingLabel, number: usize, text: String) {
        let mut store = self.world().store.borrow_mut();
        let secret = store.secret_mut();
        secret.versions.entry(version(number)).or_default().value = Some(Value::Text(text));
        secret.label(label, &version(number));
    }

    /// Stores a version without a label.
    fn put_unlabeled(&self, number: usize, text: String) {
        let mut store = self.world().store.borrow_mut();
        store.secret_mut().versions.entry(version(number)).or_default().value = Some(Value::Text(text));
    }

    /// Changes the user's password in the database alone.
    fn set_password(&self, password: &str) {
        self.world().server.borrow_mut().users.get_mut("app").unwrap().password = Some(password.into());
    }

    async fn diagnose_homes<const HOMES: bool>(&self, repair: bool) -> Result<Diagnosis, RotationError> {
        let world = self.world();
        let (store, invocation) = (Store(Rc::clone(world)), invocation(Duration::from_mins(1)));
        let engine = Teller::<HOMES> { server: Server(Rc::clone(world)), shown: self.shown.clone() };
        let strategy = self.strategy.clone().unwrap_or_else(|| self.service.plan.strategy(world));
        let database = Database::new(&engine, strategy, DatabaseSettings::new(policy()), &invocation);
        let (invoker, logins, now) = (self.invoker.clone(), self.logins, self.now);
        let doctor = Doctor { store: &store, target: &database, invoker, logins, now };
        let diagnosis = doctor.diagnose(&SecretId::new(ARN).unwrap()).await?;
        if repair {
            doctor.repair(&diagnosis).await?;
        }
        Ok(diagnosis)
    }

    async fn diagnose(&self) -> Diagnosis {
        self.diagnose_homes::<false>(false).await.unwrap()
    }

    /// The login attempts so far, in order: `app at db.example.com`.
    fn attempts(&self) -> Vec<String> {
        let server = self.world().server.borrow();
        server.attempts.iter().map(|attempt| format!("{} at {}", attempt.username, attempt.host)).collect()
    }
}

fn line(finding: &Finding) -> String {
    let (severity, check, code) = (finding.severity.name(), finding.check.name(), finding.code.name());
    let remediation =
        if finding.remediation.is_empty() { String::new() } else { format!("\n    {}", finding.remediation) };
    format!("{severity} {check} {code}: {}{remediation}\n", finding.sentence)
}

/// Each finding that is not ok in full, and the names of the others.
fn text(diagnosis: &Diagnosis) -> String {
    let (well, ill): (Vec<_>, Vec<_>) =
        diagnosis.findings.iter().partition(|finding| finding.severity == Severity::Ok);
    let mut text: String = ill.into_iter().map(line).collect();
    let well: Vec<_> = well.iter().map(|finding| finding.check.name()).collect();
    writeln!(text, "ok {}", well.join(" ")).unwrap();
    for seen in &diagnosis.versions {
        let labels: Vec<_> = seen.labels.iter().map(StagingLabel::name).collect();
        let username = seen.username.as_deref().unwrap_or("nobody");
        let (id, access) = (&seen.id.as_str()[34..], seen.access.words());
        let code = seen.code.map(|code| format!(", {code}")).unwrap_or_default();
        let age = seen.age.map(|age| format!(", {age:?} old")).unwrap_or_default();
        writeln!(text, "version {id} [{}] of {username}: {access}{code}{age}", labels.join(" ")).unwrap();
    }
    writeln!(text, "{}: {}", diagnosis.advice.state.name(), diagnosis.next_step()).unwrap();
    text
}

/// Diagnoses a secret after `spoil`, and compares the whole report.
#[track_caller]
fn check(plan: Plan, situation: Situation, spoil: impl FnOnce(&mut Subject), expected: &Expect) {
    let said = World::run(async {
        let mut subject = Subject::of(plan, situation).await;
        spoil(&mut subject);
        let diagnosis = subject.diagnose().await;
        check_findings(&diagnosis);
        text(&diagnosis)
    });
    expected.assert_eq(&said);
}

/// The same for a single user that was never rotated.
#[track_caller]
fn check_single(spoil: impl FnOnce(&mut Subject), expected: &Expect) {
    check(Plan::SingleUser, Situation::Fresh, spoil, expected);
}

/// The current document with these fields before the others.
fn with(fields: &str) -> String {
    document("app", "first-password").replacen('{', &format!("{{{fields},"), 1)
}
