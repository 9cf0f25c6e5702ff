//! A test query in addition to the engine's own probe.

use std::{rc::Rc, time::Duration};

use rotation_core::{Reader, SecretDocument, Target, with_causes};
use rotation_database::{
    CustomProof, Database, DatabaseSettings, LONGEST_PROOF, NoDatabaseLookup, StatementRule, Strategy,
    TestField, TestQuery,
};

use crate::world::{Fault, Kind, Plan, Server, Situation, Variant, World, document, invocation, policy};

fn proof(deployed: Option<&str>, field: TestField) -> CustomProof {
    let parse = |text| TestQuery::parse(text, &StatementRule::SQL).unwrap();
    CustomProof { deployed: deployed.map(parse), field }
}

/// Checks the outcome of testSecret with this `testquery` in the secret, and what a dry run reports that
/// it runs.
#[track_caller]
fn check(proof: CustomProof, field: Option<&str>, outcome: &str, said: &str) {
    let (verified, planned, probes) = World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        let document = SecretDocument::parse(&document("app", "first-password")).unwrap();
        let document = match field {
            Some(text) => document.with_text("testquery", text),
            None => document,
        };
        let server = Server(Rc::clone(&service.world));
        let strategy = Strategy::<NoDatabaseLookup>::SingleUser;
        let settings = DatabaseSettings { proof, ..DatabaseSettings::new(policy()) };
        let target = Database::new(server, strategy, settings, &invocation(Duration::from_secs(20)));
        let planned = match target.proof(&document) {
            Ok(proof) => [proof.statements[1..].concat(), proof.notes.concat()].concat(),
            Err(error) => error.code().to_string(),
        };
        service.world.gate.borrow_mut().log.clear();
        let verified = target.verify(&document).await;
        let log = service.world.gate.borrow().log.iter().map(|(_, name)| *name).collect::<Vec<_>>();
        (verified, planned, log)
    });
    let verified = match verified {
        Ok(notes) => format!("{probes:?} {notes:?}").replace("server: ", ""),
        Err(error) => {
            let text = format!("{error:?} {} {}", with_causes(&error), error.remediation(Reader::Operator));
            assert!(!text.contains("1/0"), "the statement is in {text}");
            format!("{}: {}", error.code(), with_causes(&error))
        }
    };
    assert_eq!((verified.as_str(), planned.as_str()), (outcome, said));
}

const DEPLOYED: &str = "the statement of TEST_QUERY, in a read-only transaction";
const OWN: &str = "the statement of the secret's `testquery`, in a read-only transaction";
const IGNORED: &str = "the secret's `testquery` was ignored: ALLOW_TEST_QUERY=secret would let it count";
const FAILED: &str = "TEST_QUERY_FAILED: the test query failed (SQLSTATE 22012)";

/// A test query follows the probe, and fails by its own code without its text.
#[test]
fn test_query_fails_by_its_own_code() {
    use TestField::{Ignored, Taken};
    let probed = r#"["connect", "probe"] []"#;
    let proven = r#"["connect", "probe", "prove"] []"#;
    check(proof(None, Ignored), None, probed, "");
    check(proof(Some("SELECT 1"), Ignored), None, proven, DEPLOYED);
    check(proof(Some("SELECT 1/0"), Ignored), None, FAILED, DEPLOYED);
    check(proof(None, Taken), None, probed, "");
    check(proof(None, Taken), Some(" "), probed, "");
    check(proof(None, Taken), Some("SELECT 1"), proven, OWN);
    check(proof(None, Taken), Some("SELECT 1/0"), FAILED, OWN);
    check(proof(Some("SELECT 1"), Taken), None, proven, DEPLOYED);
}

/// A secret's test query replaces the deployed one where that is allowed, and is noted
/// elsewhere.
#[test]
fn secrets_own_test_query() {
    use TestField::{Ignored, Taken};
    check(proof(Some("SELECT 1/0"), Taken), Some("SELECT 1"), r#"["connect", "probe", "prove"] []"#, OWN);
    let noted = |calls: &str| format!("{calls} [{IGNORED:?}]");
    let own = Some("SELECT 1/0");
    check(proof(None, Ignored), own, &noted(r#"["connect", "probe"]"#), IGNORED);
    let both = format!("{DEPLOYED}{IGNORED}");
    check(proof(Some("SELECT 1"), Ignored), own, &noted(r#"["connect", "probe", "prove"]"#), &both);
    let invalid = format!(
        "SECRET_FIELD_INVALID: the AWSPENDING version cannot be used: the field `testquery` is not {}",
        StatementRule::SQL.text
    );
    check(proof(None, Taken), Some("DROP TABLE a"), &invalid, "SECRET_FIELD_INVALID");
    check(proof(None, Ignored), Some("DROP TABLE a"), &noted(r#"["connect", "probe"]"#), IGNORED);
}

/// A connection that breaks shows nothing about the statement.
#[test]
fn broken_connection_is_inconclusive() {
    World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        let document = SecretDocument::parse(&document("app", "first-password")).unwrap();
        let (server, strategy) =
            (Server(Rc::clone(&service.world)), Strategy::<NoDatabaseLookup>::SingleUser);
        let proof = proof(Some("SELECT 1"), TestField::Ignored);
        let settings = DatabaseSettings { proof, ..DatabaseSettings::new(policy()) };
        let target = Database::new(server, strategy, settings, &invocation(Duration::from_secs(20)));
        // The login and the engine's own probe come first.
        let calls = service.world.gate.borrow().calls;
        service.world.gate.borrow_mut().faults = vec![(calls + 2, Fault::Before)];
        assert_eq!(target.verify(&document).await.unwrap_err().code(), "DB_CONNECTION_LOST");
    });
}

/// A result is read up to one mebibyte.
#[test]
fn result_is_read_to_a_mebibyte() {
    assert_eq!(LONGEST_PROOF, 1_048_576);
}

/// A statement of exactly 4096 bytes is accepted.
#[test]
fn statement_of_4096_bytes() {
    let taken = |text: &str| TestQuery::parse(text, &StatementRule::SQL).is_some();
    assert!(taken(&format!("SELECT {}", "1".repeat(4089))));
    assert!(!taken(&format!("SELECT {}", "1".repeat(4090))));
    assert!(!taken(""));
}
