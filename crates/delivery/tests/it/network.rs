//! Where the function is placed, looked up with the caller's credentials.

use serde_json::json;

use crate::{commands::Scene, plan::ARN};

/// What `rotate network` prints of a database that is not publicly accessible.
const PLACE: &str = "NetworkDiscovery=explicit\nNetworkMode=vpc\nVpcId=vpc-1\nvpcSubnetIds=subnet-1,subnet-2\n\
                     DatabaseSecurityGroupIds=sg-1\nDatabasePort=6543\nHasNatRoute=false\n";

/// Where no custom resource is allowed, the caller looks up the network and passes it on.
#[test]
fn lookup_by_the_caller() {
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

/// An explicit network placement stays until it is looked up again or left to the stack.
#[test]
fn explicit_placement_is_kept() {
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

/// `--network` alone is refused for an explicit network placement, of which it would change only a
/// part.
#[test]
fn mode_alone_changes_no_part() {
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

/// A lookup uses the credentials that the CLI exports, or else the caller's.
#[test]
fn credentials_of_the_lookup() {
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

/// A placement that is not found or not understood ends the run before anything is done.
#[test]
fn unknown_placement_ends_the_run() {
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
