//! Users and changes of them at random.

use proptest::{
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use test_servers::{MysqlFlavor, MysqlServer, TestLogin};

use crate::fixture::at;

/// What this strategy gives for a seed.
pub(super) fn drawn<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, seed: u64) -> T {
    let bytes = std::array::from_fn::<u8, 32, _>(|index| seed.to_le_bytes()[index % 8]);
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    strategy.new_tree(&mut runner).unwrap().current()
}

/// Names that are hard to parse: words of the grammar, quotes of all kinds, patterns, spaces, other
/// alphabets.
const DATABASES: [&str; 6] =
    ["plain", "a TO b", "per%cent\\_under", "quo`te'\"s", "GRANT ALL ON *.*", "straße_ж"];
const TABLES: [&str; 3] = ["t", "ta`ble TO x", "with space"];
const COLUMNS: [&str; 3] = ["a", "b,c)", "co`l"];
pub(super) const HOSTS: [&str; 4] = ["%", "10.%", "192.168.0.0/255.255.0.0", "db.example.com"];
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

/// What a person might do to a user; `{}` is the user.
pub(super) fn act(flavor: MysqlFlavor) -> BoxedStrategy<String> {
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

/// An odd name with 32 characters at most once the suffix is there.
pub(super) fn username() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_@ .%'\"`\\\\$;ßж-]{1,16}".prop_filter("not the end of another pair", |name| {
        !name.ends_with("_clone") && !name.ends_with(' ') && !name.starts_with(' ')
    })
}

/// What the users' rights are on.
pub(super) async fn prepare(server: &MysqlServer, master: &TestLogin) {
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
