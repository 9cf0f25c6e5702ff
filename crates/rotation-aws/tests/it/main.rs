//! The adapter against the local Secrets Manager, over HTTP and HTTPS.

use std::{sync::Arc, time::Duration};

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{Fault, FaultKind, Operation, RotationSettings, Settings},
};
use rotation_aws::SecretsManager;
use rotation_config::{AccessKey, CaBundle, Endpoint, EndpointUrl};
use rotation_core::{
    CharacterClass, Invoker, PasswordPolicy, PasswordRule, PasswordSettings, PendingVersion, Put,
    RotationEvent, RotationToken, SecretDocument, SecretId, SecretStore, StagingLabel, Standing, Step,
    StoreError, StoreFault, Version, VersionId,
};
use serde_json::json;
use test_servers::TestAuthority;

const TOKEN: &str = "11111111-2222-3333-4444-555555555555";
const CANARY: &str = "canary-7c1f";

mod backoff;
mod denials;
#[cfg(feature = "query")]
mod queries;
mod refusals;

/// The URL of a local service.
fn url(text: &str) -> EndpointUrl {
    EndpointUrl::parse(text).expect("a URL")
}

struct Lab {
    service: LocalSecretsManager,
    store: SecretsManager,
    secret: SecretId,
}

impl Lab {
    /// A secret whose value contains the canary.
    async fn start(settings: Settings, ca_bundle: Option<CaBundle>) -> Self {
        let service = LocalSecretsManager::start(settings).await.expect("a free port");
        let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
        let endpoint = Endpoint {
            region: Some("us-east-1".into()),
            url: Some(url(&service.endpoint())),
            ca_bundle,
            ..Endpoint::default()
        };
        let store = SecretsManager::in_lambda(&endpoint, Some(&key));
        let arn =
            service.create_secret("app", &json!({"password": CANARY}).to_string()).expect("a new secret");
        Self { service, store, secret: SecretId::new(arn).expect("an ARN") }
    }

    /// A version under AWSPENDING with a value, and the proof that it is pending.
    async fn pending(&self, rotation_token: Option<&str>) -> PendingVersion {
        let value = json!({"SecretId": self.secret.as_str(), "ClientRequestToken": TOKEN,
            "SecretString": "{}", "VersionStages": ["AWSPENDING"]});
        self.service.call_inside(Operation::PutSecretValue, value).expect("a pending version");
        self.prove(rotation_token).await
    }

    async fn prove(&self, rotation_token: Option<&str>) -> PendingVersion {
        let event = RotationEvent {
            step: Step::Create,
            secret: self.secret.clone(),
            version: VersionId::new(TOKEN).expect("36 characters"),
            rotation_token: rotation_token.map(|token| RotationToken::new(token).expect("36 characters")),
        };
        let stages = self.store.describe(&self.secret).await.expect("an answer");
        match stages.standing(&event, &Invoker::Person).expect("the token is pending") {
            Standing::Pending(pending) => pending,
            Standing::Current => panic!("the token is current"),
        }
    }
}

fn fault<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> StoreFault {
    let error = outcome.expect_err("the call must fail");
    let texts = format!("{error} {error:?} {:?}", std::error::Error::source(&error).map(ToString::to_string));
    assert!(!texts.contains(CANARY), "a value in an error: {texts}");
    error.fault
}

/// A description carries the labels, the ARN and the rotation.
#[tokio::test]
async fn description_has_labels_arn_and_rotation() {
    let lab = Lab::start(Settings::default(), None).await;
    let stages = lab.store.describe(&SecretId::new("app").expect("a name")).await.expect("an answer");
    assert_eq!(stages.secret, lab.secret);
    assert!(!stages.rotation_enabled && !stages.deleted && stages.rotation_function.is_none());
    assert!(stages.holder(&StagingLabel::Current).is_some());
    lab.service.call_inside(Operation::DeleteSecret, json!({"SecretId": "app"})).expect("deleted");
    assert!(lab.store.describe(&lab.secret).await.expect("an answer").deleted);
}

/// A missing value is none, and a missing secret is an error.
#[tokio::test]
async fn missing_value_and_missing_secret() {
    let lab = Lab::start(Settings::default(), None).await;
    let version = VersionId::new(TOKEN).expect("36 characters");
    let current = lab.store.read(&lab.secret, Version::Current).await.expect("an answer").expect("a value");
    assert!(current.text.expect("a text").contains(CANARY));
    assert!(
        lab.store.read(&lab.secret, Version::Previous).await.expect("an answer").is_none(),
        "no such label"
    );
    let pending = Version::Pending(&version);
    assert!(lab.store.read(&lab.secret, pending).await.expect("an answer").is_none(), "no such version");
    let other =
        lab.service.stages(lab.secret.as_str()).expect("labels").into_keys().next().expect("a version");
    let other = VersionId::new(other).expect("an id");
    let mislabeled = lab.store.read(&lab.secret, Version::Pending(&other)).await.expect("an answer");
    assert!(mislabeled.is_none(), "a version that does not hold the label");
    let nobody = SecretId::new("nobody").expect("a name");
    assert_eq!(fault(lab.store.read(&nobody, Version::Current).await), StoreFault::NoSuchSecret);
    assert_eq!(fault(lab.store.describe(&nobody).await), StoreFault::NoSuchSecret);
}

/// A version keeps its first value.
#[tokio::test]
async fn version_keeps_its_first_value() {
    let lab = Lab::start(Settings::default(), None).await;
    let pending = lab.pending(None).await;
    let other = SecretDocument::parse(r#"{"password":"another"}"#).expect("an object");
    assert_eq!(lab.store.put(&pending, &other).await.expect("an answer"), Put::Kept);
    let same = SecretDocument::parse("{}").expect("an object");
    assert_eq!(lab.store.put(&pending, &same).await.expect("an answer"), Put::Stored, "the same value again");
    assert_eq!(lab.service.version_value(lab.secret.as_str(), TOKEN).expect("a value"), "{}");
}

/// A promotion is a swap that fails where a label has moved meanwhile.
#[tokio::test]
async fn promotion_is_a_compare_and_swap() {
    let lab = Lab::start(Settings::default(), None).await;
    let pending = lab.pending(None).await;
    lab.store.promote(&pending).await.expect("a swap");
    assert!(
        lab.service.stages(lab.secret.as_str()).expect("labels")[TOKEN].contains(&"AWSCURRENT".to_owned())
    );
    let put = json!({"SecretId": lab.secret.as_str(), "SecretString": "{}",
        "ClientRequestToken": "99999999-2222-3333-4444-555555555555"});
    lab.service.call_inside(Operation::PutSecretValue, put).expect("the value of another writer");
    assert_eq!(fault(lab.store.promote(&pending).await), StoreFault::Conflict);
}

/// The rotation token is passed back to the service.
#[tokio::test]
async fn rotation_token_is_passed_back() {
    let rotation = RotationSettings { require_rotation_token: true, ..RotationSettings::default() };
    let lab = Lab::start(Settings { rotation, ..Settings::default() }, None).await;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    lab.service.register("arn:aws:lambda:us-east-1:123456789012:function:f", Arc::new(Recorder(sender)));
    let rotate = json!({"SecretId": lab.secret.as_str(), "ClientRequestToken": TOKEN,
        "RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "RotationRules": {"AutomaticallyAfterDays": 30}});
    lab.service.call_inside(Operation::RotateSecret, rotate).expect("a rotation");
    let token = receiver.await.expect("an event with a token");
    let document = SecretDocument::parse(&json!({"password": CANARY}).to_string()).expect("an object");
    let without = lab.prove(None).await;
    assert_eq!(fault(lab.store.put(&without, &document).await), StoreFault::TokenRequired);
    let with = lab.prove(Some(&token)).await;
    assert_eq!(lab.store.put(&with, &document).await.expect("an answer"), Put::Stored);
}

/// Passes the token of the first event to the test and makes the rotation wait.
struct Recorder(std::sync::Mutex<Option<tokio::sync::oneshot::Sender<String>>>);

impl local_aws::Function for Recorder {
    fn invoke(
        &self,
        event: serde_json::Value,
    ) -> local_aws::BoxFuture<'_, Result<serde_json::Value, local_aws::FunctionError>> {
        Box::pin(async move {
            let token = event["RotationToken"].as_str().expect("a token").to_owned();
            if let Some(sender) = self.0.lock().expect("unpoisoned").take() {
                sender.send(token).expect("the test waits");
            }
            std::future::pending().await
        })
    }
}

#[track_caller]
fn check(kind: FaultKind, times: u32, expected: Option<StoreFault>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let lab = Lab::start(Settings::default(), None).await;
        let pending = lab.pending(None).await;
        let document = SecretDocument::parse(&json!({"password": CANARY}).to_string()).expect("an object");
        for operation in [Operation::DescribeSecret, Operation::GetSecretValue, Operation::PutSecretValue] {
            lab.service.clear_faults();
            lab.service.inject(Fault::new(operation, kind).times(times));
            let outcome = match operation {
                Operation::DescribeSecret => lab.store.describe(&lab.secret).await.map(drop),
                Operation::GetSecretValue => lab.store.read(&lab.secret, Version::Current).await.map(drop),
                _ => lab.store.put(&pending, &document).await.map(drop),
            };
            match expected {
                None => outcome.expect("the client tries again"),
                Some(expected) => assert_eq!(fault(outcome), expected, "{operation:?}"),
            }
        }
    });
}

/// Faults are classed by who can fix them.
#[test]
fn faults_by_who_can_fix_them() {
    check(FaultKind::KmsAccessDenied, 9, Some(StoreFault::KeyDenied));
    check(FaultKind::DecryptionFailure, 9, Some(StoreFault::KeyDenied));
    check(FaultKind::Throttled, 9, Some(StoreFault::Throttled));
    check(FaultKind::InternalServiceError, 9, Some(StoreFault::Internal));
    check(FaultKind::DropBeforeEffect, 9, Some(StoreFault::Unreachable));
}

/// A transient fault is retried.
#[test]
fn transient_fault_is_retried() {
    check(FaultKind::Throttled, 1, None);
    check(FaultKind::DropAfterEffect, 1, None);
}

/// An endpoint that nothing serves is unreachable.
#[tokio::test]
async fn unserved_endpoint_is_unreachable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
    let endpoint =
        Endpoint { region: Some("us-east-1".into()), url: Some(self::url(&url)), ..Endpoint::default() };
    let store = SecretsManager::in_lambda(&endpoint, Some(&key));
    let secret = SecretId::new("app").expect("a name");
    assert_eq!(fault(store.describe(&secret).await), StoreFault::Unreachable);
    let nobody = SecretsManager::in_lambda(&endpoint, None);
    assert_eq!(fault(nobody.describe(&secret).await), StoreFault::CredentialsRefused);
}

/// HTTPS is verified against the given authority.
#[tokio::test]
async fn https_with_the_given_authority() {
    let authority = TestAuthority::new();
    let tls = authority.server().server_config();
    let settings = Settings { tls: Some(tls), ..Settings::default() };
    let bundle = CaBundle::parse(authority.certificate_pem().into()).expect("an authority");
    let lab = Lab::start(settings.clone(), Some(bundle)).await;
    lab.store.describe(&lab.secret).await.expect("a verified answer");
    let stranger = Lab::start(settings, None).await;
    let secret = stranger.secret.clone();
    let outcome = tokio::time::timeout(Duration::from_mins(1), stranger.store.describe(&secret)).await;
    let error = outcome.expect("bounded").expect_err("an unknown authority");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert_eq!(
        (error.fault, cause.as_str()),
        (StoreFault::CertificateRefused, "invalid peer certificate: UnknownIssuer")
    );
}

/// A random password keeps the policy.
#[tokio::test]
async fn random_password_keeps_the_policy() {
    let lab = Lab::start(Settings::default(), None).await;
    let rule = PasswordRule {
        shortest: 8,
        longest: 64,
        forbidden: "/ \"@",
        required: &[CharacterClass::Digit],
        default_exclusions: "/@\"'\\:",
    };
    let settings = PasswordSettings {
        length: 40,
        exclude_classes: vec![CharacterClass::Uppercase],
        exclude_characters: Some("abc".into()),
        ..PasswordSettings::default()
    };
    let policy = PasswordPolicy::new(settings, &rule).expect("a policy");
    let password = lab.store.random_password(&policy).await.expect("a password");
    assert!(policy.admits(&password));
}
