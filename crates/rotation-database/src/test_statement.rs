//! A proof of the operator's own, which testSecret runs beside the engine's.

use std::fmt;

use rotation_core::{DocumentError, SecretDocument};
use zeroize::Zeroizing;

/// The longest test statement, in bytes: all variables of a Lambda function together have no more.
const LONGEST: usize = 4096;
/// The most bytes of a test statement's result that are read: it is not looked at, so more serves nobody.
pub const LONGEST_PROOF: usize = 1024 * 1024;
/// The field of a secret.
const FIELD: &str = "teststatement";
/// What a query of SQL begins with. A call of a procedure is none: some servers let a procedure commit, and
/// go on outside of the read-only transaction.
const WORDS: [&str; 8] = ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"];

/// Which test statements an engine takes.
#[derive(Clone, Copy, Debug)]
pub struct StatementRule {
    /// What a statement must be, for an error message.
    pub text: &'static str,
    /// Whether it is that. It is given without surrounding white space, and not empty.
    pub admits: fn(&str) -> bool,
}

impl StatementRule {
    /// One query. A `;` that ends no statement, as in a literal, is refused with those that do: to tell them
    /// apart would need the lexer of each server.
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

/// A statement that the engine's rule admits. It never prints: what a person writes into it may be a value
/// that only the database's users are to know.
#[derive(Clone)]
pub struct TestStatement(Zeroizing<String>);

impl TestStatement {
    /// `None` where it is none that the rule admits, or longer than 4096 bytes.
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

impl fmt::Debug for TestStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestStatement(..)")
    }
}

/// What testSecret runs beside the engine's own probe, as the operator has it.
#[derive(Clone, Debug, Default)]
pub struct CustomProof {
    /// The statement for every secret (`TEST_STATEMENT`).
    pub deployed: Option<TestStatement>,
    /// What the field `teststatement` of a secret means (`ALLOW_TEST_STATEMENT`).
    pub field: TestField,
}

/// What the field `teststatement` of a secret means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestField {
    /// Nothing; where it is present, a note says so.
    #[default]
    Ignored,
    /// It takes the place of the deployed statement.
    Taken,
}

/// The proof of one document.
#[derive(Debug, Default)]
pub(super) struct ChosenProof {
    pub(super) statement: Option<TestStatement>,
    /// Where it comes from, for people.
    pub(super) named: &'static str,
    pub(super) note: Option<&'static str>,
}

impl CustomProof {
    /// # Errors
    /// [`DocumentError::Invalid`] where the field counts and holds no statement that the rule admits.
    pub(super) fn of(
        &self,
        document: &SecretDocument,
        rule: &StatementRule,
    ) -> Result<ChosenProof, DocumentError> {
        let deployed = ChosenProof {
            statement: self.deployed.clone(),
            named: "the statement of TEST_STATEMENT, in a read-only transaction",
            note: None,
        };
        match self.field {
            TestField::Ignored => {
                let ignored = "the secret's `teststatement` was ignored: ALLOW_TEST_STATEMENT=secret would let it count";
                let note = document.get(FIELD).is_some().then_some(ignored);
                Ok(ChosenProof { note, ..deployed })
            }
            TestField::Taken => match document.text(FIELD)?.filter(|text| !text.trim().is_empty()) {
                None => Ok(deployed),
                Some(text) => {
                    let statement = TestStatement::parse(&text, rule)
                        .ok_or(DocumentError::Invalid { field: FIELD, rule: rule.text })?;
                    let named = "the statement of the secret's `teststatement`, in a read-only transaction";
                    Ok(ChosenProof { statement: Some(statement), named, note: None })
                }
            },
        }
    }
}
