//! Managed external secrets and replicas: the service shows the settings that it was given.

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{Operation, Settings},
};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/partner";

async fn service() -> LocalSecretsManager {
    LocalSecretsManager::start(Settings::default()).await.unwrap()
}

fn described(service: &LocalSecretsManager) -> Value {
    service.call_inside(Operation::DescribeSecret, json!({"SecretId": "app"})).unwrap()
}

fn token(number: u8) -> String {
    format!("{number:032}")
}

/// `Type` is kept, a rotation of such a secret is the partner's, and its settings are shown.
#[tokio::test]
async fn type_and_rotation_of_a_partner_secret() {
    let service = service().await;
    let create = json!({"Name": "app", "SecretString": "{}", "Type": "SalesforceClientSecret",
        "ClientRequestToken": token(1)});
    service.call_inside(Operation::CreateSecret, create).unwrap();
    assert_eq!(described(&service)["Type"], "SalesforceClientSecret");
    assert_eq!(described(&service)["RotationEnabled"], Value::Null);
    let metadata = json!([{"Key": "consumerKey", "Value": "abc"}]);
    let rotate = json!({"SecretId": "app", "ClientRequestToken": token(2),
        "ExternalSecretRotationRoleArn": ROLE, "ExternalSecretRotationMetadata": metadata});
    service.call_inside(Operation::RotateSecret, rotate).unwrap();
    let shown = described(&service);
    assert_eq!(shown["ExternalSecretRotationRoleArn"], ROLE);
    assert_eq!(shown["ExternalSecretRotationMetadata"], metadata);
    assert_eq!((&shown["RotationEnabled"], shown.get("RotationLambdaARN")), (&json!(true), None));
    // The partner creates the new version; the service here creates none.
    assert_eq!(service.stages("app").unwrap().len(), 1);
    let update = json!({"SecretId": "app", "Type": "BigIDClientSecret", "ClientRequestToken": token(3)});
    service.call_inside(Operation::UpdateSecret, update).unwrap();
    assert_eq!(described(&service)["Type"], "BigIDClientSecret");
}

/// A secret without a type has none of this, and a replica names its primary's Region.
#[tokio::test]
async fn replica_names_its_primary_region() {
    let service = service().await;
    let secret = service.create_secret("app", "{}").unwrap();
    for field in ["Type", "ExternalSecretRotationRoleArn", "PrimaryRegion"] {
        assert_eq!(described(&service).get(field), None, "{field}");
    }
    service.make_replica(&secret, "eu-west-1").unwrap();
    assert_eq!(described(&service)["PrimaryRegion"], "eu-west-1");
    let filter = json!({"Filters": [{"Key": "primary-region", "Values": ["eu-west-1"]}]});
    let listed = service.call_inside(Operation::ListSecrets, filter).unwrap();
    assert_eq!(listed["SecretList"][0]["Name"], "app");
}
