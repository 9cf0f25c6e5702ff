//! What an implementer provides for the kit.

use std::collections::BTreeSet;

use rotation_core::{Invocation, Issuer, IssuerTarget, SecretDocument, Target};

use crate::hook::Hook;

/// A fake service with one credential that works. Except for [`Service::first`], its methods return the true
/// state. The kit calls them without going through the [`Hook`].
pub trait Service {
    /// The document of the credential that a fresh service accepts; for a target with
    /// [`SecretForm::Plain`](rotation_core::SecretForm), [`SecretDocument::plain`].
    fn first(&self) -> SecretDocument;

    /// Whether this document opens the service now.
    fn opens(&self, document: &SecretDocument) -> bool;

    /// Every credential that the service accepts now, each by a unique text: its hash, its id, or itself. The
    /// kit never prints them.
    fn accepted(&self) -> BTreeSet<String>;

    /// The texts of a document that must not be shown: the password, the secret part of an access key.
    fn secrets(&self, document: &SecretDocument) -> Vec<String>;
}

/// A fake service with the target that is checked.
pub trait TargetBench: Service {
    /// The target under test.
    type Target: Target;

    /// The target over this service, for one invocation.
    fn target(&self, invocation: &Invocation) -> Self::Target;
}

/// A fake service with the issuer that is checked.
pub trait IssuerBench: Service {
    /// The issuer under test.
    type Issuer: Issuer;

    /// The issuer over this service, for one invocation.
    fn issuer(&self, invocation: &Invocation) -> Self::Issuer;
}

/// Either bench, as the topics use it.
pub(crate) trait Subject {
    type Target: Target;
    type Service: Service;

    /// Whether the service creates the credential, so that two are accepted at a time.
    const ISSUES: bool;

    fn service(&self) -> &Self::Service;
    fn target(&self, invocation: &Invocation) -> Self::Target;
}

/// Makes a fresh service for every run.
pub(crate) trait Make {
    type Subject: Subject;

    fn make(&self, hook: Hook) -> Self::Subject;
}

pub(crate) struct OfTarget<B>(B);
pub(crate) struct OfIssuer<B>(B);

impl<B: TargetBench> Subject for OfTarget<B> {
    type Target = B::Target;
    type Service = B;

    const ISSUES: bool = false;

    fn service(&self) -> &B {
        &self.0
    }

    fn target(&self, invocation: &Invocation) -> B::Target {
        self.0.target(invocation)
    }
}

impl<B: IssuerBench> Subject for OfIssuer<B> {
    type Target = IssuerTarget<B::Issuer>;
    type Service = B;

    const ISSUES: bool = true;

    fn service(&self) -> &B {
        &self.0
    }

    fn target(&self, invocation: &Invocation) -> Self::Target {
        IssuerTarget::new(self.0.issuer(invocation))
    }
}

pub(crate) struct Targets<F>(pub(crate) F);
pub(crate) struct Issuers<F>(pub(crate) F);

impl<B: TargetBench, F: Fn(Hook) -> B> Make for Targets<F> {
    type Subject = OfTarget<B>;

    fn make(&self, hook: Hook) -> OfTarget<B> {
        OfTarget((self.0)(hook))
    }
}

impl<B: IssuerBench, F: Fn(Hook) -> B> Make for Issuers<F> {
    type Subject = OfIssuer<B>;

    fn make(&self, hook: Hook) -> OfIssuer<B> {
        OfIssuer((self.0)(hook))
    }
}
