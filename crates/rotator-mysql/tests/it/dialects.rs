//! The statements for server versions without a test server: a master creates a clone, seen on the wire.

#![expect(clippy::needless_raw_string_hashes, reason = "snapshots have this form")]

use std::time::Duration;

use database_net::TlsSettings;
use expect_test::{Expect, expect};
use rotation_core::{Deadline, SecretDocument};
use rotation_database::{Change, Credentials, Engine, Login, Session, TlsMode, Transport, Turn, UserPair};
use rotator_mysql::{MySql, Settings};
use test_servers::{MaliciousMysql, MysqlAnswer, MysqlGreeting, MysqlMischief, MysqlScript};

use crate::fixture::{owner, password, username};

/// A user that has everything that these versions show in one way or another, as they show it.
struct Shown {
    version: &'static str,
    plugin: &'static str,
    user: &'static str,
    grants: &'static [&'static str],
    /// The stored roles and attributes of the user, where the server has them.
    attributes: Option<&'static str>,
    roles: &'static [&'static str],
}

fn script(statement: &str, answers: Vec<Vec<Vec<Option<&str>>>>) -> MysqlScript {
    let owned = |row: Vec<Option<&str>>| row.into_iter().map(|field| field.map(str::to_owned)).collect();
    let answers = answers.into_iter().map(|rows| MysqlAnswer::Rows(rows.into_iter().map(owned).collect()));
    MysqlScript { statement: statement.to_owned(), answers: answers.collect() }
}

impl Shown {
    /// At first there is no clone; when it is read again, it equals the original.
    fn scripts(&self) -> Vec<MysqlScript> {
        let clone =
            |text: &str| text.replace("'app'@'%'", "'app_clone'@'%'").replace("`app`@`%`", "`app_clone`@`%`");
        let grants = |named: &dyn Fn(&str) -> String| -> Vec<String> {
            self.grants.iter().map(|line| named(line)).collect()
        };
        let (own, clones) = (grants(&str::to_owned), grants(&clone));
        let lines = |grants: &'_ [String]| -> MysqlScript {
            let rows = grants.iter().map(|line| vec![Some(line.clone())]).collect();
            MysqlScript { statement: String::new(), answers: vec![MysqlAnswer::Rows(rows)] }
        };
        let named =
            |statement: &str, script: MysqlScript| MysqlScript { statement: statement.to_owned(), ..script };
        let mark = r#"{"rotation": {"cloneOf": "app", "secret": "123456789012:shop/checkout",
            "rights": "0123456789ab"}}"#;
        let marked = self.attributes.map(|_| mark);
        let roles: Vec<_> = self.roles.iter().map(|role| vec![Some(*role), Some("%"), Some("N")]).collect();
        vec![
            script("GET_LOCK", vec![vec![vec![Some("1")]]]),
            script("User = 'app_clone'", vec![vec![], vec![vec![Some("%"), marked, Some("90")]]]),
            script("User = 'app'", vec![vec![vec![Some("%"), self.attributes, Some("90")]]]),
            script("SHOW CREATE USER 'app_clone'", vec![vec![vec![Some(&clone(self.user))]]]),
            script("SHOW CREATE USER", vec![vec![vec![Some(self.user)]]]),
            named("SHOW GRANTS FOR 'app_clone'", lines(&clones)),
            named("SHOW GRANTS", lines(&own)),
            script("mysql.role_edges", vec![roles]),
        ]
    }
}

/// The statements by which a master creates the clone, without the settings of the session and without
/// passwords.
async fn check(shown: Shown, expected: Expect) {
    expected.assert_eq(&statements(&shown, false).await.join("\n"));
}

/// The same as a list; `checks` is for a MariaDB server on which a plugin checks passwords.
async fn statements(shown: &Shown, checks: bool) -> Vec<String> {
    let checked = checks.then(|| script("strict_password_validation", vec![vec![vec![Some("1")]]]));
    let scripts = checked.into_iter().chain(shown.scripts()).collect();
    let greeting =
        MysqlGreeting { version: shown.version.to_owned(), plugin: shown.plugin.to_owned(), tls: None };
    let server = MaliciousMysql::start(MysqlMischief::Answers(scripts), greeting).await.unwrap();
    let document = serde_json::json!({
        "engine": "mysql", "host": "localhost", "port": server.port(),
        "username": "master", "password": "master-password", "ssl": false,
    });
    let document = SecretDocument::parse(&document.to_string()).unwrap();
    let login = Login::from_document(&document, &MySql::PROFILE).unwrap();
    assert_eq!(login.tls, TlsMode::Off);
    let deadline = Deadline::after(Duration::from_secs(20));
    let engine = MySql::new(TlsSettings::default(), Settings::default());
    let mut session = engine.connect(&login, Transport::Plaintext, deadline).await.unwrap();
    let pair = UserPair::of(&username("app"), &MySql::PROFILE).unwrap();
    let next = Credentials { username: username("app_clone"), password: password("next'password") };
    session
        .stage(
            &Change::OtherUser {
                pair: &pair,
                live: &username("app"),
                next: &next,
                owner: &owner(),
                method: None,
            },
            &Turn::default(),
            deadline,
        )
        .await
        .unwrap();
    session
        .commit()
        .await
        .unwrap_or_else(|error| panic!("{}: {error}: {:#?}", shown.version, server.statements()));
    server
        .statements()
        .iter()
        .filter(|statement| !statement.contains("GET_LOCK") && !statement.starts_with("SHOW "))
        .map(|statement| hide(statement))
        .collect()
}

/// Random passwords cannot be in snapshots; nor can the remaining time.
fn hide(statement: &str) -> String {
    if let Some((settings, _)) = statement.split_once(", SESSION") {
        return settings.to_owned();
    }
    statement.to_owned()
}

/// MySQL 5.7 has neither roles nor attributes.
#[tokio::test]
async fn mysql_5_7_has_neither_roles_nor_attributes() {
    let shown = Shown {
        version: "5.7.44-log",
        plugin: "mysql_native_password",
        user: "CREATE USER 'app'@'%' IDENTIFIED WITH 'mysql_native_password' \
               AS '*F4846054A7F9B708854BD5F2CFD097CACB67CF58' \
               REQUIRE SSL WITH MAX_USER_CONNECTIONS 5 PASSWORD EXPIRE INTERVAL 90 DAY ACCOUNT UNLOCK",
        grants: &[
            "GRANT SELECT, PROCESS ON *.* TO 'app'@'%' WITH GRANT OPTION",
            "GRANT ALL PRIVILEGES ON `a\\_b%`.* TO 'app'@'%'",
            "GRANT SELECT (a, b), INSERT ON `data`.`t` TO 'app'@'%'",
            "GRANT EXECUTE ON PROCEDURE `data`.`p` TO 'app'@'%'",
        ],
        attributes: None,
        roles: &[],
    };
    check(
        shown,
        expect![[r#"
            SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'
            SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app' ORDER BY Host LIMIT 65
            SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app_clone' ORDER BY Host LIMIT 65
            SELECT COUNT(*) FROM information_schema.ROUTINES WHERE DEFINER IN ('app@%')
            CREATE USER 'app_clone'@'%' IDENTIFIED WITH 'mysql_native_password' BY 'next\'password' ACCOUNT LOCK
            GRANT PROCESS, SELECT ON *.* TO 'app_clone'@'%' WITH GRANT OPTION
            GRANT ALL PRIVILEGES ON `a\_b%`.* TO 'app_clone'@'%'
            GRANT INSERT, SELECT (`a`), SELECT (`b`) ON `data`.`t` TO 'app_clone'@'%'
            GRANT EXECUTE ON PROCEDURE `data`.`p` TO 'app_clone'@'%'
            ALTER USER 'app_clone'@'%' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5 PASSWORD EXPIRE INTERVAL 90 DAY
            SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app' ORDER BY Host LIMIT 65
            SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app_clone' ORDER BY Host LIMIT 65
            ALTER USER 'app_clone'@'%' ACCOUNT UNLOCK"#]],
    )
    .await;
}

/// MySQL 8.0 before 8.0.21 has roles and no attributes.
#[tokio::test]
async fn mysql_8_0_before_21_has_no_attributes() {
    let shown = Shown {
        version: "8.0.20",
        plugin: "mysql_native_password",
        user: "CREATE USER 'app'@'%' IDENTIFIED WITH 'mysql_native_password' \
               AS '*F4846054A7F9B708854BD5F2CFD097CACB67CF58' \
               DEFAULT ROLE `reader`@`%` REQUIRE NONE PASSWORD EXPIRE INTERVAL 90 DAY \
               ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT \
               PASSWORD REQUIRE CURRENT DEFAULT",
        grants: MODERN,
        attributes: None,
        roles: &["reader"],
    };
    check(shown, expect![[r#"
        SET SESSION sql_mode = ''
        SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app' ORDER BY Host LIMIT 65
        SELECT FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges WHERE TO_USER = 'app' AND TO_HOST = '%'
        SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app_clone' ORDER BY Host LIMIT 65
        SELECT COUNT(*) FROM information_schema.ROUTINES WHERE DEFINER IN ('app@%')
        SELECT User, Host, plugin, HEX(authentication_string), HEX(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password'))) FROM mysql.user WHERE User IN ('app', 'app_clone') ORDER BY User, Host LIMIT 130
        CREATE USER 'app_clone'@'%' IDENTIFIED WITH 'mysql_native_password' BY 'next\'password' ACCOUNT LOCK
        GRANT PROCESS, SELECT ON *.* TO 'app_clone'@'%'
        GRANT INSERT, SELECT (`a`), SELECT (`b`) ON `data`.`t` TO 'app_clone'@'%'
        GRANT XA_RECOVER_ADMIN ON *.* TO 'app_clone'@'%' WITH GRANT OPTION
        REVOKE SELECT ON `hidden`.* FROM 'app_clone'@'%'
        GRANT `reader`@`%` TO 'app_clone'@'%'
        ALTER USER 'app_clone'@'%' DEFAULT ROLE `reader`@`%`
        ALTER USER 'app_clone'@'%' PASSWORD EXPIRE INTERVAL 90 DAY
        SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app' ORDER BY Host LIMIT 65
        SELECT FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges WHERE TO_USER = 'app' AND TO_HOST = '%'
        SELECT Host, NULL, password_lifetime FROM mysql.user WHERE User = 'app_clone' ORDER BY Host LIMIT 65
        SELECT FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges WHERE TO_USER = 'app_clone' AND TO_HOST = '%'
        ALTER USER 'app_clone'@'%' ACCOUNT UNLOCK"#]]).await;
}

/// MySQL 8.4 marks the clone by an attribute.
#[tokio::test]
async fn mysql_8_4_marks_by_an_attribute() {
    let shown = Shown {
        version: "8.4.5",
        plugin: "caching_sha2_password",
        user: "CREATE USER `app`@`%` IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$hash' \
               DEFAULT ROLE `reader`@`%` REQUIRE NONE PASSWORD EXPIRE INTERVAL 90 DAY \
               ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT \
               PASSWORD REQUIRE CURRENT DEFAULT",
        grants: MODERN,
        attributes: Some(r#"{}"#),
        roles: &["reader"],
    };
    check(shown, expect![[r#"
        SET SESSION sql_mode = ''
        SELECT Host, JSON_EXTRACT(User_attributes, '$.metadata'), password_lifetime FROM mysql.user WHERE User = 'app' ORDER BY Host LIMIT 65
        SELECT FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges WHERE TO_USER = 'app' AND TO_HOST = '%'
        SELECT Host, JSON_EXTRACT(User_attributes, '$.metadata'), password_lifetime FROM mysql.user WHERE User = 'app_clone' ORDER BY Host LIMIT 65
        SELECT COUNT(*) FROM information_schema.ROUTINES WHERE DEFINER IN ('app@%')
        SELECT User, Host, plugin, HEX(authentication_string), HEX(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password'))) FROM mysql.user WHERE User IN ('app', 'app_clone') ORDER BY User, Host LIMIT 130
        CREATE USER 'app_clone'@'%' IDENTIFIED WITH 'caching_sha2_password' BY 'next\'password' ACCOUNT LOCK ATTRIBUTE '{"rotation":{"cloneOf":"app","secret":"123456789012:shop/checkout","rights":"8cde449e8aea"}}'
        ALTER USER 'app'@'%' ATTRIBUTE '{"rotation":{"cloneOf":"app","secret":"123456789012:shop/checkout","rights":"8cde449e8aea"}}'
        GRANT PROCESS, SELECT ON *.* TO 'app_clone'@'%'
        GRANT INSERT, SELECT (`a`), SELECT (`b`) ON `data`.`t` TO 'app_clone'@'%'
        GRANT XA_RECOVER_ADMIN ON *.* TO 'app_clone'@'%' WITH GRANT OPTION
        REVOKE SELECT ON `hidden`.* FROM 'app_clone'@'%'
        GRANT `reader`@`%` TO 'app_clone'@'%'
        ALTER USER 'app_clone'@'%' DEFAULT ROLE `reader`@`%`
        ALTER USER 'app_clone'@'%' PASSWORD EXPIRE INTERVAL 90 DAY
        SELECT Host, JSON_EXTRACT(User_attributes, '$.metadata'), password_lifetime FROM mysql.user WHERE User = 'app' ORDER BY Host LIMIT 65
        SELECT FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges WHERE TO_USER = 'app' AND TO_HOST = '%'
        SELECT Host, JSON_EXTRACT(User_attributes, '$.metadata'), password_lifetime FROM mysql.user WHERE User = 'app_clone' ORDER BY Host LIMIT 65
        SELECT FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges WHERE TO_USER = 'app_clone' AND TO_HOST = '%'
        ALTER USER 'app_clone'@'%' ACCOUNT UNLOCK"#]]).await;
}

/// As MySQL 8 shows them.
const MODERN: &[&str] = &[
    "GRANT SELECT, PROCESS ON *.* TO `app`@`%`",
    "GRANT XA_RECOVER_ADMIN ON *.* TO `app`@`%` WITH GRANT OPTION",
    "REVOKE SELECT ON `hidden`.* FROM `app`@`%`",
    "GRANT SELECT (`a`, `b`), INSERT ON `data`.`t` TO `app`@`%`",
    "GRANT `reader`@`%` TO `app`@`%`",
];

/// MariaDB before 10.4.2 does not lock accounts, so the function does not unlock any there, even where a
/// plugin checks passwords.
#[tokio::test]
async fn mariadb_10_3_has_no_locks() {
    let shown = Shown {
        version: "5.5.5-10.3.39-MariaDB",
        plugin: "mysql_native_password",
        user: "CREATE USER 'app'@'%' IDENTIFIED BY PASSWORD '*F4846054A7F9B708854BD5F2CFD097CACB67CF58'",
        grants: &["GRANT SELECT ON `data`.* TO 'app'@'%'"],
        attributes: None,
        roles: &[],
    };
    for checks in [false, true] {
        let statements = statements(&shown, checks).await;
        assert!(statements.iter().any(|statement| statement.starts_with("CREATE USER")), "{statements:#?}");
        assert!(statements.iter().any(|statement| statement.starts_with("SET PASSWORD")) == checks);
        let locks = |statement: &&String| statement.contains(" LOCK") || statement.contains("UNLOCK");
        assert_eq!(statements.iter().find(locks), None, "{checks}");
    }
}
