use postgres_session::{Statement, quote_identifier, quote_literal};
use proptest::{prelude::*, test_runner::TestRunner};
use test_servers::{PostgresServer, PostgresVersion};

use crate::fixture::{over_tls, to};

#[track_caller]
fn check(text: &str, identifier: &str, literal: &str) {
    assert_eq!((quote_identifier(text).as_str(), quote_literal(text).as_str()), (identifier, literal));
}

/// Names and values are quoted by the rules of the server.
#[test]
fn names_and_values_by_server_rules() {
    check("plain", "\"plain\"", "'plain'");
    check("Upper Case", "\"Upper Case\"", "'Upper Case'");
    check("say \"hi\"", "\"say \"\"hi\"\"\"", "'say \"hi\"'");
    check("it's", "\"it's\"", "'it''s'");
    check("back\\slash", "\"back\\slash\"", "E'back\\\\slash'");
    check("\\'; --", "\"\\'; --\"", "E'\\\\''; --'");
    check("nul\0in", "\"nulin\"", "'nulin'");
    check("", "\"\"", "''");
}

/// The server reads back what was quoted, with either setting of `standard_conforming_strings`.
#[test]
fn quoted_text_round_trips() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = PostgresServer::shared(PostgresVersion::V18).unwrap();
    let connection = runtime.block_on(async {
        let app = server.create_role("").await.unwrap();
        std::cell::RefCell::new(over_tls(&to(server, &app), server.authority()).await.unwrap())
    });
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) });
    let text = prop_oneof!["[\\\\'\"$;% \n-]{1,20}", "[^\0]{1,15}"];
    runner
        .run(&text, |text| {
            for setting in ["on", "off"] {
                // A name keeps at most 63 bytes, which fifteen characters never exceed.
                let sql = format!("SELECT {} AS {}", quote_literal(&text), quote_identifier(&text));
                let set = format!("SET standard_conforming_strings = {setting}");
                let batch = [Statement::new("set", set), Statement::new("select", sql)];
                let rows = runtime.block_on(connection.borrow_mut().run(&batch)).unwrap();
                prop_assert_eq!(rows[1][0][0].as_deref(), Some(text.as_str()));
            }
            Ok(())
        })
        .unwrap();
}
