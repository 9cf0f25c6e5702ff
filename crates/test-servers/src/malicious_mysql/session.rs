//! Statements and their scripted answers.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    script::{Moment, MysqlAnswer, MysqlMischief, MysqlScript, lock},
    wire::{END, OK, Wire, counted, error},
};

/// `COM_QUIT`.
const QUIT: u8 = 1;
/// `COM_QUERY`.
const QUERY: u8 = 3;

/// Answers until the client leaves.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut wire: Wire<'_, S>,
    mischief: &MysqlMischief,
) -> io::Result<()> {
    let scripts = match mischief {
        MysqlMischief::Answers(scripts) => scripts.as_slice(),
        _ => &[],
    };
    let mut asked = vec![0; scripts.len()];
    loop {
        let command = wire.read().await?;
        let statement = match command.split_first() {
            Some((&QUERY, statement)) => String::from_utf8_lossy(statement).into_owned(),
            Some((&QUIT, _)) => return Ok(()),
            _ => continue,
        };
        lock(wire.record).statements.push(statement.clone());
        if wire.turns_bad(mischief, Moment::Statement).await? {
            return Ok(());
        }
        match next(&statement, scripts, &mut asked) {
            None => wire.send(&OK).await?,
            Some(MysqlAnswer::Error(code, words)) => wire.send(&error(*code, words.as_bytes())).await?,
            Some(MysqlAnswer::LocalFile(path)) => {
                wire.send(&[&[0xfb], path.as_bytes()].concat()).await?;
            }
            Some(MysqlAnswer::Rows(rows)) => {
                begin(&mut wire, rows.first().map_or(1, Vec::len)).await?;
                for row in rows {
                    let fields = row.iter().flat_map(|field| match field {
                        Some(text) => counted(text.as_bytes()),
                        None => vec![0xfb],
                    });
                    wire.send(&fields.collect::<Vec<_>>()).await?;
                }
                wire.send(&END).await?;
            }
            Some(MysqlAnswer::Nulls(columns)) => {
                begin(&mut wire, usize::from(*columns)).await?;
                loop {
                    wire.send(&vec![0xfb; usize::from(*columns)]).await?;
                }
            }
        }
    }
}

/// The answer to this statement, which is received for the `asked`th time.
fn next<'a>(statement: &str, scripts: &'a [MysqlScript], asked: &mut [usize]) -> Option<&'a MysqlAnswer> {
    let found = scripts.iter().position(|script| statement.contains(&script.statement))?;
    let answers = &scripts[found].answers;
    let answer = answers.get(asked[found]).or_else(|| answers.last());
    asked[found] += 1;
    answer
}

/// The columns of an answer.
async fn begin<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<'_, S>, columns: usize) -> io::Result<()> {
    wire.send(&[u8::try_from(columns).unwrap_or(250)]).await?;
    for _ in 0..columns {
        // Catalog, schema, table twice, name twice; then the fixed part: utf8mb4, 1024 bytes, a string.
        let mut column = counted(b"def");
        for name in ["", "", "", "answer", ""] {
            column.extend(counted(name.as_bytes()));
        }
        column.extend([12, 45, 0, 0, 4, 0, 0, 0xfd, 0, 0, 0, 0, 0]);
        wire.send(&column).await?;
    }
    wire.send(&END).await
}
