//! Statements and their scripted answers, by the simple and the extended query protocol.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    script::{Scripted, ScriptedAnswer, lock},
    wire::{Wire, error, message, ready},
};

/// The type `text` in PostgreSQL's catalog.
const TEXT_OID: u32 = 25;

/// The transaction status in `ReadyForQuery`.
#[derive(Clone, Copy)]
enum Transaction {
    Idle,
    Open,
    Failed,
}

/// What remains to be done after an answer.
enum Next {
    Send(Vec<u8>),
    /// The rest up to `Sync` is skipped, as after an error.
    Fail(Vec<u8>),
    Close,
    Silence,
}

/// Answers until the client leaves.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut wire: Wire<'_, S>,
    answers: &[Scripted],
) -> io::Result<()> {
    let mut transaction = Transaction::Idle;
    // Of the last `Parse`; the clients under test run one statement at a time.
    let mut statement = String::new();
    let mut failed = false;
    loop {
        let received = wire.read().await?;
        let next = match received.kind {
            b'Q' => {
                statement = first_string(&received.body, 0);
                lock(wire.record).statements.push(statement.clone());
                match execute(&statement, answers, &mut transaction, true) {
                    Next::Send(bytes) | Next::Fail(bytes) => {
                        Next::Send([bytes, ready(transaction.status())].concat())
                    }
                    other => other,
                }
            }
            b'X' => return Ok(()),
            b'S' => {
                failed = false;
                Next::Send(ready(transaction.status()))
            }
            _ if failed => continue,
            b'P' => {
                statement = first_string(&received.body, 1);
                Next::Send(message(b'1', &[]))
            }
            b'B' => Next::Send(message(b'2', &[])),
            b'C' => Next::Send(message(b'3', &[])),
            b'D' => Next::Send(describe(&received.body, &statement, answers)),
            b'E' => {
                lock(wire.record).statements.push(statement.clone());
                execute(&statement, answers, &mut transaction, false)
            }
            _ => continue,
        };
        match next {
            Next::Send(bytes) => wire.send(&bytes).await?,
            Next::Fail(bytes) => {
                failed = true;
                wire.send(&bytes).await?;
            }
            Next::Close => return Ok(()),
            Next::Silence => return wire.wait_for_the_end().await,
        }
    }
}

fn execute(statement: &str, answers: &[Scripted], transaction: &mut Transaction, describe: bool) -> Next {
    let word = statement.split_whitespace().next().unwrap_or_default().trim_end_matches(';').to_uppercase();
    match find(statement, answers) {
        Some(ScriptedAnswer::Error(code, text)) => {
            if let Transaction::Open = transaction {
                *transaction = Transaction::Failed;
            }
            Next::Fail(error("ERROR", code, text))
        }
        Some(ScriptedAnswer::Rows(rows)) => {
            let mut bytes = if describe { row_description() } else { Vec::new() };
            for row in rows {
                let length = u32::try_from(row.len()).expect("scripted values are short");
                bytes.extend(message(
                    b'D',
                    &[&[0, 1], length.to_be_bytes().as_slice(), row.as_bytes()].concat(),
                ));
            }
            bytes.extend(complete(&format!("SELECT {}", rows.len())));
            Next::Send(bytes)
        }
        Some(ScriptedAnswer::Close) => Next::Close,
        Some(ScriptedAnswer::Silence) => Next::Silence,
        None => {
            *transaction = match (word.as_str(), *transaction) {
                ("BEGIN" | "START", _) => Transaction::Open,
                ("COMMIT" | "ROLLBACK" | "END" | "ABORT", _) => Transaction::Idle,
                (_, unchanged) => unchanged,
            };
            Next::Send(complete(&word))
        }
    }
}

/// The answer to `Describe`: of a statement its parameters (none) and columns, of a portal its columns.
fn describe(body: &[u8], statement: &str, answers: &[Scripted]) -> Vec<u8> {
    let columns = match find(statement, answers) {
        Some(ScriptedAnswer::Rows(_)) => row_description(),
        _ => message(b'n', &[]),
    };
    if body.first() == Some(&b'S') { [message(b't', &[0, 0]), columns].concat() } else { columns }
}

fn find<'a>(statement: &str, answers: &'a [Scripted]) -> Option<&'a ScriptedAnswer> {
    let statement = statement.to_lowercase();
    answers
        .iter()
        .find(|scripted| statement.contains(&scripted.statement.to_lowercase()))
        .map(|found| &found.answer)
}

/// One column of type text.
fn row_description() -> Vec<u8> {
    let mut body = vec![0, 1];
    body.extend(b"answer\0");
    // No table, no column of it; the type; variable length; no modifier; in text format.
    body.extend([0; 6]);
    body.extend(TEXT_OID.to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend((-1_i32).to_be_bytes());
    body.extend([0; 2]);
    message(b'T', &body)
}

fn complete(tag: &str) -> Vec<u8> {
    message(b'C', format!("{tag}\0").as_bytes())
}

/// A zero-terminated string, after `skip` others.
fn first_string(body: &[u8], skip: usize) -> String {
    body.split(|&byte| byte == 0)
        .nth(skip)
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .unwrap_or_default()
}

impl Transaction {
    fn status(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::Open => b'T',
            Self::Failed => b'E',
        }
    }
}
