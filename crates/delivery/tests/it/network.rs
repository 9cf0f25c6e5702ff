//! Where the function is placed, looked up with the caller's credentials.

use serde_json::json;

use crate::{commands::Scene, plan::ARN};

/// What `rotate network` prints of a database that is not publicly accessible.
const PLACE: &str = "NetworkDiscovery=explicit\nNetworkMode=vpc\nVpcId=vpc-1\nvpcSubnetIds=subnet-1,subnet-2\n\
                     DatabaseSecurityGroupIds=sg-1\nDatabasePort=6543\nHasNatRoute=false\n";

#[test]
fn where_no_custom_resource_may_be_the_place_is_looked_up_here_and_handed_over() {
    let scene = Scene::with_stack("CREATE_COMPLETE", &[]);
    scene.network(PLACE);
    let output = scene.deploy(&["--network-discovery", "explicit", "--network", "vpc", "--dry-run"]).unwrap();
    assert!(output.contains("  vpcSubnetIds=subnet-1,subnet-2\n") && !scene.has("change-set"), "{output}");

    let host = ["--parameter", "Host=db.example", "--parameter", "HasNatRoute=true"];
    scene
        .deploy(&[&["--network-discovery", "explicit", "--endpoint-url", "http://e"], &host[..]].concat())
        .unwrap();
    let asked = format!("{ARN} --engine postgres --network vpc --region eu-west-1");
    let again = format!(
        "{ARN} --engine postgres --network auto --region eu-west-1 --host db.example --endpoint-url http://e"
    );
    assert_eq!(scene.text("looked-up"), format!("{asked}\n{again}\n"));
    let values = scene.values();
    for (name, value) in [
        ("NetworkDiscovery", "explicit"),
        ("NetworkMode", "vpc"),
        ("VpcId", "vpc-1"),
        ("vpcSubnetIds", "subnet-1,subnet-2"),
        ("DatabaseSecurityGroupIds", "sg-1"),
        ("DatabasePort", "6543"),
        ("SecretsManagerEndpointId", ""),
        ("SecretsManagerEndpointSecurityGroupIds", ""),
        // The operator's value takes precedence over what was found.
        ("HasNatRoute", "true"),
    ] {
        assert_eq!(values[name].as_deref(), Some(value), "{name}");
    }
    // The function behind a custom resource is neither built nor uploaded.
    let calls = scene.text("calls");
    assert!(
        calls.contains("/postgres_single_user.zip") && !calls.contains("/network_discovery.zip"),
        "{calls}"
    );
}

#[test]
fn an_explicit_place_stays_until_it_is_looked_up_again_or_left_to_the_stack() {
    let explicit = [
        ("NetworkDiscovery", "explicit"),
        ("NetworkMode", "vpc"),
        ("VpcId", "vpc-0"),
        ("vpcSubnetIds", "subnet-0"),
        ("SecretsManagerEndpointId", "vpce-0"),
        ("Host", "db.example"),
    ];
    let scene = Scene::with_stack("CREATE_COMPLETE", &explicit);
    scene.deploy(&[]).unwrap();
    assert!(!scene.has("looked-up") && !scene.text("calls").contains("/network_discovery.zip"));
    assert!(explicit.iter().all(|(name, _)| scene.values()[*name].is_none()));

    scene.network(PLACE);
    scene.deploy(&["--network-discovery", "explicit"]).unwrap();
    assert!(
        scene.text("looked-up").contains(" --network auto ")
            && scene.text("looked-up").contains(" db.example")
    );
    let values = scene.values();
    assert_eq!(values["vpcSubnetIds"].as_deref(), Some("subnet-1,subnet-2"));
    assert_eq!(values["SecretsManagerEndpointId"].as_deref(), Some(""));

    scene.deploy(&["--network-discovery", "discover"]).unwrap();
    let values = scene.values();
    for (name, value) in
        [("NetworkDiscovery", "discover"), ("NetworkMode", "auto"), ("VpcId", ""), ("vpcSubnetIds", "")]
    {
        assert_eq!(values[name].as_deref(), Some(value), "{name}");
    }
    assert!(scene.text("calls").contains("/network_discovery.zip"));
}

#[test]
fn a_network_alone_does_not_change_a_part_of_an_explicit_place() {
    let scene = Scene::with_stack("CREATE_COMPLETE", &[("NetworkDiscovery", "explicit"), ("VpcId", "vpc-0")]);
    let complaint = scene.deploy(&["--network", "public"]).unwrap_err();
    assert!(complaint.contains("add --network-discovery explicit or discover to --network"), "{complaint}");
    assert!(!scene.text("calls").contains("put-object") && !scene.has("handed"));
    // With --network-discovery it works, and also where a custom resource looks up.
    scene.deploy(&["--network", "public", "--network-discovery", "discover"]).unwrap();
    assert_eq!(scene.values()["NetworkMode"].as_deref(), Some("public"));
    scene.deploy(&["--network", "public", "--parameter", "NetworkDiscovery=discover"]).unwrap();
    Scene::with_stack("CREATE_COMPLETE", &[]).deploy(&["--network", "public"]).unwrap();
}

#[test]
fn a_lookup_has_the_credentials_that_the_cli_hands_out_or_else_the_caller_s() {
    let scene = Scene::with_stack("CREATE_COMPLETE", &[]);
    scene.network(PLACE);
    scene.deploy(&["--network-discovery", "explicit"]).unwrap();
    assert_eq!(scene.text("looked-up-as"), "shop   \n");
    let key = ["AKIACANARY", "canary-of-the-key", "canary-of-the-token"];
    let handed =
        json!({"Version": 1, "AccessKeyId": key[0], "SecretAccessKey": key[1], "SessionToken": key[2]});
    scene.put("export-credentials", &handed);
    let output = scene.deploy(&["--network-discovery", "explicit"]).unwrap();
    assert_eq!(scene.text("looked-up-as"), format!(" {}\n", key.join(" ")));
    let [calls, asked] = [scene.text("calls"), scene.text("looked-up")];
    for part in key {
        assert!(![&output, &calls, &asked].iter().any(|text| text.contains(part)), "{part} is shown");
    }
}

#[test]
fn a_place_that_is_not_found_or_not_understood_ends_it_before_anything_is_done() {
    #[track_caller]
    fn check(answer: Option<&str>, expected: &str) {
        let scene = Scene::new();
        if let Some(answer) = answer {
            scene.network(answer);
        }
        let complaint = scene.deploy(&["--network-discovery", "explicit"]).unwrap_err();
        assert!(complaint.contains(expected), "{complaint}");
        assert!(!scene.text("calls").contains("put-object"));
    }
    check(None, "code: DATABASE_UNKNOWN\nthe lookup of the function's network failed");
    check(Some("NetworkDiscovery=explicit\nvpc"), "\"vpc\" is no parameter");
    check(Some("NetworkDiscovery=explicit\nTlsClientKey=x\n"), "TlsClientKey is not a parameter");
    check(Some("NetworkMode=vpc\n"), "the lookup did not end");
    check(Some("VpcId=explicit\n"), "the lookup did not end");
}
