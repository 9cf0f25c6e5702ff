//! Which texts are a test query.

use rotation_database::{StatementRule, TestQuery};

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let parsed = TestQuery::parse(text, &StatementRule::SQL);
    assert_eq!(parsed.as_ref().map(TestQuery::expose), expected);
    assert!(!format!("{parsed:?}").contains('1'), "{parsed:?}");
}

/// One query is accepted, and nothing else.
#[test]
fn one_query_and_nothing_else() {
    check("SELECT 1", Some("SELECT 1"));
    check("  select(1) ;\n", Some("select(1)"));
    check("WITH a AS (SELECT 1) SELECT * FROM a", Some("WITH a AS (SELECT 1) SELECT * FROM a"));
    check("show tables", Some("show tables"));
    for refused in [
        "",
        ";",
        "SELECT 1; COMMIT",
        "SELECT 1;;",
        "SELECT ';'",
        "SELECT 1\0",
        "SELECTED 1",
        "COMMIT",
        "CALL p(1)",
        "INSERT INTO t VALUES (1)",
        "/* SELECT */ DELETE FROM t",
        "(SELECT 1)",
    ] {
        check(refused, None);
    }
    check(&format!("SELECT {}", "1".repeat(4089)), Some(&format!("SELECT {}", "1".repeat(4089))));
    check(&format!("SELECT {}", "1".repeat(4090)), None);
}
