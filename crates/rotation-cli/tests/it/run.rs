//! `rotate run` against the local Secrets Manager and a real PostgreSQL.

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{Fault, FaultKind, Operation, Settings},
};
use rotation_aws::SecretsManager;
use rotation_config::{AccessKey, Endpoint, EndpointUrl};
use rotation_core::{SecretDocument, SecretId, SecretStore, StoreFault, VersionId};
use serde_json::json;
use test_servers::{MysqlFlavor, MysqlServer, RedshiftServer, TestAuthority, TestLogin};

use crate::command;
use crate::world::{Refusing, SECRET, World};

/// A single user gets a new password without a failed login.
#[tokio::test]
async fn single_user_without_a_failed_login() {
    let world = World::new().await;
    let run = world.rotate(&["--yes"]).await;
    run.expect_code(0)
        .expect_out("single user: ")
        .expect_out("Logs in   AWSCURRENT")
        .expect_out("setSecret")
        .expect_out("and it logs in.");
    assert_eq!(world.server.failed_logins_of(&world.user.username), 0);
    let labels: Vec<_> = world.service.stages(SECRET).unwrap().into_values().collect();
    assert_eq!(labels.len(), 2);
    assert!(
        labels.contains(&vec!["AWSCURRENT".to_owned()]) && labels.contains(&vec!["AWSPREVIOUS".to_owned()])
    );
    assert!(world.logs_in(&world.login("AWSCURRENT").unwrap()).await);
    assert!(!world.logs_in(&world.user).await);
}

/// A dry run lists every statement and changes nothing.
#[tokio::test]
async fn dry_run_lists_every_statement() {
    let world = World::new().await;
    let labels = world.service.stages(SECRET).unwrap();
    let run = world.rotate(&["--dry-run"]).await;
    let statement = format!("ALTER ROLE \"{}\" PASSWORD '...'", world.user.username);
    run.expect_code(0)
        .expect_out("in a new version under AWSPENDING")
        .expect_out(&format!("as AWSCURRENT, would run: {statement}"))
        .expect_out("SELECT pg_catalog.now()")
        .expect_out("would move AWSCURRENT from version")
        .expect_out("1 statements would be run in the database. Nothing was changed.");
    assert_eq!(world.service.stages(SECRET).unwrap(), labels);
    assert!(world.logs_in(&world.user).await);
    assert_eq!(world.server.failed_logins_of(&world.user.username), 0);
    assert!(
        !world.server.log().contains(&format!("|{}|postgres|LOG:  statement: ALTER", world.user.username))
    );
}

/// A `masterarn` means alternating users, and the live user keeps its password.
#[tokio::test]
async fn masterarn_means_alternating_users() {
    let world = World::new().await;
    let master = world.server.create_role("CREATEROLE").await.unwrap();
    let grant = format!("GRANT {} TO {} WITH ADMIN OPTION", world.user.username, master.username);
    world.server.execute("postgres", &grant).await.unwrap();
    let arn = world.service.create_secret("master", &world.document(&master, &json!({}))).unwrap();
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        "SecretString": world.document(&world.user, &json!({"masterarn": arn})),
    });
    world.service.call_inside(Operation::PutSecretValue, request).unwrap();

    world.rotate(&["--yes"]).await.expect_code(0).expect_out("alternating users: ");
    let live = world.login("AWSCURRENT").unwrap();
    assert_eq!(live.username, format!("{}_clone", world.user.username));
    assert!(world.logs_in(&live).await && world.logs_in(&world.user).await);
}

/// A secret of another engine is rotated by the rules of that engine.
#[tokio::test]
async fn other_engine_other_rules() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    let world = World::new().await;
    let server = MysqlServer::shared(MysqlFlavor::MySql).unwrap();
    let user = server.create_user("").await.unwrap();
    let administer = format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO '{}'@'%'", user.username);
    server.execute(&[&administer]).await.unwrap();
    let document = json!({
        "engine": "mysql", "host": server.host(), "port": server.port(), "ssl": true,
        "username": user.username, "password": user.password,
    });
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        "SecretString": document.to_string(),
    });
    world.service.call_inside(Operation::PutSecretValue, request).unwrap();
    let authority = server.authority().certificate_pem();

    // PostgreSQL's rules do not hold for it, and the hint leaves the secret's engine as it is.
    let run = world.rotate(&["--yes", "--engine", "postgres"]).await;
    run.expect_code(1).expect_err("--engine names PostgreSQL").expect_err("hint: Leave --engine out");
    let run = world.rotate_with(&["--yes"], &[("TLS_CA_BUNDLE", authority)]).await;
    run.expect_code(0).expect_out("MySQL at localhost").expect_out("and it logs in.");
    let current = world.login("AWSCURRENT").unwrap();
    assert_ne!(current.password, user.password);
    server.try_login(&current).await.unwrap();
    // The old password stays in addition to the new one, as with the function.
    server.try_login(&user).await.unwrap();
}

/// Redshift is rotated by its own rules, as a single user and as a pair.
#[tokio::test]
async fn redshift_single_and_master_user() {
    let world = World::new().await;
    let server = RedshiftServer::shared().unwrap();
    let database = server.behind().create_database().await.unwrap();
    let document = |login: &TestLogin| {
        json!({
            "engine": "redshift", "host": server.host(), "port": server.port(), "ssl": true,
            "username": login.username, "password": login.password, "dbname": database,
        })
    };
    let user = server.behind().create_role("").await.unwrap();
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        "SecretString": document(&user).to_string(),
    });
    world.service.call_inside(Operation::PutSecretValue, request).unwrap();
    let authority = [("TLS_CA_BUNDLE", server.authority().certificate_pem())];
    let run = world.rotate_with(&["--yes"], &authority).await;
    run.expect_code(0).expect_out("Redshift at localhost").expect_out("and it logs in.");
    let changed = world.login("AWSCURRENT").unwrap();
    assert!(server.knows(&changed).await.unwrap() && !server.knows(&user).await.unwrap());
    // The doctor takes the engine from the secret.
    world.ask("doctor", &[], &authority).await.expect_code(0);

    let master = server.behind().create_role("SUPERUSER").await.unwrap();
    let arn = world.service.create_secret("master", &document(&master).to_string()).unwrap();
    let arguments = ["--yes", "--engine", "redshift", "--master-secret", &arn];
    world.rotate_with(&arguments, &authority).await.expect_code(0).expect_out("alternating users: ");
    let clone = world.login("AWSCURRENT").unwrap();
    assert_eq!(clone.username, format!("{}_clone", user.username));
    assert!(server.knows(&clone).await.unwrap() && server.knows(&changed).await.unwrap());
}

/// Nothing is written where no operator can agree: the error asks for `--yes`.
#[tokio::test]
async fn no_agreement_no_write() {
    let world = World::new().await;
    world.rotate(&[]).await.expect_code(1).expect_out("Makes ").expect_err("add --yes");
    world.expect_untouched();
}

/// A rotation that was left after setSecret is resumed with its own version.
#[tokio::test]
async fn interrupted_after_set_is_resumed() {
    let world = World::new().await;
    let version = world.put_pending("interrupted-0123456789");
    let change = format!("ALTER ROLE {} PASSWORD 'interrupted-0123456789'", world.user.username);
    world.server.execute("postgres", &change).await.unwrap();

    let run = world.rotate(&["--yes", "--token", &version]).await;
    run.expect_code(0).expect_out("Logs in   AWSPENDING").expect_out("Resumes ");
    assert_eq!(world.holder("AWSCURRENT").as_ref(), Some(&version));
    assert!(world.logs_in(&world.login("AWSCURRENT").unwrap()).await);
    world.rotate(&["--yes", "--token", &version]).await.expect_code(0).expect_out("Nothing to do");
}

/// A token that belongs to no pending version is refused.
#[tokio::test]
async fn token_of_no_pending_version() {
    let world = World::new().await;
    let token = uuid::Uuid::new_v4().to_string();
    world.rotate(&["--yes", "--token", &token]).await.expect_code(1).expect_err("is not AWSPENDING");
    world.expect_untouched();
}

/// A secret that opens nothing is left unchanged, with a code and a hint.
#[tokio::test]
async fn secret_without_a_login() {
    let world = World::new().await;
    let change = format!("ALTER ROLE {} PASSWORD 'another session changed it'", world.user.username);
    world.server.execute("postgres", &change).await.unwrap();
    world.rotate(&["--yes"]).await.expect_code(1).expect_err("code: ").expect_err("hint: ");
    world.expect_untouched();
}

/// A server of an unknown authority is not written to.
#[tokio::test]
async fn unknown_authority_no_write() {
    let world = World::new().await;
    let run = world.rotate_with(&["--yes"], &[("TLS_CA_BUNDLE", "")]).await;
    run.expect_code(1).expect_err("login with AWSCURRENT failed").expect_err("code: TLS_UNKNOWN_CA");
    world.expect_untouched();
}

/// The settings of the functions apply to the command too.
#[tokio::test]
async fn function_settings_apply() {
    let world = World::new().await;
    let run = world.rotate_with(&["--yes"], &[("PASSWORD_LENGTH", "5")]).await;
    run.expect_code(1).expect_err("PASSWORD_LENGTH");
    world.expect_untouched();
    world.rotate_with(&["--yes"], &[("PASSWORD_LENGTH", "77")]).await.expect_code(0);
    assert_eq!(world.login("AWSCURRENT").unwrap().password.len(), 77);
}

/// A function that rotates the secret is named before the operator agrees.
#[tokio::test]
async fn rotating_function_is_named_first() {
    let world = World::new().await;
    let function = "arn:aws:lambda:us-east-1:123456789012:function:other";
    world.service.register(function, std::sync::Arc::new(Refusing));
    let version = world.service.rotate(SECRET, function).unwrap();
    let limit = std::time::Duration::from_secs(10);
    world.service.wait_for_rotation(SECRET, &version, limit).await.unwrap();
    world.rotate(&[]).await.expect_code(1).expect_out(function).expect_out(&version);
    // What the function left behind has no value yet, and gets one.
    world.rotate(&["--yes"]).await.expect_code(0).expect_out("the new value is stored");
    assert_eq!(world.holder("AWSCURRENT"), Some(version));
}

/// A rotation that begins meanwhile keeps its AWSPENDING.
#[tokio::test]
async fn concurrent_rotation_keeps_awspending() {
    let world = World::new().await;
    let endpoint = Endpoint {
        region: Some("us-east-1".into()),
        url: Some(EndpointUrl::parse(&world.service.endpoint()).unwrap()),
        ..Endpoint::default()
    };
    let key = AccessKey { id: "local".into(), secret: "local".to_owned().into(), session_token: None };
    let store = SecretsManager::in_lambda(&endpoint, Some(&key));
    let described = store.describe(&SecretId::new(SECRET).unwrap()).await.unwrap();
    let other = world.put_pending("of-another-rotation");

    let version = VersionId::new(uuid::Uuid::new_v4().to_string()).unwrap();
    let document = SecretDocument::parse(&world.document(&world.user, &json!({}))).unwrap();
    let error = store.begin(&described, &version, &document).await.unwrap_err();
    assert_eq!(error.fault, StoreFault::Conflict);
    assert_eq!(world.holder("AWSPENDING"), Some(other));
    assert_eq!(world.service.stages(SECRET).unwrap().len(), 2, "the version that lost the race has no label");
}

/// The command that resumes a rotation repeats the flags that were given.
#[tokio::test]
async fn resume_command_repeats_the_flags() {
    let world = World::new().await;
    let version = world.put_pending("never-to-be-set-0123");
    // After AWSCURRENT has been seen to log in, the first step finds what the diagnosis did not: a refused
    // write.
    world.service.inject(Fault::new(Operation::PutSecretValue, FaultKind::KmsAccessDenied).times(9));
    let run = world.rotate(&["--yes", "--strategy", "single_user", "--region", "us-east-1"]).await;
    let endpoint = world.service.endpoint();
    let expected =
        format!("--token {version} --strategy single_user --region us-east-1 --endpoint-url {endpoint}");
    run.expect_code(1).expect_err("to resume the rotation: rotate run arn:").expect_err(&expected);
    run.expect_err("code: KMS_DENIED").expect_err("the IAM identity that you use");

    world.service.clear_faults();
    let (_, again) = run.err.split_once("to resume the rotation: rotate run ").unwrap();
    let again = again.split_once(&endpoint).unwrap().0;
    let mut arguments: Vec<_> = again.split_whitespace().collect();
    arguments.extend([endpoint.as_str(), "--yes"]);
    world.run_secret(&arguments, &[]).await.expect_code(0).expect_out("Resumes ");
    assert_eq!(world.holder("AWSCURRENT"), Some(version));
}

/// A previous version that cannot be read does not hide that nothing logs in.
#[tokio::test]
async fn unreadable_previous_hides_nothing() {
    let world = World::new().await;
    let request = json!({
        "SecretId": SECRET, "ClientRequestToken": uuid::Uuid::new_v4().to_string(),
        "SecretString": world.document(&world.user, &json!({"engine": "another"})),
        "VersionStages": ["AWSPREVIOUS"],
    });
    world.service.call_inside(Operation::PutSecretValue, request).unwrap();
    let change = format!("ALTER ROLE {} PASSWORD 'another session changed it'", world.user.username);
    world.server.execute("postgres", &change).await.unwrap();
    world.rotate(&["--yes"]).await.expect_code(1).expect_err("code: DB_NO_CREDENTIAL_ACCEPTED");
}

/// Success is reported before the cleanup, which keeps nobody waiting for long.
#[tokio::test]
async fn success_before_cleanup() {
    let world = World::new().await;
    let version = world.put_pending("to-be-set-0123456789");
    // The first call moves AWSCURRENT; those that follow remove AWSPENDING, or not.
    let minute = std::time::Duration::from_mins(1);
    let slow = Fault::new(Operation::UpdateSecretVersionStage, FaultKind::Delay(minute)).after(1).times(9);
    world.service.inject(slow);
    let began = std::time::Instant::now();
    let run = world.rotate(&["--yes"]).await;
    run.expect_code(0).expect_out("and it logs in.");
    assert!(began.elapsed() < minute / 4, "{:?}", began.elapsed());
    assert_eq!(world.holder("AWSCURRENT"), Some(version));
}

/// The engine is the one that the secret names.
#[tokio::test]
async fn engine_is_the_one_of_the_secret() {
    let world = World::new().await;
    // The same engine may be named.
    world.rotate(&["--dry-run", "--engine", "postgres"]).await.expect_code(0);
    let run = world.rotate(&["--yes", "--engine", "mysql"]).await;
    run.expect_code(1)
        .expect_err("--engine names MySQL, and `engine` of AWSCURRENT names PostgreSQL")
        .expect_err("code: SECRET_ENGINE_MISMATCH")
        .expect_err("hint: Leave --engine out");
    world.expect_untouched();
    world.put(&["AWSCURRENT"], &world.document(&world.user, &json!({"engine": "canary-of-an-engine"})));
    for flags in [&["--yes"][..], &["--yes", "--engine", "postgres"]] {
        let run = world.rotate(flags).await;
        run.expect_code(1)
            .expect_err("code: SECRET_ENGINE_MISMATCH")
            .expect_err("Known are: postgres, mysql, mariadb, docdb, redshift.");
        assert!(!run.err.contains("canary"), "errors name fields, not values: {}", run.err);
    }
}

/// An endpoint that is no URL is refused before anything is asked.
#[tokio::test]
async fn endpoint_that_is_no_url() {
    let run = command::run(&["run", "app", "--endpoint-url", "https://two words"], &[]).await;
    run.expect_code(1).expect_err("--endpoint-url is not usable: must be a host name, or a URL");
}

/// Without credentials the hint is one for an operator, not for a function.
#[tokio::test]
async fn hint_without_credentials() {
    let service = LocalSecretsManager::start(Settings::default()).await.unwrap();
    let endpoint = service.endpoint();
    let arguments = ["run", "app", "--region", "us-east-1", "--endpoint-url", &endpoint];
    let run = command::run(&arguments, &[]).await;
    run.expect_code(1).expect_err("code: IAM_CREDENTIALS").expect_err("aws configure export-credentials");
    assert!(!run.err.contains("function"), "{}", run.err);
}

/// Which authorities are trusted depends on the Region of the profile.
#[tokio::test]
async fn authorities_by_profile_region() {
    let authority = TestAuthority::new();
    let tls = Some(authority.server().server_config());
    let service = LocalSecretsManager::start(Settings { tls, ..Settings::default() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (roots, profile) = (folder.path().join("roots.pem"), folder.path().join("config"));
    std::fs::write(&roots, authority.certificate_pem()).unwrap();
    for (region, code) in [
        ("us-east-1", "NET_SM_CERTIFICATE"),
        ("eu-isoe-west-1", "SECRET_NOT_FOUND"),
        ("cn-north-1", "SECRET_NOT_FOUND"),
    ] {
        std::fs::write(&profile, format!("[default]\nregion = {region}\n")).unwrap();
        let environment = [
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_CONFIG_FILE", profile.to_str().unwrap()),
            ("SSL_CERT_FILE", roots.to_str().unwrap()),
        ];
        let run = command::run(&["run", "nobody", "--endpoint-url", &service.endpoint()], &environment).await;
        run.expect_code(1).expect_err(&format!("code: {code}"));
        assert_eq!(run.err.contains("AWS_CA_BUNDLE"), code == "NET_SM_CERTIFICATE", "{}", run.err);
    }
}
