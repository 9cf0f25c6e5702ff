//! One secret, one service, and the invocations that rotate it. Every rule that holds for any invocation is
//! checked here.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    time::Duration,
};

use rotation_core::{
    Code, Deadline, DryRun, ForeignSecrets, Invocation, Invoker, Outcome, Reader, RotationError,
    RotationEvent, Rotator, SecretDocument, StagingLabel, Step, Target, VersionId, with_causes,
};

use crate::{
    bench::{Make, Service, Subject},
    finding::{Defect, Findings},
    hook::Hook,
    store::{FUNCTION, MemoryStore, secret, version},
};

/// Longer than any pause of a target; the clock jumps.
const TIME: Duration = Duration::from_mins(15);

/// More attempts than there are planned faults.
const ATTEMPTS: usize = 6;

/// How an invocation ended; `None` where it was killed.
pub(crate) type Ended = Option<Result<Outcome, RotationError>>;

pub(crate) struct World<'a, S> {
    pub(crate) hook: Hook,
    pub(crate) store: MemoryStore,
    subject: S,
    findings: &'a RefCell<Findings>,
    /// The topic, for the points of findings.
    situation: RefCell<String>,
    /// The code of the last invocation's failure, if it failed.
    failure: Cell<Option<Code>>,
}

impl<'a, S: Subject> World<'a, S> {
    pub(crate) fn new(
        make: &impl Make<Subject = S>,
        findings: &'a RefCell<Findings>,
        situation: &str,
    ) -> Self {
        let hook = Hook::default();
        let subject = make.make(hook.clone());
        let store = MemoryStore::new(subject.service().first(), hook.clone());
        Self {
            hook,
            store,
            subject,
            findings,
            situation: RefCell::new(situation.to_owned()),
            failure: Cell::default(),
        }
    }

    pub(crate) fn now(&self, situation: &str) {
        situation.clone_into(&mut self.situation.borrow_mut());
    }

    pub(crate) fn find(&self, defect: Defect) {
        let code = self.failure.get().filter(|_| defect.is_failure());
        self.findings.borrow_mut().add(defect, || {
            let mut point = self.situation.borrow().clone();
            let fired = self.hook.fired();
            if !fired.is_empty() {
                point = format!("{point}: {}", fired.join(", then "));
            }
            match code {
                Some(code) => format!("{point}; its code is {code}"),
                None => point,
            }
        });
    }

    pub(crate) fn accepted(&self) -> BTreeSet<String> {
        self.subject.service().accepted()
    }

    pub(crate) fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        self.subject.service().secrets(document)
    }

    fn rotator(&self) -> Rotator<MemoryStore, S::Target> {
        let invocation = invocation();
        Rotator::new(self.store.clone(), self.subject.target(&invocation), &invocation)
    }

    /// An invocation without any check.
    pub(crate) async fn run(&self, step: Step, version: &VersionId) -> Result<Outcome, RotationError> {
        self.rotator().rotate(&event(step, version)).await
    }

    /// A dry run, which changes nothing.
    pub(crate) async fn dry_run(&self, step: Step, version: &VersionId) {
        let before = (self.accepted(), self.store.snapshot());
        match self.rotator().dry_run(&event(step, version)).await {
            Ok(dry_run) => dry_run.iter().for_each(|one| self.read_dry_run(one)),
            Err(error) => {
                self.read_error(&error);
                self.find(Defect::DryRunFails);
            }
        }
        if (self.accepted(), self.store.snapshot()) != before {
            self.find(Defect::ChangedByDryRun);
        }
    }

    /// Runs an invocation, and checks every rule afterwards.
    pub(crate) async fn invoke(&self, step: Step, version: &VersionId) -> Ended {
        let before = self.accepted();
        let ended = tokio::select! {
            biased;
            () = self.hook.killed() => None,
            ended = self.run(step, version) => Some(ended),
        };
        self.check_texts(ended.as_ref());
        self.check_change(step, &before);
        if let Some(Ok(outcome)) = &ended {
            self.check_success(step, version, outcome);
        }
        self.check_current();
        ended
    }

    fn check_change(&self, step: Step, before: &BTreeSet<String>) {
        let after = self.accepted();
        if after != *before {
            let may = if S::ISSUES { Step::Create } else { Step::Set };
            if step != may {
                self.find(Defect::ChangedByStep(step));
            } else if !S::ISSUES && !self.store.documents().iter().any(|document| self.opens(document)) {
                self.find(Defect::UnknownCredential);
            }
        }
        if S::ISSUES && after.len() > 2 {
            self.find(Defect::TooMany);
        }
    }

    fn check_success(&self, step: Step, version: &VersionId, outcome: &Outcome) {
        if *outcome == Outcome::AlreadyDone {
            return;
        }
        let pending = self.store.document(version);
        let opens = pending.as_ref().is_some_and(|pending| self.opens(pending));
        match step {
            Step::Create => {
                let current = self.current().map(|current| self.secrets(&current));
                if pending.as_ref().is_some_and(|pending| Some(self.secrets(pending)) == current) {
                    self.find(Defect::SameCredential);
                }
                if let Some((current, pending)) = self.current().zip(pending) {
                    self.check_fields(&current, &pending);
                }
            }
            Step::Set if !opens => self.find(Defect::SetWithoutEffect),
            Step::Test if !opens => self.find(Defect::TestWithoutProof),
            Step::Set | Step::Test | Step::Finish => {}
        }
    }

    fn check_fields(&self, current: &SecretDocument, pending: &SecretDocument) {
        let rotated = self.subject.target(&invocation()).rotated_fields();
        for name in current.names().chain(pending.names()) {
            if !rotated.contains(&name) && current.get(name) != pending.get(name) {
                self.find(Defect::OtherField(name.to_owned()));
            }
        }
    }

    /// Checks that AWSCURRENT works. A target may change its one credential before the label moves; an issuer
    /// has no such gap.
    pub(crate) fn check_current(&self) {
        let must_open = S::ISSUES || self.store.is_at_rest();
        if must_open && !self.current().is_some_and(|current| self.opens(&current)) {
            self.find(Defect::CurrentLocked);
        }
    }

    /// Checks that every credential that the service accepts belongs to a version. This holds once a rotation
    /// without faults has ended.
    fn check_orphans(&self) {
        let open = self.store.documents().into_iter().filter(|document| self.opens(document));
        let known: BTreeSet<Vec<String>> = open.map(|document| self.secrets(&document)).collect();
        if self.accepted().len() > known.len() {
            self.find(Defect::Orphan);
        }
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        self.subject.service().opens(document)
    }

    fn current(&self) -> Option<SecretDocument> {
        self.store.document(&self.store.holder(&StagingLabel::Current)?)
    }

    /// Calls the steps as the service does, from the first one after a failure, until the rotation has ended.
    pub(crate) async fn finish(&self, version: &VersionId) -> bool {
        let mut failed = Step::Create;
        for _ in 0..ATTEMPTS {
            match self.round(version).await {
                Ok(()) => return true,
                Err(step) => failed = step,
            }
        }
        self.find(Defect::NeverEnds(failed));
        false
    }

    async fn round(&self, version: &VersionId) -> Result<(), Step> {
        for step in Step::ALL {
            if !matches!(self.invoke(step, version).await, Some(Ok(_))) {
                return Err(step);
            }
        }
        Ok(())
    }

    /// Runs a whole rotation without faults.
    pub(crate) async fn rotate(&self, number: usize) {
        let version = version(number);
        self.store.begin(&version);
        match self.round(&version).await {
            Ok(()) => self.check_orphans(),
            Err(step) => self.find(Defect::HealthyFails(step)),
        }
    }

    pub(crate) fn check_texts(&self, ended: Option<&Result<Outcome, RotationError>>) {
        match ended {
            None => {}
            Some(Err(error)) => self.read_error(error),
            Some(Ok(outcome)) => self.read("a note", &format!("{outcome:?}")),
        }
    }

    fn read_error(&self, error: &RotationError) {
        self.failure.set(Some(error.code()));
        self.read("the text of an error", &with_causes(error));
        self.read("the Debug of an error", &format!("{error:?} {error:#?}"));
        self.read("the detail of an error", &error.detail().unwrap_or_default());
        for reader in [Reader::Operator, Reader::Person] {
            self.read("the remediation of an error", &error.remediation(reader));
        }
    }

    fn read_dry_run(&self, dry_run: &DryRun) {
        for act in dry_run.steps.iter().flat_map(|(_, acts)| acts) {
            self.read("a dry run", &act.to_string());
        }
        if let Some(obstacle) = &dry_run.obstacle {
            self.read_error(obstacle);
        }
    }

    fn read(&self, what: &'static str, text: &str) {
        let secrets =
            self.store.documents().iter().flat_map(|document| self.secrets(document)).collect::<Vec<_>>();
        if secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret.as_str())) {
            self.find(Defect::TextShowsSecret(what));
        }
    }
}

fn invocation() -> Invocation {
    let arn = FUNCTION.to_owned();
    let invoker = Invoker::Function { arn, foreign_secrets: ForeignSecrets::Refuse };
    Invocation::new(invoker, Deadline::after(TIME))
}

fn event(step: Step, version: &VersionId) -> RotationEvent {
    RotationEvent { step, secret: secret(), version: version.clone(), rotation_token: None }
}
