//! The service in process.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{Call, Fault, Held, Hold, Operation, RotationRecord, ServiceError, WaitError, service::Service};
use crate::Function;

/// The local Secrets Manager in process, cheap to clone.
///
/// [`call`](Self::call) acts as a client: delay, faults and throttling apply, and it is logged. Everything
/// else is the test's direct access: none of that applies, it sees no stale reads, and it leaves no trace in
/// the log.
#[derive(Clone)]
pub struct SecretsManagerHandle {
    service: Arc<Service>,
}

impl SecretsManagerHandle {
    pub(super) fn new(service: Arc<Service>) -> Self {
        Self { service }
    }

    pub(super) fn close(&self) {
        self.service.close();
    }

    /// One operation as a client makes it; request and answer are those of AWS's reference.
    ///
    /// Cancel safe: dropped before it has an answer, it has either taken effect completely or not at all.
    ///
    /// # Errors
    /// As AWS refuses; [`ErrorCode::ConnectionDropped`](super::ErrorCode::ConnectionDropped) where a fault
    /// suppresses the answer.
    pub async fn call(&self, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        self.service.call(operation, request).await
    }

    /// The same without delay, faults or log (and without waiting, so not `async`). `RotateSecret` has to be
    /// called inside a tokio runtime.
    ///
    /// # Errors
    /// As AWS refuses.
    pub fn call_inside(&self, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        self.service.call_inside(operation, request)
    }

    /// From now on rotations may name this ARN, and invoke this function. An earlier function under the ARN
    /// is replaced.
    pub fn register(&self, arn: &str, function: Arc<dyn Function>) {
        self.service.register(arn, function);
    }

    /// `CreateSecret` with this value as AWSCURRENT. Returns the ARN.
    ///
    /// # Errors
    /// As `CreateSecret` refuses.
    pub fn create_secret(&self, name: &str, value: &str) -> Result<String, ServiceError> {
        let token = uuid::Uuid::new_v4().to_string();
        let request = json!({"Name": name, "SecretString": value, "ClientRequestToken": token});
        Ok(text(&self.call_inside(Operation::CreateSecret, request)?["ARN"]))
    }

    /// A secret that a service of AWS (`rds`, `redshift`) has created and manages, with the tags that only
    /// the service may set, such as `aws:rds:primarydbinstancearn`. Afterwards `DescribeSecret` shows them,
    /// with the service as `OwningService`. Returns the ARN.
    ///
    /// # Errors
    /// As `CreateSecret` refuses.
    pub fn create_managed_secret(
        &self,
        name: &str,
        value: &str,
        service: &str,
        tags: &[(&str, &str)],
    ) -> Result<String, ServiceError> {
        let secret = self.create_secret(name, value)?;
        self.service.give_to_service(&secret, service, tags)?;
        Ok(secret)
    }

    /// Makes the secret a replica of one in another Region, which `DescribeSecret` then shows as
    /// `PrimaryRegion`.
    ///
    /// # Errors
    /// Where there is no such secret.
    pub fn make_replica(&self, secret: &str, primary_region: &str) -> Result<(), ServiceError> {
        self.service.make_replica(secret, primary_region)
    }

    /// `RotateSecret` by the function registered under `function`. Returns the id of the new version, for
    /// [`wait_for_rotation`](Self::wait_for_rotation).
    ///
    /// # Errors
    /// As `RotateSecret` refuses.
    pub fn rotate(&self, secret: &str, function: &str) -> Result<String, ServiceError> {
        let token = uuid::Uuid::new_v4().to_string();
        let request = json!({"SecretId": secret, "ClientRequestToken": token, "RotationLambdaARN": function});
        Ok(text(&self.call_inside(Operation::RotateSecret, request)?["VersionId"]))
    }

    /// The labels of each version that has any.
    ///
    /// # Errors
    /// As `DescribeSecret` refuses.
    pub fn stages(&self, secret: &str) -> Result<BTreeMap<String, Vec<String>>, ServiceError> {
        let answer = self.call_inside(Operation::DescribeSecret, json!({"SecretId": secret}))?;
        let Some(labeled) = answer["VersionIdsToStages"].as_object() else {
            return Ok(BTreeMap::new());
        };
        let stages = |list: &Value| list.as_array().into_iter().flatten().map(text).collect();
        Ok(labeled.iter().map(|(version, list)| (version.clone(), stages(list))).collect())
    }

    /// The `SecretString` under a label.
    ///
    /// # Errors
    /// As `GetSecretValue` refuses.
    pub fn value(&self, secret: &str, stage: &str) -> Result<String, ServiceError> {
        let request = json!({"SecretId": secret, "VersionStage": stage});
        Ok(text(&self.call_inside(Operation::GetSecretValue, request)?["SecretString"]))
    }

    /// The `SecretString` of a version.
    ///
    /// # Errors
    /// As `GetSecretValue` refuses.
    pub fn version_value(&self, secret: &str, version: &str) -> Result<String, ServiceError> {
        let request = json!({"SecretId": secret, "VersionId": version});
        Ok(text(&self.call_inside(Operation::GetSecretValue, request)?["SecretString"]))
    }

    /// The record of a rotation; `None` where no rotation of that version has begun in this process.
    pub fn rotation(&self, secret: &str, version: &str) -> Option<RotationRecord> {
        self.service.rotation(secret, version)
    }

    /// Waits until the rotation has ended, however it ended. Cancel safe.
    ///
    /// # Errors
    /// It is still in progress after `timeout`, or has never begun here.
    pub async fn wait_for_rotation(
        &self,
        secret: &str,
        version: &str,
        timeout: Duration,
    ) -> Result<RotationRecord, WaitError> {
        let wait = async {
            loop {
                let ended = self.service.ended.notified();
                tokio::pin!(ended);
                // Before the check, so that an end between the check and the wait is detected.
                ended.as_mut().enable();
                let record = self.rotation(secret, version).ok_or(WaitError::Unknown)?;
                if record.outcome.is_some() {
                    return Ok(record);
                }
                ended.await;
            }
        };
        tokio::time::timeout(timeout, wait).await.unwrap_or(Err(WaitError::Timeout(timeout)))
    }

    /// This fault applies to calls of clients from now on, until it is used up.
    pub fn inject(&self, fault: Fault) {
        self.service.inject(fault);
    }

    /// Forgets the faults that are not used up.
    pub fn clear_faults(&self) {
        self.service.clear_faults();
    }

    /// Holds a call of this operation that a client makes from now on, the first after this number of others,
    /// until the test releases it.
    pub fn hold(&self, operation: Operation, after: u32, held: Held) -> Hold {
        self.service.hold(operation, after, held)
    }

    /// From now on calls of clients are expected in groups of these sizes, and a call is answered once all of
    /// its group have arrived. A client that makes the calls of a group without waiting for one of them is
    /// never delayed. A client that waits is delayed until it gives up, and after that no group is expected
    /// any more. Replaces the groups of an earlier call; an empty list ends them.
    ///
    /// With this, [`serial_calls`](super::serial_calls) counts which calls wait for which, whatever the load
    /// of the machine.
    pub fn expect_together(&self, groups: &[usize]) {
        self.service.expect_together(groups);
    }

    /// Changes the delay of each call of a client.
    pub fn set_delay(&self, delay: Duration) {
        self.service.set_delay(delay);
    }

    /// The answered calls of clients, in the order in which they ended.
    pub fn calls(&self) -> Vec<Call> {
        self.service.calls()
    }

    /// The same; clears the log.
    pub fn take_calls(&self) -> Vec<Call> {
        self.service.take_calls()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
