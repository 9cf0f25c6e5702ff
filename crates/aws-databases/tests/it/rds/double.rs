//! What moto 5.2 does not support: DocumentDB (its RDS refuses the engine `docdb`), custom endpoints
//! (`DescribeDBClusterEndpoints`, `CustomEndpoints`), clusters that follow another one, and refusals.

use test_servers::{ApiAnswer, ApiDouble, ApiRequest};

use super::rds;
use crate::recorder::{Master, changed_at};

const CUSTOM: &str = "bi.cluster-custom-abc.us-east-1.rds.amazonaws.com";
const WRITER: &str = "shop.cluster-abc.us-east-1.rds.amazonaws.com";
const DOCUMENTS: &str = "docs.cluster-abc.us-east-1.docdb.amazonaws.com";
const DOCUMENT_READERS: &str = "docs.cluster-ro-abc.us-east-1.docdb.amazonaws.com";
const ABROAD: &str = "copy.cluster-abc.eu-west-1.rds.amazonaws.com";

fn answered(operation: &str, result: &str) -> ApiAnswer {
    let body = format!(
        "<{operation}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{operation}Result>{result}\
         </{operation}Result></{operation}Response>"
    );
    ApiAnswer { status: 200, body }
}

fn refused(status: u16, code: &str) -> ApiAnswer {
    let body = format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>as played</Message></Error></ErrorResponse>"
    );
    ApiAnswer { status, body }
}

/// A cluster with a custom endpoint, and its replica in another Region.
fn aurora(request: &ApiRequest) -> ApiAnswer {
    let endpoints = format!(
        "<DBClusterEndpoints><DBClusterEndpointList><DBClusterIdentifier>shop</DBClusterIdentifier><Endpoint>{CUSTOM}\
         </Endpoint></DBClusterEndpointList></DBClusterEndpoints>"
    );
    let cluster = |id: &str, region: &str, host: &str, more: &str| {
        format!(
            "<DBClusters><DBCluster><DBClusterIdentifier>{id}</DBClusterIdentifier><Engine>aurora-postgresql</Engine>\
             <DBClusterArn>arn:aws:rds:{region}:123456789012:cluster:{id}</DBClusterArn><Port>5432</Port>\
             <Endpoint>{host}</Endpoint>{more}</DBCluster></DBClusters>"
        )
    };
    match request.operation.as_str() {
        "DescribeDBClusterEndpoints" if request.has("DBClusterEndpointIdentifier", "bi") => {
            answered("DescribeDBClusterEndpoints", &endpoints)
        }
        "DescribeDBClusters" if request.has("DBClusterIdentifier", "shop") => {
            let custom = format!("<CustomEndpoints><member>{CUSTOM}</member></CustomEndpoints>");
            answered("DescribeDBClusters", &cluster("shop", "us-east-1", WRITER, &custom))
        }
        "DescribeDBClusters" if request.has("DBClusterIdentifier", "copy") => {
            let source = "<ReplicationSourceIdentifier>arn:aws:rds:us-east-1:123456789012:cluster:shop\
                          </ReplicationSourceIdentifier>";
            answered("DescribeDBClusters", &cluster("copy", "eu-west-1", ABROAD, source))
        }
        "DescribeDBClusters" if request.has("DBClusterIdentifier", "docs") => {
            let readers = format!("<ReaderEndpoint>{DOCUMENT_READERS}</ReaderEndpoint>");
            let answer = cluster("docs", "us-east-1", DOCUMENTS, &readers);
            answered(
                "DescribeDBClusters",
                &answer.replace("aurora-postgresql", "docdb").replace("5432", "27017"),
            )
        }
        "DescribeDBClusterEndpoints" => answered("DescribeDBClusterEndpoints", ""),
        _ => refused(404, "DBClusterNotFoundFault"),
    }
}

/// A custom endpoint belongs to its cluster.
#[tokio::test]
async fn custom_endpoint_of_a_cluster() {
    let double = ApiDouble::start(aurora).unwrap();
    let found = changed_at(rds(&double.endpoint()), CUSTOM, Master::At(WRITER)).await;
    assert_eq!(found, Ok(format!("{WRITER}:1")));
    let operations: Vec<_> = double.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["DescribeDBClusterEndpoints", "DescribeDBClusters"]);
    let other = "none.cluster-custom-abc.us-east-1.rds.amazonaws.com";
    let found = changed_at(rds(&double.endpoint()), other, Master::At(WRITER)).await;
    assert_eq!(found, Err("MASTER_HOST_DIFFERS"));
}

/// A DocumentDB cluster is described by the API of RDS.
#[tokio::test]
async fn documentdb_by_the_rds_api() {
    let double = ApiDouble::start(aurora).unwrap();
    let owner = "arn:aws:rds:us-east-1:123456789012:cluster:docs";
    for host in [DOCUMENTS, DOCUMENT_READERS] {
        let master = Master::Tagged("aws:rds:primarydbclusterarn", owner);
        let found = changed_at(rds(&double.endpoint()), host, master).await;
        assert_eq!(found, Ok(format!("{DOCUMENTS}:27017")));
    }
    let found = changed_at(rds(&double.endpoint()), DOCUMENT_READERS, Master::At(DOCUMENTS)).await;
    assert_eq!(found, Ok(format!("{DOCUMENTS}:1")));
}

/// A cluster in another Region that follows one in this Region belongs to it.
#[tokio::test]
async fn secondary_cluster_in_another_region() {
    let double = ApiDouble::start(aurora).unwrap();
    let found = changed_at(rds(&double.endpoint()), ABROAD, Master::At(WRITER)).await;
    assert_eq!(found, Ok(format!("{WRITER}:1")));
}

/// Each refusal of the service leads to its own error.
#[tokio::test]
async fn refusals_are_distinct() {
    for (status, code, expected) in [
        (403, "AccessDenied", "DBLOOKUP_DENIED"),
        (403, "ExpiredToken", "DBLOOKUP_CREDENTIALS"),
        (400, "Throttling", "DBLOOKUP_THROTTLED"),
        (500, "InternalFailure", "DBLOOKUP_INTERNAL"),
        (400, "InvalidParameterValue", "DBLOOKUP_REJECTED"),
    ] {
        let double = ApiDouble::start(move |_| refused(status, code)).unwrap();
        let found = changed_at(rds(&double.endpoint()), ABROAD, Master::At(WRITER)).await;
        assert_eq!(found, Err(expected), "{code}");
    }
    let found = changed_at(rds("http://127.0.0.1:1"), ABROAD, Master::At(WRITER)).await;
    assert_eq!(found, Err("DBLOOKUP_UNREACHABLE"));
}
