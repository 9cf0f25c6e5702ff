//! `rotate doctor`: 36 broken set-ups, six healthy ones. Six broken functions and a healthy one are in
//! `function.rs`.

use std::sync::Arc;

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{Fault, FaultKind, Operation, Settings},
};
use serde_json::{Value, json};
use test_servers::{
    DocdbProduct, DocdbServer, MaliciousPostgres, MongoVersion, MysqlFlavor, MysqlServer, PostgresMischief,
    PostgresServer, PostgresVersion, ServerTls, Stop, TestAuthority, TestCertificate, TestLogin,
};

use crate::{
    command::{self, Run},
    world::{SECRET, World},
};

/// The options of the command for a broken set-up.
#[derive(Default)]
struct Planted {
    flags: Vec<String>,
    environment: Vec<(&'static str, String)>,
    /// What must live as long as the command.
    keep: Vec<Box<dyn std::any::Any>>,
}

fn flags(flags: &[&str]) -> Planted {
    Planted { flags: flags.iter().map(|flag| (*flag).to_owned()).collect(), ..Planted::default() }
}

async fn doctor(world: &World, planted: &Planted) -> (Run, Value) {
    let flags: Vec<&str> = planted.flags.iter().map(String::as_str).collect();
    let environment: Vec<_> =
        planted.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let run = world.ask("doctor", &[&["--json"], &flags[..]].concat(), &environment).await;
    let answer = serde_json::from_str(&run.out).unwrap_or(Value::Null);
    (run, answer)
}

/// Plants one fault and expects it to be named first, with its remediation.
macro_rules! check {
    ($code:literal, |$world:ident| $plant:expr) => {{
        let $world = World::new().await;
        let planted: Planted = $plant;
        let before = $world.service.stages(SECRET).unwrap();
        let (run, answer) = doctor(&$world, &planted).await;
        let first = &answer["findings"][0];
        assert_eq!(first["code"], $code, "{}{}", run.out, run.err);
        assert!(["warning", "fault"].contains(&first["severity"].as_str().unwrap()), "{first:#}");
        assert!(!first["remediation"].as_str().unwrap().is_empty(), "{first:#}");
        run.expect_code(if answer["severity"] == "fault" { 4 } else { 3 });
        assert_eq!(before, $world.service.stages(SECRET).unwrap(), "nothing is written");
        drop(planted.keep);
    }};
}

/// The secret's value with one field changed.
fn with(world: &World, more: &Value) -> String {
    world.document(&world.user, more)
}

fn current(world: &World, value: &str) -> Planted {
    world.put(&["AWSCURRENT"], value);
    Planted::default()
}

async fn change_password(world: &World) {
    world.admin(&format!("ALTER ROLE {} PASSWORD 'of-another-user'", world.user.username)).await;
}

/// A server that shows this certificate.
async fn server_with(world: &World, authority: &TestAuthority, certificate: &TestCertificate) -> Planted {
    let malicious = MaliciousPostgres::start_with_tls(PostgresMischief::ScramIterations(4096), certificate)
        .await
        .unwrap();
    let mut planted = current(world, &with(world, &json!({"port": malicious.port()})));
    planted.environment.push(("TLS_CA_BUNDLE", authority.certificate_pem().to_owned()));
    planted.keep.push(Box::new(malicious));
    planted
}

/// A master with these attributes, and the secret that names it.
async fn master(world: &World, attributes: &str, password: Option<&str>) -> TestLogin {
    let master = world.server.create_role(attributes).await.unwrap();
    let told = TestLogin { password: password.unwrap_or(&master.password).to_owned(), ..master.clone() };
    let arn = world.service.create_secret("master", &world.document(&told, &json!({}))).unwrap();
    world.put(&["AWSCURRENT"], &with(world, &json!({"masterarn": arn})));
    master
}

async fn capable_master(world: &World) -> TestLogin {
    let master = master(world, "CREATEROLE", None).await;
    world.admin(&format!("GRANT {} TO {} WITH ADMIN OPTION", world.user.username, master.username)).await;
    master
}

/// The planted fault of the secret is listed first.
#[tokio::test]
async fn fault_of_the_secret_comes_first() {
    check!("SECRET_DELETED", |world| {
        let request = json!({"SecretId": SECRET});
        world.service.call_inside(Operation::DeleteSecret, request).unwrap();
        flags(&["--engine", "postgres"])
    });
    check!("SECRET_MALFORMED", |world| current(&world, "no json"));
    check!("SECRET_FIELD_MISSING", |world| {
        let login = json!({"engine": "postgres", "username": "app", "password": "canary-of-a-secret"});
        current(&world, &login.to_string())
    });
    check!("SECRET_FIELD_INVALID", |world| current(&world, &with(&world, &json!({"port": "5432;x"}))));
    check!("SECRET_PASSWORD_COPIED", |world| {
        let url = format!("postgresql://{}:{}@db.example/shop", world.user.username, world.user.password);
        current(&world, &with(&world, &json!({"url": url})))
    });
    check!("SECRET_ENGINE_MISMATCH", |world| current(&world, &with(&world, &json!({"engine": "oracle"}))));
    check!("KMS_DENIED", |world| {
        world.service.inject(Fault::new(Operation::GetSecretValue, FaultKind::KmsAccessDenied).times(99));
        Planted::default()
    });
    check!("PENDING_HOST_DIFFERS", |world| {
        world.put(&["AWSPENDING"], &with(&world, &json!({"host": "db.elsewhere.example"})));
        Planted::default()
    });
    check!("PENDING_USER_DIFFERS", |world| {
        let other = TestLogin { username: "another".into(), password: "of-another-user".into() };
        world.put(&["AWSPENDING"], &world.document(&other, &json!({})));
        Planted::default()
    });
}

/// The planted fault on the way to the server is listed first.
#[tokio::test]
async fn fault_on_the_way_comes_first() {
    check!("NET_DB_DNS", |world| {
        current(&world, &with(&world, &json!({"host": "no-such-host.invalid"})))
    });
    check!("NET_DB_UNREACHABLE", |world| {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        current(&world, &with(&world, &json!({"port": port})))
    });
    check!("NET_DB_TIMED_OUT", |world| {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let mut planted = current(&world, &with(&world, &json!({"port": port})));
        planted.keep.push(Box::new(silent));
        planted
    });
    check!("TLS_UNKNOWN_CA", |_world| Planted {
        environment: vec![("TLS_CA_BUNDLE", String::new())],
        ..Planted::default()
    });
    let authority = TestAuthority::new();
    check!("TLS_EXPIRED", |world| server_with(&world, &authority, &authority.expired()).await);
    check!("TLS_HOSTNAME", |world| {
        server_with(&world, &authority, &authority.server_named(&["elsewhere.example"])).await
    });
    check!("TLS_SELF_SIGNED", |world| {
        server_with(&world, &authority, &TestAuthority::self_signed()).await
    });
    check!("TLS_EXPIRES_SOON", |world| {
        let authority = Arc::new(TestAuthority::new());
        let certificate = ServerTls::Certificate(authority.ending_in(20));
        let builder = PostgresServer::builder(PostgresVersion::available().pop().unwrap());
        let server = builder.authority(authority.clone()).tls(certificate).start().unwrap();
        let app = server.create_role("").await.unwrap();
        let more = json!({"port": server.port(), "dbname": "postgres"});
        let mut planted = current(&world, &world.document(&app, &more));
        planted.environment.push(("TLS_CA_BUNDLE", authority.certificate_pem().to_owned()));
        planted.keep.push(Box::new(server));
        planted
    });
    check!("DB_PROTOCOL", |world| {
        // A real server that speaks something else: the port is that of Secrets Manager.
        let port: u16 = world.service.endpoint().rsplit(':').next().unwrap().parse().unwrap();
        current(&world, &with(&world, &json!({"port": port, "ssl": false})))
    });
    check!("TLS_UNAVAILABLE", |world| {
        let malicious = MaliciousPostgres::start(PostgresMischief::ScramIterations(4096)).await.unwrap();
        let mut planted = current(&world, &with(&world, &json!({"port": malicious.port()})));
        planted.keep.push(Box::new(malicious));
        planted
    });
}

/// The planted fault of the login is listed first.
#[tokio::test]
async fn fault_of_the_login_comes_first() {
    check!("SECRET_PASSWORD_LINE_BREAK", |world| {
        let password = format!("{}\n", world.user.password);
        current(&world, &with(&world, &json!({"password": password})))
    });
    check!("DB_AUTH_REFUSED", |world| {
        change_password(&world).await;
        Planted::default()
    });
    check!("DB_NO_CREDENTIAL_ACCEPTED", |world| {
        change_password(&world).await;
        world.put_pending("never-to-be-set-0123");
        Planted::default()
    });
    check!("DB_LOCKED", |world| {
        world.admin(&format!("ALTER ROLE {} NOLOGIN", world.user.username)).await;
        Planted::default()
    });
    check!("DB_NAME_NOT_FOUND", |world| current(
        &world,
        &with(&world, &json!({"dbname": "no_such_database"}))
    ));
    check!("PENDING_STUCK", |world| {
        world.put_pending("never-to-be-set-0123");
        Planted::default()
    });
    check!("PENDING_STUCK", |world| {
        world.put_pending("interrupted-0123456789");
        world.admin(&format!("ALTER ROLE {} PASSWORD 'interrupted-0123456789'", world.user.username)).await;
        Planted::default()
    });
    check!("CURRENT_REFUSED", |world| {
        let next = TestLogin { password: "never-to-be-set-0123".into(), ..world.user.clone() };
        current(&world, &world.document(&next, &json!({})))
    });
    check!("CURRENT_REFUSED", |world| {
        let version = world.put_pending("interrupted-0123456789");
        world.admin(&format!("ALTER ROLE {} PASSWORD 'interrupted-0123456789'", world.user.username)).await;
        let unlabel =
            json!({"SecretId": SECRET, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version});
        world.service.call_inside(Operation::UpdateSecretVersionStage, unlabel).unwrap();
        Planted::default()
    });
}

/// The planted fault inside the database is listed first.
#[tokio::test]
async fn fault_in_the_database_comes_first() {
    check!("DB_READ_ONLY", |world| {
        let server = PostgresServer::builder(PostgresVersion::available().pop().unwrap()).start().unwrap();
        let app = server.create_role("").await.unwrap();
        server.restart(Stop::Fast).unwrap();
        server.demote().unwrap();
        let more = json!({"port": server.port(), "dbname": "postgres"});
        let mut planted = current(&world, &world.document(&app, &more));
        let authority = server.authority().certificate_pem().to_owned();
        planted.environment.push(("TLS_CA_BUNDLE", authority));
        planted.keep.push(Box::new(server));
        planted
    });
    check!("SECRET_FIELD_INVALID", |world| {
        let long = world.server.create_role_named(&"u".repeat(60), "").await.unwrap();
        let master = world.service.create_secret("master", "{}").unwrap();
        current(&world, &world.document(&long, &json!({"masterarn": master})))
    });
    check!("MASTER_UNREADABLE", |world| {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:nobody-AbCdEf";
        current(&world, &with(&world, &json!({"masterarn": arn})))
    });
    check!("DB_AUTH_REFUSED", |world| {
        master(&world, "CREATEROLE", Some("not-the-password-of-it")).await;
        Planted::default()
    });
    check!("DB_PRIVILEGE_MISSING", |world| {
        master(&world, "", None).await;
        Planted::default()
    });
    check!("DB_PASSWORDS_RESTRICTED", |world| {
        // As RDS sets it for a whole server.
        let user = &world.user.username;
        world.admin(&format!("ALTER ROLE {user} SET rds.restrict_password_commands = 'on'")).await;
        Planted::default()
    });
    check!("DB_CLONE_NOT_RECOGNIZED", |world| {
        capable_master(&world).await;
        world.admin(&format!("CREATE ROLE {}_clone LOGIN", world.user.username)).await;
        Planted::default()
    });
    check!("GRANTS_DIFFER", |world| {
        capable_master(&world).await;
        // Twice, as only an idle clone is made equal.
        world.rotate(&["--yes"]).await.expect_code(0);
        world.rotate(&["--yes"]).await.expect_code(0);
        world.admin(&format!("ALTER ROLE {} CONNECTION LIMIT 7", world.user.username)).await;
        Planted::default()
    });
}

/// The planted fault of a MySQL user is listed first.
#[tokio::test]
async fn fault_of_a_mysql_user_comes_first() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    let server = MysqlServer::shared(MysqlFlavor::MySql).unwrap();
    check!("DB_LOCKED", |world| mysql(&world, server, "ACCOUNT LOCK").await);
    check!("DB_EXPIRED", |world| mysql(&world, server, "PASSWORD EXPIRE").await);
    check!("DB_LOCKED", |world| {
        let planted = mysql(&world, server, "FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 1").await;
        let value = world.service.value(SECRET, "AWSCURRENT").unwrap();
        let value: Value = serde_json::from_str(&value).unwrap();
        let username = value["username"].as_str().unwrap().to_owned();
        let wrong = TestLogin { username, password: "wrong".to_owned() };
        server.try_login(&wrong).await.unwrap_err();
        planted
    });
}

/// A blocked user of MySQL is reported with the statement that unblocks it.
/// The remediation is named, with the statement to run, and doctor does not report that nothing has to be
/// done.
#[tokio::test]
async fn blocked_mysql_user() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    let server = MysqlServer::shared(MysqlFlavor::MySql).unwrap();
    let world = World::new().await;
    for (alteration, code, statement) in
        [("ACCOUNT LOCK", "DB_LOCKED", "ACCOUNT UNLOCK"), ("PASSWORD EXPIRE", "DB_EXPIRED", "EXECUTE renew")]
    {
        let planted = mysql(&world, server, alteration).await;
        let (run, answer) = doctor(&world, &planted).await;
        let login =
            answer["findings"].as_array().unwrap().iter().find(|one| one["check"] == "login").unwrap();
        assert_eq!(login["code"], code, "{}", run.out);
        assert!(login["remediation"].as_str().unwrap().contains(statement), "{login:#}");
        let next = answer["next"]["sentence"].as_str().unwrap();
        assert!(!next.contains("Nothing has to be done"), "{next}");
    }
}

/// The secret of a new user of a MySQL server.
async fn mysql(world: &World, server: &MysqlServer, alteration: &str) -> Planted {
    let user = server.create_user("").await.unwrap();
    if !alteration.is_empty() {
        server.execute(&[&format!("ALTER USER '{}'@'%' {alteration}", user.username)]).await.unwrap();
    }
    let document = json!({
        "engine": "mysql", "host": server.host(), "port": server.port(), "ssl": true,
        "username": user.username, "password": user.password,
    });
    let mut planted = current(world, &document.to_string());
    planted.environment.push(("TLS_CA_BUNDLE", server.authority().certificate_pem().to_owned()));
    planted
}

async fn healthy(world: &World, planted: &Planted) -> Value {
    let (run, answer) = doctor(world, planted).await;
    run.expect_code(0);
    assert_eq!(answer["state"], "healthy", "{answer:#}");
    let found = answer["findings"].as_array().unwrap().iter();
    let found: Vec<_> =
        found.filter(|finding| !["ok", "note"].contains(&finding["severity"].as_str().unwrap())).collect();
    assert!(found.is_empty(), "{found:#?}");
    answer
}

/// Nothing is found in six healthy setups.
#[tokio::test]
async fn nothing_found_in_six_healthy_setups() {
    let world = World::new().await;
    let answer = healthy(&world, &Planted::default()).await;
    let certificate = answer["findings"].as_array().unwrap().iter().find(|one| one["check"] == "certificate");
    assert!(certificate.unwrap()["sentence"].as_str().unwrap().contains("days left"), "{answer:#}");
    world.rotate(&["--yes"]).await.expect_code(0);
    healthy(&world, &Planted::default()).await;

    let world = World::new().await;
    capable_master(&world).await;
    healthy(&world, &Planted::default()).await;
    world.rotate(&["--yes"]).await.expect_code(0);
    healthy(&world, &Planted::default()).await;

    if MysqlFlavor::MySql.is_to_be_tested() {
        let world = World::new().await;
        let planted = mysql(&world, MysqlServer::shared(MysqlFlavor::MySql).unwrap(), "").await;
        healthy(&world, &planted).await;
    }
    let world = World::new().await;
    let (server, planted) = mongodb(&world).await;
    run_as_it_stands(
        server,
        doctor(&world, &planted).await.1["findings"][0]["remediation"].as_str().unwrap(),
    )
    .await;
    healthy(&world, &planted).await;
}

/// The secret of a new user of MongoDB, which may not change its own password, as no built-in role permits
/// it.
async fn mongodb(world: &World) -> (&'static DocdbServer, Planted) {
    let server = DocdbServer::shared(DocdbProduct::MongoDb(MongoVersion::V6_0)).unwrap();
    let user = TestLogin { username: world.user.username.clone(), password: "of-a-document-store".into() };
    server.create_user("admin", &user, json!(["readWriteAnyDatabase"])).await.unwrap();
    let document = json!({
        "engine": "mongo", "host": server.host(), "port": server.port(), "ssl": true,
        "username": user.username, "password": user.password,
    });
    let mut planted = current(world, &document.to_string());
    planted.environment.push(("TLS_CA_BUNDLE", server.authority().certificate_pem().to_owned()));
    (server, planted)
}

/// Runs the commands of a hint as an administrator does in MongoDB's shell.
async fn run_as_it_stands(server: &DocdbServer, hint: &str) {
    for part in hint.split(".runCommand(").skip(1) {
        let command = serde_json::Deserializer::from_str(part).into_iter::<Value>().next();
        server.command("admin", command.unwrap().unwrap()).await.unwrap();
    }
}

/// A MongoDB user that may not change itself is found.
/// Doctor finds it before a rotation does, and so does a dry run, which fails.
#[tokio::test]
async fn mongodb_user_without_own_rights() {
    let world = World::new().await;
    let (server, planted) = mongodb(&world).await;
    let (run, answer) = doctor(&world, &planted).await;
    run.expect_code(4);
    let first = &answer["findings"][0];
    assert_eq!(first["code"], "DB_PRIVILEGE_MISSING", "{answer:#}");
    let environment: Vec<_> =
        planted.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let dry_run = world.rotate_with(&["--dry-run"], &environment).await;
    dry_run.expect_code(1).expect_out("would run").expect_err("code: DB_PRIVILEGE_MISSING");
    run_as_it_stands(server, first["remediation"].as_str().unwrap()).await;
    world.rotate_with(&["--dry-run"], &environment).await.expect_code(0);
    world.rotate_with(&["--yes"], &environment).await.expect_code(0);
}

/// A diagnosis locks no user of MySQL.
/// Two rotations leave an AWSPREVIOUS that is refused, and such a login would lock the user on this server.
#[tokio::test]
async fn diagnosis_locks_no_mysql_user() {
    if !MysqlFlavor::MySql.is_to_be_tested() {
        return;
    }
    let (world, server) = (World::new().await, MysqlServer::shared(MysqlFlavor::MySql).unwrap());
    let lock = "FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED";
    let mut planted = mysql(&world, server, lock).await;
    planted.environment.push(("DUAL_PASSWORD", "off".to_owned()));
    let environment: Vec<_> =
        planted.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..2 {
        world.rotate_with(&["--yes"], &environment).await.expect_code(0);
    }
    let answer = healthy(&world, &planted).await;
    let previous =
        answer["versions"].as_array().unwrap().iter().find(|one| one["labels"][0] == "AWSPREVIOUS");
    assert_eq!(previous.unwrap()["access"], "was not tried", "{answer:#}");
    world.ask("explain", &[], &environment).await.expect_code(0);
    server.try_login(&world.login("AWSCURRENT").unwrap()).await.unwrap();
}

/// Each labeled version is tried once, and none where no login was requested.
#[tokio::test]
async fn one_login_per_labeled_version() {
    let world = World::new().await;
    world.put_pending("never-to-be-set-0123");
    doctor(&world, &flags(&["--no-logins"])).await.0.expect_code(0);
    assert_eq!(world.server.failed_logins_of(&world.user.username), 0);
    doctor(&world, &Planted::default()).await.0.expect_code(3);
    assert_eq!(world.server.failed_logins_of(&world.user.username), 1);
    // The same credentials under a second label are not tried again.
    world.put_pending(&world.user.password);
    let (_, answer) = doctor(&world, &Planted::default()).await;
    assert_eq!(answer["state"], "both_log_in");
}

/// The table ends with the state and the one command to run.
#[tokio::test]
async fn table_ends_with_state_and_command() {
    let world = World::new().await;
    world.put_pending("interrupted-0123456789");
    world.admin(&format!("ALTER ROLE {} PASSWORD 'interrupted-0123456789'", world.user.username)).await;
    let run = world.ask("doctor", &[], &[]).await;
    run.expect_code(4)
        .expect_out("fault    login        PENDING_STUCK: ")
        .expect_out("AWSCURRENT is refused")
        .expect_out("AWSPENDING logs in")
        .expect_out("rotate recover arn:")
        .expect_out("--endpoint-url http://");
}

/// A secret that does not exist is reported with its code.
#[tokio::test]
async fn missing_secret_has_its_code() {
    let world = World::new().await;
    world.service.inject(Fault::new(Operation::DescribeSecret, FaultKind::KmsAccessDenied).times(9));
    world.ask("doctor", &[], &[]).await.expect_code(1).expect_err("code: KMS_DENIED");
}

/// What doctor reports, without a login, about a secret of this kind.
async fn of_kind(make: impl FnOnce(&LocalSecretsManager) -> String) -> Value {
    let service = LocalSecretsManager::start(Settings::default()).await.unwrap();
    let (secret, endpoint) = (make(&service), service.endpoint());
    let arguments =
        ["doctor", &secret, "--engine", "postgres", "--no-logins", "--json", "--endpoint-url", &endpoint];
    let mine =
        [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")];
    serde_json::from_str(&command::run(&arguments, &mine).await.out).unwrap()
}

/// The code and the severity of what a check found.
fn found<'a>(answer: &'a Value, check: &str) -> (&'a str, &'a str) {
    let one = answer["findings"].as_array().unwrap().iter().find(|one| one["check"] == check).unwrap();
    (one["code"].as_str().unwrap(), one["severity"].as_str().unwrap())
}

/// Findings by which no rotation fails have codes of their own.
#[tokio::test]
async fn findings_beyond_rotation_errors() {
    let answer = of_kind(|service| service.create_managed_secret("app", "{}", "rds", &[]).unwrap()).await;
    assert_eq!(found(&answer, "secret"), ("SECRET_MANAGED", "fault"));
    let answer = of_kind(|service| {
        let request = json!({"Name": "app", "SecretString": "{}", "Type": "SalesforceClientSecret",
            "ClientRequestToken": "11111111-2222-3333-4444-555555555555"});
        service.call_inside(Operation::CreateSecret, request).unwrap()["ARN"].as_str().unwrap().to_owned()
    })
    .await;
    assert_eq!(found(&answer, "secret"), ("SECRET_MANAGED", "fault"));
    let answer = of_kind(|service| {
        let secret = service.create_secret("app", "{}").unwrap();
        service.make_replica(&secret, "eu-west-1").unwrap();
        secret
    })
    .await;
    assert_eq!(found(&answer, "secret"), ("SECRET_REPLICA", "fault"));

    let world = World::new().await;
    let (_, answer) = doctor(&world, &flags(&["--no-logins"])).await;
    assert_eq!(found(&answer, "secret"), ("OK", "ok"));
    assert_eq!(found(&answer, "login"), ("NOT_CHECKED", "note"));
    assert_eq!(found(&answer, "rotation"), ("ROTATION_NOT_CONFIGURED", "note"));

    current(&world, &with(&world, &json!({"ssl": false})));
    let user = &world.user.username;
    world
        .admin(&format!(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE {user} VALID UNTIL %L', now() + '10 days'); END $$"
        ))
        .await;
    let (run, answer) = doctor(&world, &Planted::default()).await;
    run.expect_code(0);
    assert_eq!(found(&answer, "certificate"), ("TLS_OFF", "note"));
    let notes = answer["findings"].as_array().unwrap().iter().filter(|one| one["code"] == "SERVER_NOTE");
    let notes: Vec<_> = notes.map(|note| note["sentence"].as_str().unwrap()).collect();
    assert!(notes.iter().any(|note| note.contains("is valid for")), "{answer:#}");
}
