//! A target that is not a database, in the protocol and in a diagnosis.

use std::{cell::RefCell, rc::Rc};

use rotation_core::{
    Applied, Authority, ChangeReport, Invoker, Outcome, Reader, RelatedSecrets, RotationError, RotationEvent,
    Rotator, SecretDocument, SecretId, SecretStore, StagingLabel, Step, Target, TargetError, Versions,
    diagnosis::Access,
};
use rotation_doctor::{ByVerify, Diagnosis, Doctor, Logins, VersionSeen};
use thiserror::Error;

use crate::world::{
    ARN, Kind, MASTER, Plan, Service, Situation, Store, Value, Variant, World, document, invocation,
};

rotation_core::codes! {
    /// The office refuses the ticket.
    TICKET_REFUSED = Failed;
    /// The office does not answer.
    TICKET_OFFICE_CLOSED = Retryable;
}

#[derive(Debug, Error)]
enum TicketError {
    #[error("the office refuses the ticket")]
    Refused,
    #[error("the office is closed")]
    Closed,
}

impl TargetError for TicketError {
    fn code(&self) -> rotation_core::Code {
        match self {
            Self::Refused => TICKET_REFUSED,
            Self::Closed => TICKET_OFFICE_CLOSED,
        }
    }

    fn remediation(&self, _: Reader) -> String {
        "Ask at the office.".to_owned()
    }

    fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused)
    }
}

/// The ticket that the office accepts; none while it is closed. It records the tickets that it was shown.
#[derive(Default)]
struct Office {
    valid: RefCell<Option<String>>,
    shown: RefCell<Vec<String>>,
}

struct Ticket<'a> {
    office: &'a Office,
    related: Option<SecretId>,
}

fn password(document: &SecretDocument) -> String {
    document.required_text("password").unwrap().to_string()
}

impl Target for Ticket<'_> {
    async fn propose(
        &self,
        current: &SecretDocument,
        _: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        Ok(current.clone().with_text("password", "next-ticket"))
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        _: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        authority.confirm().await?;
        *self.office.valid.borrow_mut() = Some(password(&versions.pending));
        Ok(Applied::Changed(ChangeReport::default()))
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let shown = password(pending);
        self.office.shown.borrow_mut().push(shown.clone());
        match &*self.office.valid.borrow() {
            None => Err(TicketError::Closed.into()),
            Some(valid) if *valid == shown => Ok(Vec::new()),
            Some(_) => Err(TicketError::Refused.into()),
        }
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        &["password"]
    }

    fn related_secret(&self) -> Option<&SecretId> {
        self.related.as_ref()
    }
}

async fn fresh() -> Service {
    Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await
}

async fn step(service: &Service, ticket: Ticket<'_>, step: Step) -> Result<Outcome, RotationError> {
    let (secret, version) = (SecretId::new(ARN).unwrap(), service.token.clone());
    let event = RotationEvent { step, secret, version, rotation_token: None };
    let store = Store(Rc::clone(&service.world));
    Rotator::new(store, ticket, &invocation(Service::TIME)).rotate(&event).await
}

/// Changes the value of a version, as an operator could only do with another version.
fn set(service: &Service, secret: &str, label: &StagingLabel, value: Value) {
    let mut store = service.world.store.borrow_mut();
    let secret = store.secrets.get_mut(secret).unwrap();
    let holder = secret.holder(label).unwrap().clone();
    secret.versions.get_mut(&holder).unwrap().value = Some(value);
}

async fn look(service: &Service, office: &Office) -> Diagnosis {
    let store = Store(Rc::clone(&service.world));
    let ticket = Ticket { office, related: None };
    let now = std::time::SystemTime::UNIX_EPOCH;
    let (target, logins) = (ByVerify(&ticket), Logins::Each);
    let doctor = Doctor { store: &store, target: &target, invoker: Invoker::Person, logins, now };
    doctor.diagnose(&SecretId::new(ARN).unwrap()).await.unwrap()
}

fn live(diagnosis: &Diagnosis) -> &VersionSeen {
    let is_live = |version: &&VersionSeen| version.labels.contains(&StagingLabel::Current);
    diagnosis.versions.iter().find(is_live).unwrap()
}

/// A target of any kind is rotated.
#[test]
fn rotates_a_target_of_any_kind() {
    World::run(async {
        let (service, office) = (fresh().await, Office::default());
        for each in Step::ALL {
            step(&service, Ticket { office: &office, related: None }, each).await.unwrap();
        }
        assert_eq!(office.valid.borrow().as_deref(), Some("next-ticket"));
        assert_eq!(look(&service, &office).await.advice.state.name(), "healthy");
        let documented: Vec<_> = MEANINGS.iter().map(|(code, _)| *code).collect();
        assert_eq!(documented, ALL);
    });
}

/// A related secret that cannot be used has a code.
/// A target without its own error for the secret gets the protocol's error.
#[test]
fn unusable_related_secret_has_a_code() {
    World::run(async {
        let (service, office) = (fresh().await, Office::default());
        step(&service, Ticket { office: &office, related: None }, Step::Create).await.unwrap();
        let missing =
            Some(SecretId::new("arn:aws:secretsmanager:eu-central-1:1:secret:none-AbCdEf").unwrap());
        let error =
            step(&service, Ticket { office: &office, related: missing }, Step::Set).await.unwrap_err();
        assert_eq!(error.code(), "RELATED_SECRET_UNREADABLE");
        let (of_others, text) = (Some(SecretId::new(MASTER).unwrap()), Value::Text("no JSON".into()));
        set(&service, MASTER, &StagingLabel::Current, text);
        let error =
            step(&service, Ticket { office: &office, related: of_others }, Step::Set).await.unwrap_err();
        assert_eq!(error.code(), "RELATED_SECRET_INVALID");
        assert!(error.remediation(Reader::Person).starts_with("Store the related secret"), "{error}");
        assert_eq!(*office.valid.borrow(), None, "nothing was changed");
    });
}

/// A doctor tries each version by the target's own proof.
#[test]
fn doctor_uses_the_targets_own_proof() {
    World::run(async {
        let (service, office) = (fresh().await, Office::default());
        *office.valid.borrow_mut() = Some("first-password".into());
        let diagnosis = look(&service, &office).await;
        // The service has begun a rotation, but createSecret has not run.
        assert_eq!(diagnosis.advice.state.name(), "pending_empty");
        assert_eq!(live(&diagnosis).access, Access::LogsIn);
        assert_eq!(live(&diagnosis).username.as_deref(), Some("app"));

        *office.valid.borrow_mut() = Some("of nobody".into());
        let diagnosis = look(&service, &office).await;
        assert_eq!(live(&diagnosis).access, Access::Refused);
        assert_eq!(live(&diagnosis).code.unwrap(), "TICKET_REFUSED");

        *office.valid.borrow_mut() = None;
        let diagnosis = look(&service, &office).await;
        assert_eq!(live(&diagnosis).access, Access::Unknown);
        assert_eq!(diagnosis.findings[0].code.name(), "TICKET_OFFICE_CLOSED");
    });
}

/// A version that names another service is not tried.
/// A party that may write AWSPENDING must not get a doctor to send the password elsewhere.
#[test]
fn version_of_another_service_is_not_tried() {
    World::run(async {
        let (service, office) = (fresh().await, Office::default());
        *office.valid.borrow_mut() = Some("of nobody".into());
        step(&service, Ticket { office: &office, related: None }, Step::Create).await.unwrap();
        let text = document("app", "next-ticket").replace("db.example.com", "elsewhere.example.com");
        set(&service, ARN, &StagingLabel::Pending, Value::Text(text));
        let diagnosis = look(&service, &office).await;
        assert_eq!(*office.shown.borrow(), ["first-password"], "{diagnosis:?}");
        let both = diagnosis.findings.iter().any(|finding| finding.code.name() == "SECRET_FIELD_INVALID");
        assert!(both, "{:?}", diagnosis.findings);
    });
}

/// A secret of which no version opens its target has a code.
/// Where two versions are refused, the protocol's own code covers all of them.
#[test]
fn secret_that_opens_nothing_has_a_code() {
    World::run(async {
        let (service, office) = (fresh().await, Office::default());
        *office.valid.borrow_mut() = Some("of nobody".into());
        step(&service, Ticket { office: &office, related: None }, Step::Create).await.unwrap();
        let diagnosis = look(&service, &office).await;
        let codes: Vec<_> = diagnosis.findings.iter().map(|finding| finding.code.name()).collect();
        assert!(codes.contains(&"NO_VERSION_OPENS_TARGET"), "{codes:?}");
        assert_eq!(*office.shown.borrow(), ["first-password", "next-ticket"]);
    });
}
