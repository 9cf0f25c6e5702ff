//! Secrets Manager, which drives a rotation.

use std::{future::poll_fn, rc::Rc, sync::LazyLock, task::Poll, time::Duration};

use rotation_core::{
    Deadline, DryRun, ForeignSecrets, Invocation, Invoker, Journal, Outcome, PasswordPolicy,
    PasswordSettings, PasswordSource, RotationError, RotationEvent, Rotator, SecretId, SecretStore,
    StagingLabel, Step, Target, VersionId,
};
use rotation_database::{Database, DatabaseSettings, Engine};

use super::{ARN, Atlas, Defect, FUNCTION, PROFILE, Plan, Server, Store, Value, World, digest::credentials};
use crate::mutants::{
    DowngradesTls, NeverAsks, OverwritesValue, RereadsCurrent, RetriesInPlaintext, SwallowsErrors,
    TrustsPending,
};

/// The function under test: the real one, or the real one with one defect reintroduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Sound,
    /// finishSecret swaps against whatever is AWSCURRENT now.
    RereadsCurrent,
    /// setSecret is done as soon as pending logs in.
    TrustsPending,
    /// A certificate failure counts as "no TLS offered".
    DowngradesTls,
    /// Any failure is followed by plaintext.
    RetriesInPlaintext,
    /// Any failure counts as a wrong password.
    SwallowsErrors,
    /// A version may get a second value.
    OverwritesValue,
    /// A change is committed without a last read of the labels.
    NeverAsks,
    /// The engine does something wrong.
    Engine(Defect),
}

/// What the service does with AWSPENDING after a rotation; users report both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clean {
    Removes,
    Leaves,
}

/// One rotation.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) world: Rc<World>,
    pub(crate) plan: Plan,
    pub(crate) variant: Variant,
    pub(crate) token: VersionId,
    /// The invocation to which the calls belong.
    pub(crate) actor: usize,
    pub(crate) clean: Clean,
}

impl Service {
    /// The time that Lambda leaves an invocation.
    pub(crate) const TIME: Duration = Duration::from_secs(25);
    /// Whole rotations until the service gives up.
    const ATTEMPTS: usize = 4;

    /// `RotateSecret`: a version under AWSPENDING without a value.
    pub(crate) fn begin(&self) {
        let mut store = self.world.store.borrow_mut();
        let secret = store.secret_mut();
        if let Some(pending) = secret.holder(&StagingLabel::Pending) {
            assert!(secret.holds(pending, &StagingLabel::Current), "a previous rotation isn't complete");
        }
        secret.label(&StagingLabel::Pending, &self.token);
    }

    /// The same, with the watch set, to explore from here.
    pub(crate) fn started(self) -> Self {
        if !self.world.store.borrow().secret().versions.contains_key(&self.token) {
            self.begin();
        }
        if let Variant::Engine(defect) = self.variant {
            self.world.server.borrow_mut().defect = Some(defect);
        }
        let mut watch = self.world.watch.borrow_mut();
        watch.plan = Some(self.plan);
        watch.tokens.insert(self.actor, self.token.clone());
        drop(watch);
        self.world.accept();
        let mut gate = self.world.gate.borrow_mut();
        gate.calls = 0;
        gate.log.clear();
        drop(gate);
        self
    }

    /// The same rotation in a copy of the present world.
    pub(crate) fn fork(&self) -> Self {
        let world = World::new(self.world.store.borrow().clone(), self.world.server.borrow().clone());
        *world.lookup.borrow_mut() = self.world.lookup.borrow().clone();
        *world.watch.borrow_mut() = self.world.watch.borrow().clone();
        world.adopting.set(self.world.adopting.get());
        Self { world, ..self.clone() }
    }

    /// Runs the whole rotation until it succeeds. Returns the number of attempts.
    pub(crate) async fn rotate(&self) -> Option<usize> {
        self.rotate_or_code().await.ok()
    }

    /// The same, or returns the code of the last failure.
    pub(crate) async fn rotate_or_code(&self) -> Result<usize, &'static str> {
        let mut last = "KILLED";
        for attempt in 1..=Self::ATTEMPTS {
            match self.attempt().await {
                Ok(()) => return Ok(attempt),
                Err(code) => last = code,
            }
        }
        Err(last)
    }

    /// Runs the four steps, until one fails.
    pub(crate) async fn attempt(&self) -> Result<(), &'static str> {
        for step in Step::ALL {
            match self.invoke(step).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.code().name()),
                None => return Err("KILLED"),
            }
        }
        self.end();
        Ok(())
    }

    /// After finishSecret, the service may remove AWSPENDING.
    pub(crate) fn clean_up(&self) {
        let mut store = self.world.store.borrow_mut();
        let secret = store.secret_mut();
        if self.clean == Clean::Removes && secret.holds(&self.token, &StagingLabel::Pending) {
            secret.unlabel(&StagingLabel::Pending);
        }
    }

    /// After finishSecret: cleans up and checks the invariants.
    pub(crate) fn end(&self) {
        self.clean_up();
        self.world.check_finished("store: UpdateSecretVersionStage");
    }

    /// One invocation; `None` where it was killed.
    pub(crate) async fn invoke(&self, step: Step) -> Option<Result<Outcome, RotationError>> {
        self.journaled(step).await.map(|(outcome, _)| outcome)
    }

    /// The same, with the statements of the function's journal afterwards. The journal is compared with the
    /// world where no other actor changed it.
    pub(crate) async fn journaled(&self, step: Step) -> Option<(Result<Outcome, RotationError>, Journal)> {
        let (from, journal) = (self.world.gate.borrow().log.len(), Journal::default());
        *self.world.gate.borrow_mut().begun.entry(self.actor).or_default() += 1;
        self.world.begins(self.actor);
        let outcome = self.polled(step, &journal).await;
        let gate = self.world.gate.borrow();
        let own = gate.log[from..].iter().filter(|(actor, _)| *actor == self.actor);
        let calls: Vec<_> = own.map(|(_, name)| *name).collect();
        drop(gate);
        self.world.sight_answer(&calls, outcome.as_ref());
        let outcome = outcome?;
        let alone =
            self.world.watch.borrow().tokens.len() == 1 && self.world.gate.borrow().meanwhile.is_none();
        if alone {
            self.world.check_state(journal.state().as_ref());
        }
        Some((outcome, journal))
    }

    async fn polled(&self, step: Step, journal: &Journal) -> Option<Result<Outcome, RotationError>> {
        let mut invocation = Box::pin(self.function(step, journal));
        self.world.gate.borrow_mut().killed = false;
        poll_fn(|cx| {
            let outcome = invocation.as_mut().poll(cx);
            if std::mem::take(&mut self.world.gate.borrow_mut().killed) {
                return Poll::Ready(None);
            }
            outcome.map(Some)
        })
        .await
    }

    async fn function(&self, step: Step, journal: &Journal) -> Result<Outcome, RotationError> {
        let store = Store(Rc::clone(&self.world));
        let server = Server(Rc::clone(&self.world));
        let invocation = Invocation { journal: journal.clone(), ..invocation(Self::TIME) };
        let invocation = &invocation;
        match self.variant {
            Variant::Sound | Variant::Engine(_) => {
                let target = self.database(server, invocation);
                self.run(step, store, target, invocation).await
            }
            Variant::RereadsCurrent => {
                self.run(step, RereadsCurrent(store), self.database(server, invocation), invocation).await
            }
            Variant::TrustsPending => {
                let target = TrustsPending(self.database(server, invocation));
                self.run(step, store, target, invocation).await
            }
            Variant::NeverAsks => {
                let target = NeverAsks(self.database(server, invocation));
                self.run(step, store, target, invocation).await
            }
            Variant::OverwritesValue => {
                let store = OverwritesValue(store);
                self.run(step, store, self.database(server, invocation), invocation).await
            }
            Variant::RetriesInPlaintext => {
                let target = self.database(RetriesInPlaintext(server), invocation);
                self.run(step, store, target, invocation).await
            }
            Variant::SwallowsErrors => {
                let target = self.database(SwallowsErrors(server), invocation);
                self.run(step, store, target, invocation).await
            }
            Variant::DowngradesTls => {
                let target = self.database(DowngradesTls(server), invocation);
                self.run(step, store, target, invocation).await
            }
        }
    }

    pub(crate) fn database<E: Engine>(&self, engine: E, invocation: &Invocation) -> Database<E, Atlas> {
        let passwords =
            if self.plan == Plan::SingleUserByService { policy_of_the_service() } else { policy() };
        let adopting = self.world.adopting.get().then(|| SecretId::new(ARN).unwrap());
        let settings = DatabaseSettings { adopting, ..DatabaseSettings::new(passwords) };
        Database::new(engine, self.plan.strategy(&self.world), settings, invocation)
    }

    /// The function's dry run.
    pub(crate) async fn dry_run(&self, step: Step) -> Result<Option<DryRun>, RotationError> {
        let (store, invocation) = (Store(Rc::clone(&self.world)), invocation(Self::TIME));
        let target = self.database(Server(Rc::clone(&self.world)), &invocation);
        Rotator::new(store, target, &invocation).dry_run(&self.event(step)).await
    }

    /// The same, for a person.
    pub(crate) async fn dry_run_all(&self) -> Result<DryRun, RotationError> {
        let store = Store(Rc::clone(&self.world));
        let invocation = Invocation::new(Invoker::Person, Deadline::after(Self::TIME));
        let target = self.database(Server(Rc::clone(&self.world)), &invocation);
        let rotator = Rotator::new(store, target, &invocation);
        rotator.dry_run_all(&SecretId::new(ARN).unwrap()).await
    }

    fn event(&self, step: Step) -> RotationEvent {
        RotationEvent {
            step,
            secret: SecretId::new(ARN).unwrap(),
            version: self.token.clone(),
            rotation_token: None,
        }
    }

    async fn run(
        &self,
        step: Step,
        store: impl SecretStore,
        target: impl Target,
        invocation: &Invocation,
    ) -> Result<Outcome, RotationError> {
        let event = self.event(step);
        let rotator = Rotator::new(store, target, invocation);
        Box::pin(rotator.rotate(&event)).await
    }
}

impl World {
    /// The user name under AWSCURRENT.
    pub(crate) fn live_user(&self) -> String {
        let store = self.store.borrow();
        let Some(Value::Text(text)) = store.secret().value(&StagingLabel::Current) else { unreachable!() };
        credentials(text).0
    }
}

/// An invocation of the secret's function with this time limit.
pub(crate) fn invocation(time: Duration) -> Invocation {
    let invoker = Invoker::Function { arn: FUNCTION.into(), foreign_secrets: ForeignSecrets::Refuse };
    Invocation::new(invoker, Deadline::after(time))
}

/// The default policy, made once.
pub(crate) fn policy() -> PasswordPolicy {
    static POLICY: LazyLock<PasswordPolicy> =
        LazyLock::new(|| PasswordPolicy::new(PasswordSettings::default(), &PROFILE.password_rule).unwrap());
    POLICY.clone()
}

/// The same, with passwords that Secrets Manager generates.
fn policy_of_the_service() -> PasswordPolicy {
    static POLICY: LazyLock<PasswordPolicy> = LazyLock::new(|| {
        let settings =
            PasswordSettings { source: PasswordSource::SecretsManager, ..PasswordSettings::default() };
        PasswordPolicy::new(settings, &PROFILE.password_rule).unwrap()
    });
    POLICY.clone()
}
