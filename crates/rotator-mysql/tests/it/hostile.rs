//! The functions themselves against hostile servers.

use std::time::Duration;

use rotation_suites::{Hostile, SecretTls, Trial, every_log};
use test_servers::{MaliciousMysql, Moment, MysqlAnswer, MysqlGreeting, MysqlMischief, MysqlScript};

const MYSQL: Hostile = Hostile { program: env!("CARGO_BIN_EXE_mysql_single_user"), engine: "mysql" };
const MARIADB: Hostile = Hostile { program: env!("CARGO_BIN_EXE_mariadb_single_user"), engine: "mariadb" };

/// What a server of this engine reports about itself.
fn greeting(function: Hostile) -> MysqlGreeting {
    if function.engine == "mysql" {
        return MysqlGreeting::default();
    }
    MysqlGreeting {
        version: "5.5.5-10.11.14-MariaDB".to_owned(),
        plugin: "mysql_native_password".to_owned(),
        ..MysqlGreeting::default()
    }
}

/// Lets every user in and answers the first statement, whatever it is, in this way.
fn answers(answer: MysqlAnswer) -> MysqlMischief {
    MysqlMischief::Answers(vec![MysqlScript { statement: String::new(), answers: vec![answer] }])
}

/// Refuses the login with a message that quotes the password.
fn refuses_the_login() -> MysqlMischief {
    MysqlMischief::RefusesLogin(1045, Hostile::quoting())
}

async fn check(function: Hostile, mischief: MysqlMischief, codes: &[&str]) {
    let server = MaliciousMysql::start(mischief.clone(), greeting(function)).await.unwrap();
    function.check(&mischief, &server, codes).await;
}

/// What the servers of both engines may do.
async fn check_all(function: Hostile) {
    let lost = &["DB_CONNECTION_LOST"][..];
    check(function, MysqlMischief::Oversized(Moment::Greeting), &["DB_PROTOCOL"]).await;
    check(function, MysqlMischief::Oversized(Moment::Login), &["DB_PROTOCOL"]).await;
    check(function, MysqlMischief::Oversized(Moment::Statement), lost).await;
    check(function, answers(MysqlAnswer::Nulls(250)), lost).await;
    check(function, answers(MysqlAnswer::LocalFile("/proc/self/environ".to_owned())), lost).await;
    let drip = |moment| MysqlMischief::DripFeed(moment, Duration::from_millis(50));
    check(function, drip(Moment::Login), &["NET_DB_TIMED_OUT"]).await;
    check(function, drip(Moment::Statement), &["DB_NOT_READY"]).await;
    check(function, MysqlMischief::Silent(Moment::Greeting), &["NET_DB_TIMED_OUT"]).await;
    check(function, MysqlMischief::SwitchesTo("mysql_clear_password"), &["DB_AUTH_METHOD"]).await;
}

/// Hostile servers of MySQL get neither time nor memory nor the password.
#[tokio::test]
async fn mysql_costs_and_learns_nothing() {
    check_all(MYSQL).await;
}

/// Hostile servers of MariaDB get neither time nor memory nor the password.
#[tokio::test]
async fn mariadb_costs_and_learns_nothing() {
    check_all(MARIADB).await;
    // Plugins of MariaDB's own. PAM's `dialog` asks for anything, in cleartext.
    for plugin in ["dialog", "auth_gssapi_client", "mysql_old_password"] {
        check(MARIADB, MysqlMischief::SwitchesTo(plugin), &["DB_AUTH_METHOD"]).await;
    }
    // They are supported; a server that sends a shorter nonce than they sign is refused.
    for plugin in ["client_ed25519", "parsec"] {
        check(MARIADB, MysqlMischief::SwitchesTo(plugin), &["DB_PROTOCOL"]).await;
    }
}

/// A MySQL or MariaDB that takes TLS away learns nothing that TLS was to protect.
/// A server, or an attacker in front of it, claims that there is no TLS: the secret decides what happens.
#[tokio::test]
async fn stripped_tls_of_mysql_learns_nothing() {
    let clear = MysqlMischief::SwitchesTo("mysql_clear_password");
    for function in [MYSQL, MARIADB] {
        for (tls, require) in [(SecretTls::On, "false"), (SecretTls::Silent, "true")] {
            let server = MaliciousMysql::start(clear.clone(), greeting(function)).await.unwrap();
            let settings = function.function().env("REQUIRE_TLS", require);
            let what = (function.engine, tls);
            function.check_with(&what, &server, tls, settings, &["TLS_UNAVAILABLE"]).await;
            assert!(server.received().is_empty(), "{what:?}: {:?}", server.received());
        }
        // A secret without `ssl` goes on without TLS, and then the password is proved, not sent.
        for (mischief, code) in
            [(clear.clone(), "DB_AUTH_METHOD"), (refuses_the_login(), "DB_NO_CREDENTIAL_ACCEPTED")]
        {
            let server = MaliciousMysql::start(mischief.clone(), greeting(function)).await.unwrap();
            let settings = function.function();
            function.check_with(&mischief, &server, SecretTls::Silent, settings, &[code]).await;
        }
    }
}

/// No level and no format of the log shows a password or a token.
#[tokio::test]
async fn no_log_shows_password_or_token() {
    for function in [MYSQL, MARIADB] {
        for (level, format) in every_log() {
            for mischief in [refuses_the_login(), answers(MysqlAnswer::Error(1064, Hostile::quoting()))] {
                let server = MaliciousMysql::start(mischief.clone(), greeting(function)).await.unwrap();
                let settings = function.function().log_level(level).log_format(format);
                let document = function.document(server.port(), SecretTls::Off);
                let trial = Trial::run(settings, &document).await.unwrap();
                trial.assert_silent(&(function.engine, level, format, mischief));
            }
        }
    }
}
