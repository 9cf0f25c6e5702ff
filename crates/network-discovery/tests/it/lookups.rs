//! Real discovery: the SDKs and the calls without them, against moto.

use local_aws::{LocalSecretsManager, secrets_manager::Settings};
use network_discovery::{AwsDiscovery, DiscoveryError, NetworkMode, Wish};
use rotation_aws::Access;
use rotation_config::{AccessKey, Endpoint, EndpointUrl};
use rotation_core::SecretId;
use rotation_database::Host;
use serde_json::{Value, json};
use test_servers::TestAuthority;

use crate::{moto::Moto, receiver::Receiver};

/// Discovery with a key that is not checked.
pub(crate) fn discovery(url: &str) -> AwsDiscovery {
    let url = EndpointUrl::parse(url).unwrap();
    let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
    let endpoint =
        Endpoint { region: Some("us-east-1".into()), url: Some(url.clone()), ..Endpoint::default() };
    AwsDiscovery::of(&Access::in_lambda(&endpoint, Some(&key)), Some(&url))
}

pub(crate) async fn discover(
    url: &str,
    secret: &str,
    mode: NetworkMode,
    host: Option<&str>,
) -> Result<Value, DiscoveryError> {
    let host = host.map(|host| Host::parse(host).unwrap());
    let wish = Wish { secret: SecretId::new(secret).unwrap(), engine: None, mode, host };
    Ok(Box::pin(discovery(url).discover(&wish)).await?.data())
}

/// The placement of the secret's database, compared with the expected fields.
async fn check(moto: &Moto, secret: &str, mode: NetworkMode, expected: Value) {
    let data =
        discover(&moto.url(), secret, mode, None).await.unwrap_or_else(|error| panic!("{secret}: {error:?}"));
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&data[field], value, "{field} of {secret}: {data:#}");
    }
    assert!(!data.to_string().contains("canary"), "{data}");
}

/// Databases and networks in moto are placed as they stand there.
#[tokio::test]
async fn moto_databases_are_placed() {
    let Some(moto) = Moto::start().await else { return };
    let data = moto.ids(&["shop-data-a", "shop-data-b"]);
    let inside = |name: &str, engine: &str, port: &str, arn: &str| {
        (
            name.to_owned(),
            json!({
                "NetworkMode": "vpc", "VpcId": moto.id("shop"), "SubnetIds": data,
                "DatabaseSecurityGroupIds": moto.id("shop-database-group"), "Port": port,
                "SecretsManagerEndpointId": moto.id("shop-endpoint"),
                "SecretsManagerEndpointSecurityGroupIds": moto.id("shop-endpoint-group"),
                "HasNatRoute": "false", "DatabaseArn": arn, "Engine": engine, "Warning": "",
            }),
        )
    };
    let postgres = moto.id("private-postgres");
    for (secret, expected) in [
        inside("private-postgres", "postgres", "5432", postgres),
        inside("orders", "postgres", "5432", moto.id("orders")),
        // moto does not report an ARN for a cluster's namespace.
        inside("facts", "redshift", "5439", ""),
        inside("managed", "postgres", "5432", postgres),
    ] {
        check(&moto, &secret, NetworkMode::Auto, expected).await;
    }
    for (secret, engine, port) in [
        ("public-mysql", "mysql", "3306"),
        ("open-orders", "mysql", "3306"),
        ("open-facts", "redshift", "5439"),
    ] {
        let outside = json!({"NetworkMode": "public", "VpcId": "", "SubnetIds": "", "Port": port,
            "Engine": engine, "DatabaseSecurityGroupIds": moto.id("shop-database-group")});
        check(&moto, secret, NetworkMode::Auto, outside).await;
        // The group of a public database has public subnets; the VPC's private ones are better.
        let inside = json!({"NetworkMode": "vpc", "VpcId": moto.id("shop"), "Port": port});
        check(&moto, secret, NetworkMode::Vpc, inside).await;
    }
    let with_nat = json!({"NetworkMode": "vpc", "VpcId": moto.id("bare"), "Engine": "mariadb", "Port": "3307",
        "SubnetIds": moto.ids(&["bare-app-a", "bare-app-b"]), "HasNatRoute": "true",
        "SecretsManagerEndpointId": "", "SecretsManagerEndpointSecurityGroupIds": ""});
    check(&moto, "bare-mariadb", NetworkMode::Auto, with_nat).await;
    let readers = discover(&moto.url(), "orders-readers", NetworkMode::Auto, None).await.unwrap();
    assert!(readers["Warning"].as_str().unwrap().contains("endpoint of readers"), "{readers}");
    for (secret, mode, code) in [
        ("gone", NetworkMode::Auto, "DATABASE_NOT_FOUND"),
        ("alias", NetworkMode::Auto, "DATABASE_NOT_FOUND"),
        ("private-postgres", NetworkMode::Public, "DATABASE_NOT_PUBLIC"),
        ("no-such-secret", NetworkMode::Auto, "SECRET_NOT_FOUND"),
        ("ledger", NetworkMode::Auto, "ENGINE_UNSUPPORTED"),
    ] {
        let error = discover(&moto.url(), secret, mode, None).await.unwrap_err();
        assert_eq!(error.code(), code, "{secret}: {error:?}");
    }
}

/// A host that only resembles that of a database is not taken for one.
#[tokio::test]
async fn lookalike_host() {
    let Some(moto) = Moto::start().await else { return };
    let host = "private-postgres.c0ffee.us-east-1.rds.amazonaws.com";
    let error = discover(&moto.url(), "no-such-secret", NetworkMode::Auto, Some(host)).await.unwrap_err();
    assert_eq!(error.code(), "DATABASE_NOT_FOUND");
    let host = "private-postgres.aaaaaaaaaa.us-east-1.rds.amazonaws.com";
    let data = discover(&moto.url(), "no-such-secret", NetworkMode::Auto, Some(host)).await.unwrap();
    assert_eq!(data["DatabaseArn"], moto.id("private-postgres"));
}

/// A service whose certificate is not trusted receives nothing.
#[tokio::test]
async fn untrusted_service_gets_nothing() {
    let tls = Some(TestAuthority::new().server().server_config());
    let service = LocalSecretsManager::start(Settings { tls, ..Settings::default() }).await.unwrap();
    let host = "shop.c0ffee.us-east-1.rds.amazonaws.com";
    let error = discover(&service.endpoint(), "app", NetworkMode::Auto, Some(host)).await.unwrap_err();
    assert_eq!(error.code(), "DISCOVERY_CERTIFICATE", "{error:?}");
}

/// A cluster without a writer is named.
#[tokio::test]
async fn cluster_without_a_writer() {
    // moto reports for every cluster whether it is public; Aurora does so only for clusters without
    // instances.
    const HOST: &str = "shop.cluster-c0ffee.us-east-1.rds.amazonaws.com";
    let service = Receiver::start(|_, request| {
        assert!(request.body.starts_with("Action=DescribeDBClusters&"), "{}", request.body);
        let answer = format!(
            "<DescribeDBClustersResponse \
             xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><DescribeDBClustersResult><DBClusters><DBCluster><DBClusterIdentifier>shop</DBClusterIdentifier><Engine>aurora-mysql</Engine>\
             <Port>3306</Port><Endpoint>{HOST}</Endpoint></DBCluster></DBClusters></DescribeDBClustersResult>\
             </DescribeDBClustersResponse>"
        );
        Some((200, answer))
    });
    let service = service.await;
    let error = discover(&service.url(), "app", NetworkMode::Auto, Some(HOST)).await.unwrap_err();
    assert_eq!(error.code(), "DATABASE_NO_WRITER", "{error:?}");
}
