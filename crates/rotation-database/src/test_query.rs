//! The operator's test query, which testSecret runs in addition to the engine's test query.

use std::fmt;

use rotation_core::{DocumentError, SecretDocument};
use zeroize::Zeroizing;

/// The longest test query, in bytes: all environment variables of a Lambda function together have no
/// more.
const LONGEST: usize = 4096;
/// The most bytes of a test query's result that are read. The result is ignored, so more is useless.
pub const LONGEST_PROOF: usize = 1024 * 1024;
/// The field of a secret with its test query.
const FIELD: &str = "testquery";
/// The words with which a SQL query begins. A procedure call is not included: some servers let a procedure
/// commit, and continue outside the read-only transaction.
const WORDS: [&str; 8] = ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"];

/// Which test queries an engine accepts.
#[derive(Clone, Copy, Debug)]
pub struct StatementRule {
    /// The rule, for an error message.
    pub text: &'static str,
    /// Whether a statement meets the rule. It is passed without surrounding white space, and is not empty.
    pub admits: fn(&str) -> bool,
}

impl StatementRule {
    /// One query. A `;` that ends no statement, as in a literal, is also refused: to distinguish it would
    /// need the lexer of each server.
    pub const SQL: Self = Self {
        text: "one statement of at most 4096 bytes that begins with SELECT, WITH, VALUES, TABLE, SHOW, \
            EXPLAIN or DESCRIBE, with no `;` but at its end",
        admits: is_one_query,
    };
}

fn is_one_query(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let statement = without_end(text);
    WORDS.iter().any(|word| text[..end].eq_ignore_ascii_case(word)) && !statement.contains([';', '\0'])
}

/// The statement without the `;` that ends it.
fn without_end(text: &str) -> &str {
    text.strip_suffix(';').unwrap_or(text).trim_end()
}

/// A statement that the engine's rule admits. It is never printed: it may contain a value that only the
/// database's users may know.
#[derive(Clone)]
pub struct TestQuery(Zeroizing<String>);

impl TestQuery {
    /// `None` where the rule does not admit it, or where it is longer than 4096 bytes.
    pub fn parse(text: &str, rule: &StatementRule) -> Option<Self> {
        let text = text.trim();
        let admitted = !text.is_empty() && text.len() <= LONGEST && (rule.admits)(text);
        admitted.then(|| Self(Zeroizing::new(without_end(text).to_owned())))
    }

    /// Its text, for the server alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TestQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestQuery(..)")
    }
}

/// The operator's test queries, which testSecret runs in addition to the engine's own probe.
#[derive(Clone, Debug, Default)]
pub struct CustomProof {
    /// The statement for every secret (`TEST_QUERY`).
    pub deployed: Option<TestQuery>,
    /// What the field `testquery` of a secret means (`ALLOW_TEST_QUERY`).
    pub field: TestField,
}

/// What the field `testquery` of a secret means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestField {
    /// Nothing; where it is present, a note reports that.
    #[default]
    Ignored,
    /// It replaces the deployed statement.
    Taken,
}

/// The test query for one document.
#[derive(Debug, Default)]
pub(super) struct ChosenProof {
    pub(super) statement: Option<TestQuery>,
    /// Its origin, for people.
    pub(super) named: &'static str,
    pub(super) note: Option<&'static str>,
}

impl CustomProof {
    /// # Errors
    /// [`DocumentError::Invalid`] where the field counts but holds no statement that the rule admits.
    pub(super) fn of(
        &self,
        document: &SecretDocument,
        rule: &StatementRule,
    ) -> Result<ChosenProof, DocumentError> {
        let deployed = ChosenProof {
            statement: self.deployed.clone(),
            named: "the statement of TEST_QUERY, in a read-only transaction",
            note: None,
        };
        match self.field {
            TestField::Ignored => {
                let ignored = "the secret's `testquery` was ignored: ALLOW_TEST_QUERY=secret would \
                    let it count";
                let note = document.get(FIELD).is_some().then_some(ignored);
                Ok(ChosenProof { note, ..deployed })
            }
            TestField::Taken => match document.text(FIELD)?.filter(|text| !text.trim().is_empty()) {
                None => Ok(deployed),
                Some(text) => {
                    let statement = TestQuery::parse(&text, rule)
                        .ok_or(DocumentError::Invalid { field: FIELD, rule: rule.text })?;
                    let named = "the statement of the secret's `testquery`, in a read-only transaction";
                    Ok(ChosenProof { statement: Some(statement), named, note: None })
                }
            },
        }
    }
}
