//! Three defects that other rotation functions have, put back on purpose: the proofs must see each of them.

use std::collections::BTreeSet;

use rotation_core::{
    Applied, Authority, Deadline, PendingVersion, Put, RotationError, SecretDocument, SecretId, SecretStore,
    SecretValue, Step, StoreError, Target, Version, VersionStages, Versions,
    database::{ConnectError, Engine, EngineProfile, Login, Password, PasswordPolicy, Transport},
};

use crate::{
    faults::Explored,
    interleavings::{Pair, Race, Walked},
    world::{Attempt, Badness, Kind, Plan, ServerTls, Situation, Store, Variant, World},
};

/// A store whose `promote` reads AWSCURRENT anew instead of swapping against what was validated.
pub(crate) struct RereadsCurrent(pub(crate) Store);

impl SecretStore for RereadsCurrent {
    async fn describe(&self, secret: &SecretId) -> Result<VersionStages, StoreError> {
        self.0.describe(secret).await
    }

    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        self.0.tags(secret).await
    }

    async fn read(&self, secret: &SecretId, version: Version<'_>) -> Result<Option<SecretValue>, StoreError> {
        self.0.read(secret, version).await
    }

    async fn put(&self, pending: &PendingVersion, document: &SecretDocument) -> Result<Put, StoreError> {
        self.0.put(pending, document).await
    }

    async fn promote(&self, pending: &PendingVersion) -> Result<(), StoreError> {
        self.0.promote_from_anywhere(pending).await
    }

    async fn random_password(&self, policy: &PasswordPolicy) -> Result<Password, StoreError> {
        self.0.random_password(policy).await
    }
}

/// A target that takes a login with pending as the proof that setSecret is done.
pub(crate) struct TrustsPending<T>(pub(crate) T);

impl<T: Target> Target for TrustsPending<T> {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        self.0.propose(current, store).await
    }

    async fn apply(&self, versions: &Versions, authority: &impl Authority) -> Result<Applied, RotationError> {
        match self.0.verify(&versions.pending).await {
            Ok(()) => Ok(Applied::AlreadySet),
            Err(_) => self.0.apply(versions, authority).await,
        }
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<(), RotationError> {
        self.0.verify(pending).await
    }

    fn companion(&self) -> Option<&SecretId> {
        self.0.companion()
    }
}

/// An engine that reports a bad certificate as "no TLS offered".
pub(crate) struct DowngradesTls<E>(pub(crate) E);

impl<E: Engine> Engine for DowngradesTls<E> {
    const PROFILE: EngineProfile = E::PROFILE;
    type Session = E::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<E::Session, ConnectError> {
        match self.0.connect(login, transport, deadline).await {
            Err(ConnectError::TlsInvalid { .. }) => Err(ConnectError::TlsUnavailable),
            outcome => outcome,
        }
    }
}

/// Our finishSecret, too, can be too late by one call (see `interleavings`), but AWSCURRENT logs in at every end.
#[test]
fn a_stale_finish_that_reads_current_anew_leaves_a_current_that_does_not_log_in() {
    for kind in [Kind::Transactional, Kind::Autocommit] {
        let broken = |variant| {
            let (race, step, plan) = (Race::Stale, Step::Finish, Plan::Alternating);
            let walked = Walked::all(Pair { race, step, plan, kind, variant, act: None });
            let all = walked.violations.into_iter().chain(walked.unexplained);
            all.map(|violation| violation.invariant).collect::<BTreeSet<_>>()
        };
        assert!(!broken(Variant::Sound).contains("I3"), "{kind:?}");
        assert!(broken(Variant::RereadsCurrent).contains("I3"), "{kind:?}");
    }
}

#[test]
fn a_set_that_trusts_a_login_with_pending_promotes_a_clone_without_grants() {
    for kind in [Kind::Transactional, Kind::Autocommit] {
        let explored = Explored::all(Plan::Alternating, kind, Variant::TrustsPending);
        let broken: BTreeSet<_> =
            explored.violations.iter().map(|broken| broken.violation.invariant).collect();
        assert_eq!(broken, BTreeSet::from(["I3"]));
    }
}

/// Rotates against a server with a bad certificate that would take plaintext; what travelled in the clear.
fn rotate_with_a_bad_certificate(badness: Badness, plan: Plan, variant: Variant) -> BTreeSet<&'static str> {
    World::run(async {
        let service = Situation::SecondRotation.prepare(plan, Kind::Transactional, variant).await;
        service.world.server.borrow_mut().tls = ServerTls::Bad(badness);
        service.rotate().await;
        let plaintext = service.world.server.borrow().attempts.iter().any(Attempt::in_the_clear);
        let watch = service.world.watch.borrow();
        let broken: BTreeSet<_> = watch.violations.iter().map(|violation| violation.invariant).collect();
        assert_eq!(plaintext, broken.contains("TLS"), "the watch sees what the server saw");
        broken
    })
}

#[test]
fn no_password_travels_in_the_clear_after_a_certificate_failure() {
    for badness in Badness::ALL {
        for plan in [Plan::SingleUser, Plan::Alternating] {
            assert_eq!(rotate_with_a_bad_certificate(badness, plan, Variant::Sound), BTreeSet::new());
            let mutant = rotate_with_a_bad_certificate(badness, plan, Variant::DowngradesTls);
            assert_eq!(mutant, BTreeSet::from(["TLS"]), "{badness:?}, {plan:?}");
        }
    }
}
