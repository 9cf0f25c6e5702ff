//! `rotate network`, against moto.

use std::path::Path;

use serde_json::{Value, json};

use crate::command::{self, Run};

#[path = "../../../network-discovery/tests/it/moto.rs"]
mod moto;

use moto::Moto;

async fn network(arguments: &[&str]) -> Run {
    let mine =
        [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")];
    let run = command::run(&[&["network"], arguments].concat(), &mine).await;
    assert!(!run.out.contains("canary") && !run.err.contains("canary"), "{}{}", run.out, run.err);
    run
}

/// `network` prints the parameters of the stacks.
#[tokio::test]
async fn prints_the_stack_parameters() {
    let Some(moto) = Moto::start().await else { return };
    let url = moto.url();
    let run = network(&["bare-mariadb", "--endpoint-url", &url, "--json"]).await;
    run.expect_code(0);
    let data: Value = serde_json::from_str(&run.out).unwrap();
    let expected = json!({
        "NetworkMode": "vpc", "VpcId": moto.id("bare"), "SubnetIds": moto.ids(&["bare-app-a", "bare-app-b"]),
        "DatabaseSecurityGroupIds": moto.id("bare-database-group"), "Port": "3307",
        "SecretsManagerEndpointId": "", "SecretsManagerEndpointSecurityGroupIds": "", "HasNatRoute": "true",
        "DatabaseArn": moto.id("bare-mariadb"), "Engine": "mariadb", "Warning": "",
    });
    assert_eq!(data, expected);

    let run = network(&["public-mysql", "--endpoint-url", &url]).await;
    run.expect_code(0).expect_err("warning: The database is publicly accessible");
    assert_eq!(
        run.out,
        format!(
            "NetworkDiscovery=explicit\nNetworkMode=public\nDatabaseSecurityGroupIds={}\nDatabasePort=3306\n\
             HasNatRoute=false\n",
            moto.id("shop-database-group")
        )
    );

    // Every name is one of the stack's parameters.
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/rotation.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let run = network(&["bare-mariadb", "--endpoint-url", &url]).await;
    run.expect_code(0).expect_out("\nvpcSubnetIds=").expect_out("\nDatabasePort=3307\n");
    for line in run.out.lines() {
        let (name, _) = line.split_once('=').unwrap();
        assert!(template.contains(&format!("\n  {name}:\n    Type: String\n")), "{name}");
    }

    let run = network(&["private-postgres", "--network", "public", "--endpoint-url", &url]).await;
    run.expect_code(1).expect_err("code: DATABASE_NOT_PUBLIC\n  hint: Set --network auto or --network vpc.");
    let run = network(&["no-such-secret", "--endpoint-url", &url]).await;
    run.expect_code(1).expect_err("code: SECRET_NOT_FOUND");
}

/// Outside AWS, `network` asks no service.
#[tokio::test]
async fn outside_aws_asks_no_service() {
    let arguments =
        ["app", "--host", "db.example.com", "--engine", "postgres", "--network", "public", "--json"];
    let nowhere = ["--endpoint-url", "http://127.0.0.1:1"];
    let run = network(&[&arguments[..], &nowhere].concat()).await;
    run.expect_code(0).expect_out(r#""Port": "5432""#);
}
