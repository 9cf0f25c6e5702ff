//! The double of ElastiCache, judged by AWS's own clients: the AWS CLI and botocore read its answers and
//! refusals as they read those of the service.

use std::{process::Command, time::Duration};

use serde_json::{Value, json};
use test_servers::{ElastiCacheDouble, Moto, ValkeyProduct};

use crate::fixture::{fresh, shared};

/// A program of AWS's with credentials that nobody checks.
fn judge(program: &std::path::Path, arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key"), ("AWS_REGION", "us-east-1")])
        .envs([("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_MAX_ATTEMPTS", "1"), ("PATH", "/usr/bin:/bin")])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The AWS CLI reads users and refusals, and what it changes logs in at the real server.
#[tokio::test]
async fn aws_cli_reads_the_double() {
    let Some(aws) = Moto::program("aws") else { return };
    let server = shared(ValkeyProduct::Valkey9);
    let double = ElastiCacheDouble::start(server, Duration::ZERO).unwrap();
    double.hold(true);
    let user = fresh("judged");
    let arn = double.create_user("judged-1", &user).unwrap();
    let endpoint = double.endpoint();
    let cli = |arguments: &[&str]| {
        judge(&aws, &[&["elasticache", "--endpoint-url", &endpoint, "--output", "json"], arguments].concat())
    };
    let described = |found: Value| found["Users"][0].clone();
    let found = described(cli(&["describe-users", "--user-id", "judged-1"]).unwrap());
    assert_eq!((&found["ARN"], &found["Status"]), (&json!(arn), &json!("active")));
    assert_eq!(found["Authentication"], json!({"Type": "password", "PasswordCount": 1}));
    let (one, other) = ("canary-cli-password-1", "canary-cli-password-2");
    let modify = ["modify-user", "--user-id", "judged-1", "--passwords", one, other];
    let found = cli(&modify).unwrap();
    assert_eq!((&found["Status"], &found["UserName"]), (&json!("modifying"), &json!(user.username)));
    let refused = cli(&modify).unwrap_err();
    assert!(refused.contains("InvalidUserState"), "{refused}");
    double.hold(false);
    while described(cli(&["describe-users"]).unwrap())["Status"] != "active" {}
    for password in [one, other] {
        assert!(server.opens(&test_servers::TestLogin { password: password.into(), ..user.clone() }));
    }
    assert!(!server.opens(&user));
    let refused = cli(&["describe-users", "--user-id", "nobody"]).unwrap_err();
    assert!(refused.contains("UserNotFound"), "{refused}");
    let short = cli(&["modify-user", "--user-id", "judged-1", "--passwords", "short"]).unwrap_err();
    assert!(short.contains("InvalidParameterValue"), "{short}");
}

/// botocore's own model of the service names the members and faults that the double has, and parses them into
/// its own types.
#[tokio::test]
async fn botocore_reads_the_double() {
    let Some(python) = Moto::program("python3") else { return };
    let server = shared(ValkeyProduct::Valkey9);
    let double = ElastiCacheDouble::start(server, Duration::ZERO).unwrap();
    double.create_user("judged-2", &fresh("judged")).unwrap();
    let program = "
import botocore.session, json, sys
client = botocore.session.get_session().create_client('elasticache', endpoint_url=sys.argv[1])
user = client.describe_users(UserId='judged-2')['Users'][0]
modified = client.modify_user(UserId='judged-2', Passwords=['canary-botocore-0001', 'canary-botocore-0002'])
faults = []
for call in (lambda: client.modify_user(UserId='nobody', Passwords=['canary-botocore-0001']),
             lambda: client.modify_user(UserId='judged-2', Passwords=['a' * 16] * 3)):
    try: call()
    except client.exceptions.UserNotFoundFault: faults.append('UserNotFound')
    except client.exceptions.InvalidUserStateFault: faults.append('InvalidUserState')
    except client.exceptions.InvalidParameterCombinationException:
        faults.append('InvalidParameterCombination')
shape = client.meta.service_model.operation_model('ModifyUser').output_shape.members
unknown = sorted(set(modified) - set(shape) - {'ResponseMetadata'})
print(json.dumps([sorted(user), modified['Authentication'], faults, unknown]))
";
    let found = judge(&python, &["-c", program, &double.endpoint()]).unwrap();
    let members = json!([
        "ARN",
        "AccessString",
        "Authentication",
        "Engine",
        "MinimumEngineVersion",
        "Status",
        "UserGroupIds",
        "UserId",
        "UserName"
    ]);
    assert_eq!(found[0], members);
    assert_eq!(found[1], json!({"Type": "password", "PasswordCount": 2}));
    assert_eq!(found[2][0], "UserNotFound");
    assert_eq!(found[3], json!([]));
}
