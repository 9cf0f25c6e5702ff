//! A rotation function in process.

use std::sync::Mutex;

use local_aws::{
    BoxFuture, Function, FunctionError,
    secrets_manager::{Operation, SecretsManagerHandle, ServiceError},
};
use serde_json::{Value, json};

/// The ARN under which tests register their function.
pub(super) const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:rotate";

/// Rotates a secret that opens nothing, and fails where a test wants it to.
pub(super) struct TestFunction {
    manager: SecretsManagerHandle,
    failures: Mutex<Vec<&'static str>>,
    events: Mutex<Vec<Value>>,
}

impl TestFunction {
    /// It fails once for each step named, and works otherwise.
    pub(super) fn new(manager: SecretsManagerHandle, failures: &[&'static str]) -> Self {
        Self { manager, failures: Mutex::new(failures.to_vec()), events: Mutex::default() }
    }

    pub(super) fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    pub(super) fn steps(&self) -> Vec<String> {
        self.events().iter().map(|event| event["Step"].as_str().unwrap().to_owned()).collect()
    }

    fn fails(&self, step: &str) -> bool {
        let mut failures = self.failures.lock().unwrap();
        let place = failures.iter().position(|failure| *failure == step);
        place.is_some_and(|place| failures.remove(place) == step)
    }

    async fn rotate(&self, event: &Value, step: &str) -> Result<(), ServiceError> {
        let (secret, token) = (&event["SecretId"], &event["ClientRequestToken"]);
        match step {
            "createSecret" => {
                let request = json!({
                    "SecretId": secret,
                    "ClientRequestToken": token,
                    "RotationToken": event["RotationToken"],
                    "SecretString": format!("value of {}", token.as_str().unwrap()),
                    "VersionStages": ["AWSPENDING"],
                });
                self.manager.call(Operation::PutSecretValue, request).await?;
            }
            "finishSecret" => {
                let described =
                    self.manager.call(Operation::DescribeSecret, json!({"SecretId": secret})).await?;
                let stages = described["VersionIdsToStages"].as_object().unwrap();
                let current =
                    stages.iter().find(|(_, list)| list.as_array().unwrap().contains(&json!("AWSCURRENT")));
                let request = json!({
                    "SecretId": secret,
                    "VersionStage": "AWSCURRENT",
                    "MoveToVersionId": token,
                    "RemoveFromVersionId": current.unwrap().0,
                });
                self.manager.call(Operation::UpdateSecretVersionStage, request).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl Function for TestFunction {
    fn invoke(&self, event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async move {
            let step = event["Step"].as_str().unwrap().to_owned();
            self.events.lock().unwrap().push(event.clone());
            if self.fails(&step) {
                let message = format!("{step} fails on request");
                return Err(FunctionError { error_type: "Test.Failure".to_owned(), message });
            }
            self.rotate(&event, &step)
                .await
                .map(|()| Value::Null)
                .map_err(|error| FunctionError { error_type: error.code.to_string(), message: error.message })
        })
    }
}

/// Does nothing, and reports success.
pub(super) struct Idle;

impl Function for Idle {
    fn invoke(&self, _event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async { Ok(Value::Null) })
    }
}

/// Always fails.
pub(super) struct Broken;

impl Function for Broken {
    fn invoke(&self, _event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async {
            Err(FunctionError { error_type: "Broken".to_owned(), message: "always".to_owned() })
        })
    }
}

/// Never answers.
pub(super) struct Silent;

impl Function for Silent {
    fn invoke(&self, _event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(std::future::pending())
    }
}

/// Ends in a panic.
pub(super) struct Panicking;

impl Function for Panicking {
    fn invoke(&self, _event: Value) -> BoxFuture<'_, Result<Value, FunctionError>> {
        Box::pin(async { panic!("on purpose") })
    }
}
