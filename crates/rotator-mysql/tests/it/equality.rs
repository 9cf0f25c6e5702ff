//! Random users: the clone is compared with its original through the tables of the server itself.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use rotation_database::StatementFault;
use test_servers::{MysqlBuilder, MysqlFlavor, MysqlServer, MysqlVersion, TestLogin};

use crate::{
    alternating::check_equal,
    fixture::{Lab, at, create_master},
};

/// The number of users on each server, each rotated twice with other privileges in between.
const USERS: usize = 200;

/// Names that are hard to parse: words of the grammar, quotes of all kinds, patterns, spaces, other
/// alphabets.
const DATABASES: [&str; 6] =
    ["plain", "a TO b", "per%cent\\_under", "quo`te'\"s", "GRANT ALL ON *.*", "straße_ж"];
const TABLES: [&str; 3] = ["t", "ta`ble TO x", "with space"];
const COLUMNS: [&str; 3] = ["a", "b,c)", "co`l"];
const HOSTS: [&str; 4] = ["%", "10.%", "192.168.0.0/255.255.0.0", "db.example.com"];
const GLOBAL: [&str; 6] =
    ["SELECT", "RELOAD", "CREATE TEMPORARY TABLES", "PROCESS", "EVENT", "SHOW DATABASES"];
const DATABASE: [&str; 7] =
    ["SELECT", "INSERT", "UPDATE", "LOCK TABLES", "CREATE ROUTINE", "TRIGGER", "CREATE VIEW"];
const TABLE: [&str; 5] = ["SELECT", "INSERT", "DELETE", "ALTER", "SHOW VIEW"];
const COLUMN: [&str; 3] = ["SELECT", "INSERT", "UPDATE"];
const OPTIONS: [&str; 9] = [
    "REQUIRE NONE",
    "REQUIRE SSL",
    "REQUIRE SUBJECT '/CN=some one' AND ISSUER '/CN=some authority'",
    "WITH MAX_QUERIES_PER_HOUR 7",
    "WITH MAX_USER_CONNECTIONS 3 MAX_UPDATES_PER_HOUR 9",
    "WITH MAX_USER_CONNECTIONS 0 MAX_CONNECTIONS_PER_HOUR 50",
    "PASSWORD EXPIRE NEVER",
    "PASSWORD EXPIRE INTERVAL 30 DAY",
    "PASSWORD EXPIRE DEFAULT",
];
const MYSQL_OPTIONS: [&str; 6] = [
    "PASSWORD HISTORY 4 PASSWORD REUSE INTERVAL 3 DAY",
    "PASSWORD REQUIRE CURRENT",
    "FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME UNBOUNDED",
    "COMMENT 'it''s a \"comment\" with \\\\ backslash'",
    "ATTRIBUTE '{\"team\": \"TO `x`\", \"list\": [1, null]}'",
    "ATTRIBUTE '{\"team\": null}'",
];

fn name(text: &str) -> String {
    format!("`{}`", text.replace('`', "``"))
}

/// Changes that an administrator might make to a user; `{}` is the user.
fn act(flavor: MysqlFlavor) -> BoxedStrategy<String> {
    let some = |all: &'static [&'static str]| subsequence(all.to_vec(), 1..=all.len());
    let option = select(vec!["", " WITH GRANT OPTION"]);
    let database = || select(DATABASES.to_vec()).prop_map(name);
    let table = move || (database(), select(TABLES.to_vec())).prop_map(|(d, t)| format!("{d}.{}", name(t)));
    let global = (some(&GLOBAL), option.clone())
        .prop_map(|(names, option)| format!("GRANT {} ON *.* TO {{}}{option}", names.join(", ")));
    let databases = (some(&DATABASE), database(), option.clone())
        .prop_map(|(names, on, option)| format!("GRANT {} ON {on}.* TO {{}}{option}", names.join(", ")));
    let pattern = select(vec!["ALL", "SELECT"]).prop_map(|all| format!("GRANT {all} ON `a\\_b%`.* TO {{}}"));
    let tables = (some(&TABLE), table(), option.clone())
        .prop_map(|(names, on, option)| format!("GRANT {} ON {on} TO {{}}{option}", names.join(", ")));
    let columns = (some(&COLUMN), some(&COLUMNS), table()).prop_map(|(names, columns, on)| {
        let columns: Vec<_> = columns.into_iter().map(name).collect();
        let names: Vec<_> = names.iter().map(|name| format!("{name} ({})", columns.join(", "))).collect();
        format!("GRANT {} ON {on} TO {{}}", names.join(", "))
    });
    // MySQL 9.7 itself corrupts what it keeps of routines in databases whose names are not ASCII: once it
    // reloads its tables, their grants name a database that does not exist.
    let ascii =
        select(DATABASES.into_iter().filter(|name| name.is_ascii()).collect::<Vec<_>>()).prop_map(name);
    let routines =
        (select(vec!["PROCEDURE", "FUNCTION"]), some(&["EXECUTE", "ALTER ROUTINE"]), ascii, option.clone())
            .prop_map(|(kind, names, on, option)| {
                let routine = if kind == "PROCEDURE" { "p" } else { "f" };
                format!("GRANT {} ON {kind} {on}.{routine} TO {{}}{option}", names.join(", "))
            });
    let roles = (select(vec!["role_one", "role two"]), select(vec!["", " WITH ADMIN OPTION"]))
        .prop_map(|(role, option)| format!("GRANT '{role}' TO {{}}{option}"));
    let mut options = OPTIONS.to_vec();
    if flavor == MysqlFlavor::MySql {
        options.extend(MYSQL_OPTIONS);
    }
    let options = select(options).prop_map(|option| format!("ALTER USER {{}} {option}"));
    // A user that may act as others may do so for odd names, too, and finally for none at all.
    let proxies = (select(vec!["'other'@'%'", "'a TO b''c'@'10.%'", "''@''"]), option.clone())
        .prop_map(|(other, option)| format!("GRANT PROXY ON {other} TO {{}}{option}"));
    let revoked = database().prop_map(|on| format!("REVOKE SELECT ON {on}.* FROM {{}}"));
    let all = prop_oneof![
        2 => global, 3 => databases, 1 => pattern, 2 => tables, 2 => columns, 2 => routines, 2 => roles,
        3 => options, 1 => revoked,
    ];
    match flavor {
        MysqlFlavor::MariaDb => all.boxed(),
        MysqlFlavor::MySql => prop_oneof![
            8 => all,
            1 => proxies,
            1 => (select(vec!["XA_RECOVER_ADMIN", "ROLE_ADMIN"]), select(vec!["", " WITH GRANT OPTION"]))
                .prop_map(|(name, option)| format!("GRANT {name} ON *.* TO {{}}{option}")),
            1 => select(vec!["NONE", "ALL"]).prop_map(|to| format!("ALTER USER {{}} DEFAULT ROLE {to}")),
        ]
        .boxed(),
    }
}

/// An odd name of at most 32 characters including the suffix.
fn username() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_@ .%'\"`\\\\$;ßж-]{1,16}".prop_filter("not the end of another pair", |name| {
        !name.ends_with("_clone") && !name.ends_with(' ') && !name.starts_with(' ')
    })
}

async fn prepare(server: &MysqlServer, master: &TestLogin) {
    let mut statements = Vec::new();
    for database in DATABASES.map(name) {
        statements.push(format!("CREATE DATABASE {database}"));
        for table in TABLES.map(name) {
            let columns: Vec<_> = COLUMNS.map(|column| format!("{} INT", name(column))).into();
            statements.push(format!("CREATE TABLE {database}.{table} ({})", columns.join(", ")));
        }
        statements.push(format!("CREATE PROCEDURE {database}.p() SELECT 1"));
        statements.push(format!("CREATE FUNCTION {database}.f() RETURNS INT DETERMINISTIC NO SQL RETURN 1"));
    }
    if server.flavor() == MysqlFlavor::MySql {
        let master = at(&master.username, "%");
        statements.push(format!("GRANT PROXY ON ''@'' TO {master} WITH GRANT OPTION"));
    }
    for role in ["role_one", "role two"] {
        statements.push(format!("CREATE ROLE '{role}'"));
        statements.push(format!("GRANT '{role}' TO {} WITH ADMIN OPTION", at(&master.username, "%")));
    }
    for statement in &statements {
        server.execute(&[statement]).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// Makes these changes to the user at one of its hosts. Some are impossible, such as revoking what was never
/// granted.
async fn alter(server: &MysqlServer, user: &str, hosts: &[&str], acts: &[String]) {
    for (index, act) in acts.iter().enumerate() {
        let account = at(user, hosts[index % hosts.len()]);
        let _ = server.execute(&[&act.replace("{}", &account)]).await;
    }
}

async fn compare(builder: MysqlBuilder, users: usize) {
    let server = builder.start().unwrap();
    let flavor = server.flavor();
    let server: &'static MysqlServer = Box::leak(Box::new(server));
    let master = create_master(server).await;
    prepare(server, &master).await;
    let mut runner = TestRunner::deterministic();
    let scene = (
        username(),
        subsequence(HOSTS[1..].to_vec(), 0..=2),
        vec(act(flavor), 0..10),
        vec(act(flavor), 0..6),
    );
    for round in 0..users {
        let (mut user, hosts, first, second) = scene.new_tree(&mut runner).unwrap().current();
        // No two users of the run have the same name.
        user.push_str(&round.to_string());
        let hosts: Vec<_> = std::iter::once(HOSTS[0]).chain(hosts).collect();
        let app = TestLogin { username: user.clone(), password: "a password of the user 1A".to_owned() };
        for host in &hosts {
            let sql = format!("CREATE USER {} IDENTIFIED BY '{}'", at(&user, host), app.password);
            server.execute(&[&sql]).await.unwrap();
        }
        alter(server, &user, &hosts, &first).await;
        let lab = Lab { server, app, master: master.clone(), settings: rotator_mysql::Settings::default() };
        let clone = lab.clone();
        let what = format!("{flavor}, user {round} {user:?} at {hosts:?}: {first:#?} {second:#?}");
        lab.rotate_to(&clone).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        check_equal(&lab).await;
        alter(server, &user, &hosts, &second).await;
        let next = TestLogin { password: "the next password 1A".to_owned(), ..lab.app.clone() };
        // The clone is live: an administrator decides about what the original lost, with the statements of
        // the error.
        if let Err(error) = lab.rotate_to(&next).await {
            let StatementFault::CloneExceeds { needed, .. } = error.fault else { panic!("{what}: {error}") };
            let Some((give, take)) = needed.split_once(" /* or: ") else { panic!("{what}: {needed}") };
            let decided = if round % 2 == 0 { give } else { take.trim_end_matches(" */") };
            for statement in decided.split("; ") {
                let outcome = server.execute(&[statement]).await;
                outcome.unwrap_or_else(|error| panic!("{what}: {statement}: {error}"));
            }
            lab.rotate_to(&next).await.unwrap_or_else(|error| panic!("{what}: {needed}: {error}"));
        }
        lab.rotate_to(&clone).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        check_equal(&lab).await;
    }
}

#[tokio::test]
async fn two_hundred_random_users_and_their_clones_are_equal_on_mysql() {
    if MysqlFlavor::MySql.is_to_be_tested() {
        compare(MysqlServer::builder(MysqlFlavor::MySql), USERS).await;
    }
}

#[tokio::test]
async fn two_hundred_random_users_and_their_clones_are_equal_on_mariadb() {
    if MysqlFlavor::MariaDb.is_to_be_tested() {
        compare(MysqlServer::builder(MysqlFlavor::MariaDb), USERS).await;
    }
}

#[tokio::test]
async fn random_users_and_their_clones_are_equal_on_mariadb_11() {
    if MysqlVersion::MariaDb11.is_to_be_tested() {
        compare(MysqlServer::builder(MysqlVersion::MariaDb11), USERS / 4).await;
    }
}
