//! Redshift Serverless, custom domains, and refusals.

use serde_json::{Value, json};
use test_servers::{ApiAnswer, ApiDouble, ApiRequest};

use super::redshift;
use crate::recorder::{Master, changed_at};

const WORKGROUP: &str = "sales.123456789012.us-east-1.redshift-serverless.amazonaws.com";
const TWIN: &str = "reports.123456789012.us-east-1.redshift-serverless.amazonaws.com";
const CLUSTER: &str = "dw.abc.us-east-1.redshift.amazonaws.com";
const DOMAIN: &str = "warehouse.example.com";
const NAMESPACE: &str =
    "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/00000000-0000-4000-8000-000000000002";
const TAG: &str = "aws:redshift-serverless:namespacearn";

fn json_answer(body: &Value) -> ApiAnswer {
    ApiAnswer { status: 200, body: body.to_string() }
}

/// Two namespaces and two workgroups, one on each page; and a provisioned cluster.
fn redshift_of_the_reference(request: &ApiRequest) -> ApiAnswer {
    let second = request.has("nextToken", "page-2");
    let namespace = |number: u8, name: &str| {
        let arn = format!("{}{number}", &NAMESPACE[..NAMESPACE.len() - 1]);
        json!({"namespaceName": name, "namespaceArn": arn})
    };
    let workgroup = json!({
        "workgroupName": "sales", "namespaceName": "shop", "customDomainName": DOMAIN,
        "endpoint": {"address": WORKGROUP, "port": 5439},
    });
    let twin = json!({
        "workgroupName": "reports", "namespaceName": "shop", "endpoint": {"address": TWIN, "port": 5440},
    });
    let other = json!({
        "workgroupName": "other", "namespaceName": "else",
        "endpoint": {
            "address": "other.123456789012.us-east-1.redshift-serverless.amazonaws.com", "port": 5439,
        },
    });
    match request.operation.as_str() {
        "ListNamespaces" if second => json_answer(&json!({"namespaces": [namespace(2, "shop")]})),
        "ListNamespaces" => {
            json_answer(&json!({"namespaces": [namespace(1, "else")], "nextToken": "page-2"}))
        }
        "ListWorkgroups" if second => json_answer(&json!({"workgroups": [workgroup, twin]})),
        "ListWorkgroups" => json_answer(&json!({"workgroups": [other], "nextToken": "page-2"})),
        "GetWorkgroup" if request.has("workgroupName", "sales") => {
            json_answer(&json!({"workgroup": workgroup}))
        }
        "GetNamespace" => json_answer(&json!({"namespace": namespace(2, "shop")})),
        "DescribeClusters" => ApiAnswer {
            status: 200,
            body: format!(
                "<DescribeClustersResponse xmlns=\"http://redshift.amazonaws.com/doc/2012-12-01/\">\
                 <DescribeClustersResult><Clusters><Cluster><ClusterIdentifier>dw</ClusterIdentifier>\
                 <Endpoint><Address>{CLUSTER}</Address><Port>5439</Port></Endpoint>\
                 <ClusterNamespaceArn>arn:aws:redshift:us-east-1:123456789012:namespace:7</ClusterNamespaceArn>\
                 <CustomDomainName>{DOMAIN}</CustomDomainName></Cluster></Clusters></DescribeClustersResult>\
                 </DescribeClustersResponse>"
            ),
        },
        _ => ApiAnswer {
            status: 400,
            body: json!({"__type": "ResourceNotFoundException", "message": "none"}).to_string(),
        },
    }
}

async fn found(host: &str, master: Master<'_>) -> Result<String, &'static str> {
    let double = ApiDouble::start(redshift_of_the_reference).unwrap();
    changed_at(redshift(&double.endpoint()), host, master).await
}

/// A managed master secret leads to the workgroup of its namespace, whichever page of the answer
/// lists it.
#[tokio::test]
async fn workgroup_of_the_namespace_on_any_page() {
    let double = ApiDouble::start(redshift_of_the_reference).unwrap();
    let at = changed_at(redshift(&double.endpoint()), WORKGROUP, Master::Tagged(TAG, NAMESPACE)).await;
    assert_eq!(at, Ok(format!("{WORKGROUP}:5439")));
    let operations: Vec<_> = double.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["ListNamespaces", "ListNamespaces", "ListWorkgroups", "ListWorkgroups"]);
    // Of two workgroups, the one that the secret names.
    assert_eq!(found(TWIN, Master::Tagged(TAG, NAMESPACE)).await, Ok(format!("{TWIN}:5440")));
    let nobody = NAMESPACE.replace("0002", "0009");
    assert_eq!(found(WORKGROUP, Master::Tagged(TAG, &nobody)).await, Err("MASTER_OWNER_NOT_FOUND"));
}

/// A custom domain belongs to its workgroup or its cluster.
#[tokio::test]
async fn custom_domain_of_workgroup_or_cluster() {
    for own in [WORKGROUP, CLUSTER] {
        assert_eq!(found(DOMAIN, Master::At(own)).await, Ok(format!("{own}:1")));
        assert_eq!(found(own, Master::At(DOMAIN)).await, Ok(format!("{own}:5439")));
        assert_eq!(found(own, Master::At("db.example.com")).await, Err("MASTER_HOST_DIFFERS"));
    }
    // A custom domain is described without a port, so the writes go to the first workgroup by name.
    assert_eq!(found(DOMAIN, Master::Tagged(TAG, NAMESPACE)).await, Ok(format!("{TWIN}:5440")));
    let foreign = "arn:aws:redshift:us-east-1:210987654321:cluster:dw";
    let foreign = Master::Tagged("aws:redshift:primaryclusterarn", foreign);
    assert_eq!(found(CLUSTER, foreign).await, Err("MASTER_OWNER_NOT_FOUND"));
}

/// Each refusal of the service leads to its own error.
#[tokio::test]
async fn refusals_are_distinct() {
    for (status, code, expected) in [
        (400, "AccessDeniedException", "DBLOOKUP_DENIED"),
        (400, "ThrottlingException", "DBLOOKUP_THROTTLED"),
        (500, "InternalServerException", "DBLOOKUP_INTERNAL"),
        (400, "ValidationException", "DBLOOKUP_REJECTED"),
    ] {
        let answer = move |_: &ApiRequest| ApiAnswer {
            status,
            body: json!({"__type": code, "message": "as played"}).to_string(),
        };
        let double = ApiDouble::start(answer).unwrap();
        let at = changed_at(redshift(&double.endpoint()), WORKGROUP, Master::Tagged(TAG, NAMESPACE)).await;
        assert_eq!(at, Err(expected), "{code}");
    }
}
