//! What moto does not have: Redshift Serverless, DocumentDB, pages of EC2, refusals and silence, played by a
//! local server in the services' own protocols.

use std::time::{Duration, Instant};

use network_discovery::{DiscoveryError, NetworkMode};
use serde_json::{Value, json};

use crate::{
    lookups::discover,
    receiver::{Received, Receiver, Reply},
};

const WORKGROUP: &str = "facts.123456789012.us-east-1.redshift-serverless.amazonaws.com";
const DOCUMENTS: &str = "papers.cluster-c0ffee.us-east-1.docdb.amazonaws.com";
const NAMESPACE: &str = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/11111111-2222";

/// The operation of a request, in either protocol.
fn operation(request: &Received) -> String {
    if let Some(target) = request.header("x-amz-target") {
        return target.rsplit('.').next().unwrap().to_owned();
    }
    let action = request.body.split('&').find_map(|field| field.strip_prefix("Action="));
    action.unwrap_or_default().to_owned()
}

fn workgroup(public: bool) -> Value {
    json!({
        "workgroupName": "facts", "namespaceName": "facts-space", "publiclyAccessible": public,
        "workgroupArn": "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/3333",
        "securityGroupIds": ["sg-1"], "subnetIds": ["subnet-a", "subnet-b", "subnet-c"],
        "endpoint": {"address": WORKGROUP, "port": 5439,
            "vpcEndpoints": [{"vpcEndpointId": "vpce-7", "vpcId": "vpc-1"}]},
    })
}

/// The network of every case: three subnets that use the main table, on two pages.
fn network(request: &Received) -> Reply {
    let item = |zone: &str| {
        format!(
            "<item><subnetId>subnet-{zone}</subnetId><availabilityZone>us-east-1{zone}</availabilityZone>\
            <availableIpAddressCount>99</availableIpAddressCount></item>"
        )
    };
    let body = match operation(request).as_str() {
        "DescribeSubnets" if request.body.contains("NextToken=second%2Fpage") => {
            format!("<R><subnetSet>{}</subnetSet></R>", item("c"))
        }
        "DescribeSubnets" => format!(
            "<R><subnetSet>{}{}</subnetSet><nextToken>second/page</nextToken></R>",
            item("a"),
            item("b")
        ),
        "DescribeRouteTables" => {
            "<R xmlns=\"urn:x\"><routeTableSet><item><routeSet><item><destinationCidrBlock>0.0.0.0/0\
            </destinationCidrBlock><natGatewayId>nat-1</natGatewayId><state>active</state></item></routeSet>\
            <associationSet><item><main>true</main></item></associationSet></item></routeTableSet></R>"
                .to_owned()
        }
        "DescribeVpcEndpoints" => "<R><vpcEndpointSet/></R>".to_owned(),
        _ => return None,
    };
    Some((200, body))
}

fn lookup(request: &Received, public: bool) -> Reply {
    let body = match operation(request).as_str() {
        "ListNamespaces" if request.body.contains("more") => {
            json!({"namespaces": [{"namespaceArn": NAMESPACE, "namespaceName": "facts-space"}]}).to_string()
        }
        "ListNamespaces" => {
            json!({"nextToken": "more", "namespaces": [{"namespaceArn": "x", "namespaceName": "y"}]})
                .to_string()
        }
        "ListWorkgroups" => json!({"workgroups": [workgroup(public)]}).to_string(),
        "GetSecretValue" => {
            let version = "11111111-2222-3333-4444-555555555555";
            json!({"VersionId": version, "SecretString": r#"{"username": "u", "password": "canary"}"#})
                .to_string()
        }
        "DescribeSecret" => {
            json!({"Tags": [{"Key": "aws:redshift-serverless:namespaceArn", "Value": NAMESPACE}]}).to_string()
        }
        "DescribeDBClusters" => format!(
            "<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster><DBClusterArn>arn:papers</DBClusterArn>\
            <Engine>docdb</Engine><Endpoint>{DOCUMENTS}</Endpoint><Port>27017</Port><DBSubnetGroup>g</DBSubnetGroup>\
            <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>\
            <Status>active</Status></VpcSecurityGroupMembership></VpcSecurityGroups><DBClusterMembers>\
            <DBClusterMember><DBInstanceIdentifier>papers-1</DBInstanceIdentifier><IsClusterWriter>true\
            </IsClusterWriter></DBClusterMember></DBClusterMembers></DBCluster></DBClusters>\
            </DescribeDBClustersResult></DescribeDBClustersResponse>"
        ),
        // Even where a member reports one, a cluster of DocumentDB has no public address.
        "DescribeDBInstances" => format!(
            "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance><Engine>docdb</Engine><PubliclyAccessible>{public}\
            </PubliclyAccessible><DBSubnetGroup><VpcId>vpc-1</VpcId><Subnets><Subnet><SubnetIdentifier>subnet-a\
            </SubnetIdentifier></Subnet></Subnets></DBSubnetGroup></DBInstance></DBInstances>\
            </DescribeDBInstancesResult></DescribeDBInstancesResponse>"
        ),
        _ => return network(request),
    };
    Some((200, body))
}

/// A workgroup is placed by its host, and by the namespace of a managed secret.
#[tokio::test]
async fn workgroup_by_host_or_namespace() {
    for (public, mode) in [(false, "vpc"), (true, "public")] {
        let service = Receiver::start(move |_, request| lookup(request, public)).await;
        let by_host = discover(&service.url(), "facts", NetworkMode::Auto, Some(WORKGROUP)).await.unwrap();
        assert_eq!(by_host["NetworkMode"], mode);
        assert_eq!(by_host["Engine"], "redshift");
        assert_eq!(by_host["DatabaseSecurityGroupIds"], "sg-1");
        let by_tag = discover(&service.url(), "facts", NetworkMode::Auto, None).await.unwrap();
        assert_eq!(by_tag, by_host);
        if !public {
            // The third subnet is on the second page.
            assert_eq!(by_host["SubnetIds"], "subnet-a,subnet-b,subnet-c");
            assert_eq!(by_host["HasNatRoute"], "true");
        }
    }
}

/// DocumentDB never counts as public.
#[tokio::test]
async fn documentdb_is_never_public() {
    let service = Receiver::start(|_, request| lookup(request, true)).await;
    let data = discover(&service.url(), "papers", NetworkMode::Auto, Some(DOCUMENTS)).await.unwrap();
    assert_eq!((&data["NetworkMode"], &data["Engine"]), (&json!("vpc"), &json!("docdb")));
    assert_eq!((&data["VpcId"], &data["Port"]), (&json!("vpc-1"), &json!("27017")));
}

/// Requests to EC2 are signed and name what is wanted.
#[tokio::test]
async fn ec2_requests_are_signed() {
    let service = Receiver::start(|_, request| lookup(request, false)).await;
    discover(&service.url(), "facts", NetworkMode::Auto, Some(WORKGROUP)).await.unwrap();
    let asked = service.received();
    let endpoints = asked.iter().find(|request| operation(request) == "DescribeVpcEndpoints").unwrap();
    let signature = endpoints.header("authorization").unwrap();
    assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=id/"), "{signature}");
    assert!(
        signature.contains("/us-east-1/ec2/aws4_request, SignedHeaders=content-type;host;"),
        "{signature}"
    );
    for part in [
        "Version=2016-11-15",
        "Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1",
        "Filter.2.Value.1=com.amazonaws.us-east-1.secretsmanager",
        "Filter.3.Name=vpc-endpoint-type&Filter.3.Value.1=Interface",
    ] {
        assert!(endpoints.body.contains(part), "{part} in {}", endpoints.body);
    }
}

/// The result of discovery where EC2 answers like this.
async fn failing(reply: impl Fn() -> (u16, String) + Send + Sync + 'static) -> (DiscoveryError, usize) {
    let service = Receiver::start(move |_, request| match operation(request).as_str() {
        "DescribeRouteTables" => Some(reply()),
        _ => lookup(request, false),
    })
    .await;
    let error = discover(&service.url(), "facts", NetworkMode::Auto, Some(WORKGROUP)).await.unwrap_err();
    let asked = service.received();
    (error, asked.iter().filter(|request| operation(request) == "DescribeRouteTables").count())
}

/// Refusals of EC2 are named, and repeated only where that may help.
#[tokio::test]
async fn ec2_refusals() {
    let refusal = |code: &str| {
        format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>"
        )
    };
    for (status, code, expected, attempts) in [
        (403, "UnauthorizedOperation", "DISCOVERY_DENIED", 1),
        (401, "AuthFailure", "DISCOVERY_CREDENTIALS", 1),
        (503, "RequestLimitExceeded", "DISCOVERY_THROTTLED", 4),
        (500, "InternalError", "DISCOVERY_FAILED", 4),
        (400, "InvalidVpcID.NotFound", "DISCOVERY_FAILED", 1),
    ] {
        let body = refusal(code);
        let (error, asked) = failing(move || (status, body.clone())).await;
        assert_eq!((error.code(), asked), (expected, attempts), "{error:?}");
        let message = rotation_core::with_causes(&error);
        assert!(
            message.starts_with("DescribeRouteTables of Amazon EC2 failed: ") && message.contains(code),
            "{message}"
        );
    }
    let (error, _) = failing(|| (403, refusal_denied())).await;
    assert!(error.remediation(rotation_core::Reader::Operator).contains("`ec2:DescribeRouteTables`"));
}

fn refusal_denied() -> String {
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>".to_owned()
}

/// Endless and senseless answers of EC2 are bounded.
#[tokio::test]
async fn ec2_answers_are_bounded() {
    let endless = "<R><routeTableSet/><nextToken>again</nextToken></R>";
    let (error, asked) = failing(move || (200, endless.to_owned())).await;
    assert_eq!((error.code(), asked), ("DISCOVERY_TOO_LARGE", 20));
    let (error, _) = failing(|| (200, "not XML".to_owned())).await;
    assert_eq!(error.code(), "DISCOVERY_INCOMPLETE");
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><r>&b;</r>";
    let (error, _) = failing(move || (200, bomb.to_owned())).await;
    assert_eq!(error.code(), "DISCOVERY_INCOMPLETE");
    let (error, _) = failing(|| (200, " ".repeat(17 * 1024 * 1024))).await;
    assert_eq!(error.code(), "DISCOVERY_FAILED");
}

/// A silent EC2 is given up in time.
#[tokio::test]
async fn silent_ec2_is_given_up() {
    let service = Receiver::start(|_, request| match operation(request).as_str() {
        "DescribeVpcEndpoints" => None,
        _ => lookup(request, false),
    })
    .await;
    let begun = Instant::now();
    let error = discover(&service.url(), "facts", NetworkMode::Auto, Some(WORKGROUP)).await.unwrap_err();
    assert_eq!(error.code(), "DISCOVERY_UNREACHABLE", "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
