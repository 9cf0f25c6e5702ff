//! The refusals of the local service's own rules, and the key that it does not name.

use local_aws::secrets_manager::{Fault, FaultKind, Operation, Settings, Trouble};
use rotation_core::{RotationError, SecretRecords, SecretStore, StoreFault, Version};
use serde_json::json;

use crate::{Lab, fault};

/// The key that denies access is named, although the service does not name it.
#[tokio::test]
async fn denying_key_is_named() {
    let lab = Lab::start(Settings::default(), None).await;
    let deny = || lab.service.inject(Fault::new(Operation::GetSecretValue, FaultKind::KmsAccessDenied));
    let named = async || {
        deny();
        let error = lab.store.read(&lab.secret, Version::Current).await.expect_err("the key refuses");
        assert_eq!(error.fault, StoreFault::KeyDenied);
        RotationError::from(error).detail()
    };
    assert_eq!(named().await.as_deref(), Some("key=alias/aws/secretsmanager"));
    let key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let token = "22222222-3333-4444-5555-666666666666";
    let update = json!({"SecretId": lab.secret.as_str(), "KmsKeyId": key, "ClientRequestToken": token});
    lab.service.call_inside(Operation::UpdateSecret, update).expect("another key");
    assert_eq!(named().await.as_deref(), Some(&*format!("key={key}")));
    deny();
    let version = lab.store.describe(&lab.secret).await.expect("an answer");
    let version = version.labels.keys().next().expect("a version").clone();
    let error = lab.store.value(&lab.secret, &version).await.expect_err("the key refuses");
    assert_eq!(error.key.as_deref(), Some(key));
    // Where the secret cannot be described either, the error stays as it was.
    deny();
    lab.service.inject(Fault::new(Operation::DescribeSecret, FaultKind::KmsAccessDenied));
    let error = lab.store.read(&lab.secret, Version::Current).await.expect_err("the key refuses");
    assert_eq!((error.fault, error.key), (StoreFault::KeyDenied, None));
}

/// An exhausted quota counts as throttling, and a secret that is being deleted as a rejection.
#[tokio::test]
async fn quotas_and_deleted_secrets() {
    let trouble = Trouble { writes_per_second: Some(0), ..Trouble::default() };
    let lab = Lab::start(Settings { trouble, ..Settings::default() }, None).await;
    let pending = lab.pending(None).await;
    assert_eq!(fault(lab.store.promote(&pending).await), StoreFault::Throttled);
    lab.service.call_inside(Operation::DeleteSecret, json!({"SecretId": "app"})).expect("deleted");
    assert_eq!(fault(lab.store.read(&lab.secret, Version::Current).await), StoreFault::Rejected);
}
