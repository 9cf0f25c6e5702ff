//! A connection that is logged in: statements in, text out.

use std::{
    fmt,
    future::poll_fn,
    net::IpAddr,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use database_net::Stream;
use futures_core::Stream as _;
use rotation_database::{Cause, StatementError, StatementFault};
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use crate::{
    fault::statement_error,
    guard::{Asked, Guard},
    refusal::LoginTarget,
    statement::Statement,
};

type Driver = tokio_postgres::Connection<Guard<Stream>, Guard<Stream>>;

/// A row of text, `None` for null.
pub type Row = Vec<Option<String>>;

/// A connection that is logged in. Nothing runs in the background: it makes progress only while
/// [`Connection::run`] is awaited. Dropping it sends Terminate and closes the socket at once, and the server
/// then rolls back what is not committed.
pub struct Connection {
    /// Present until the connection is dropped.
    client: Option<Client>,
    /// None once it has ended: dropping it tells the client that no answer will come.
    driver: Option<Driver>,
    asked: Asked,
    peer: Option<IpAddr>,
    place: LoginTarget,
}

impl Connection {
    pub(crate) fn new(
        client: Client,
        driver: Driver,
        asked: Asked,
        peer: Option<IpAddr>,
        place: LoginTarget,
    ) -> Self {
        Self { client: Some(client), driver: Some(driver), asked, peer, place }
    }

    /// The address at the other end: of a pooler, where one is in between.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// The authentication that the other end requested: `scram-sha-256`, `md5`, Redshift's `sha256`. `None`
    /// where it requested none (`trust`, a client certificate).
    pub fn asked_for(&self) -> Option<&'static str> {
        self.asked.get().copied()
    }

    /// A parameter that the server reported when the session began, such as `server_version`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.driver.as_ref()?.parameter(name)
    }

    /// Runs statements in one round trip and returns the rows of each.
    ///
    /// All are sent before the first answer arrives, and the server runs them in order. After a failed one
    /// inside a transaction block the server refuses the rest, so the first error is the one that counts.
    /// Outside a block every statement is independent.
    ///
    /// # Errors
    /// [`StatementError`] of the first statement that failed, named by its kind. A missing privilege is
    /// reported without its name, which the caller knows.
    ///
    /// # Cancel safety
    /// None: after a dropped call the connection can only be dropped.
    pub async fn run(&mut self, statements: &[Statement]) -> Result<Vec<Vec<Row>>, StatementError> {
        let client = self.client.as_ref().expect("there until the connection is dropped");
        let answers = statements.iter().map(|statement| client.simple_query(&statement.sql));
        let mut answers: Vec<_> = answers.map(|answer| (Box::pin(answer), None)).collect();
        let all = poll_fn(|cx| {
            let mut waiting = false;
            for (answer, outcome) in &mut answers {
                if outcome.is_none() {
                    match answer.as_mut().poll(cx) {
                        Poll::Ready(done) => *outcome = Some(done),
                        Poll::Pending => waiting = true,
                    }
                }
            }
            if waiting { Poll::Pending } else { Poll::Ready(()) }
        });
        let ((), lost) = driven(&mut self.driver, all).await;
        let mut rows = Vec::with_capacity(statements.len());
        for (statement, (_, outcome)) in statements.iter().zip(answers) {
            match outcome.expect("polled until every answer was there") {
                Ok(messages) => {
                    let read: Result<_, Error> = messages.iter().filter_map(row).collect();
                    rows.push(read.map_err(|_| unreadable(statement.kind))?);
                }
                Err(error) => {
                    return Err(statement_error(statement.kind, &error, lost.as_ref(), &self.place));
                }
            }
        }
        Ok(rows)
    }

    /// As [`run`](Self::run) with one statement that returns one row, in which every column has a value.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn row(&mut self, statement: Statement) -> Result<Row, StatementError> {
        let kind = statement.kind;
        let rows = self.run(&[statement]).await?;
        rows.into_iter().flatten().next().ok_or(StatementError {
            fault: StatementFault::Other { code: "no row".to_owned() },
            statement: Some(kind),
            source: None,
            is_before_password: false,
        })
    }
}

impl Connection {
    /// Runs one statement from outside this crate to its end, and reads its result without keeping it.
    ///
    /// The text is sent by the simple protocol, in which a `;` would begin another statement: it must have
    /// none.
    ///
    /// # Errors
    /// As [`run`](Self::run); and where the result has more than `most` bytes, with the rest left unread.
    ///
    /// # Cancel safety
    /// None: after a dropped call, or an error, the connection can only be dropped.
    pub async fn run_through(&mut self, statement: &Statement, most: usize) -> Result<(), StatementError> {
        let error = |fault, source| StatementError {
            fault,
            statement: Some(statement.kind),
            source,
            is_before_password: false,
        };
        if statement.sql.contains(';') {
            return Err(error(StatementFault::Other { code: "several statements".to_owned() }, None));
        }
        let client = self.client.as_ref().expect("there until the connection is dropped");
        let reading = async {
            let mut stream = pin!(client.simple_query_raw(&statement.sql).await?);
            let mut taken = 0;
            while let Some(message) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                if let SimpleQueryMessage::Row(row) = message? {
                    taken += size_of_row(&row);
                }
                if taken > most {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        match driven(&mut self.driver, reading).await {
            (Ok(true), _) => Ok(()),
            (Ok(false), _) => {
                let cause = Cause::new(format!("more than {most} bytes of result"));
                Err(error(StatementFault::Other { code: "too much".to_owned() }, Some(cause)))
            }
            (Err(refusal), lost) => {
                Err(statement_error(statement.kind, &refusal, lost.as_ref(), &self.place))
            }
        }
    }
}

/// A conversation with the server, driven by the driver's connection, and how that ended if it did.
///
/// The conversation's first turn hands statements to the driver, the driver then sends them and reads on.
async fn driven<T>(driver: &mut Option<Driver>, conversation: impl Future<Output = T>) -> (T, Option<Error>) {
    let mut conversation = pin!(conversation);
    let mut lost = None;
    let outcome = poll_fn(|cx| {
        loop {
            if let Poll::Ready(outcome) = conversation.as_mut().poll(cx) {
                return Poll::Ready(outcome);
            }
            let Some(running) = driver else { return Poll::Pending };
            match Pin::new(running).poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(outcome) => lost = outcome.err(),
            }
            *driver = None;
        }
    })
    .await;
    (outcome, lost)
}

/// Approximately the number of bytes in which a row was received.
fn size_of_row(row: &SimpleQueryRow) -> usize {
    let size = |column| row.try_get(column).ok().flatten().map_or(0, str::len);
    (0..row.len()).map(|column| size(column) + 4).sum()
}

impl Drop for Connection {
    /// Without its client the driver sends Terminate and ends TLS. It gets one turn, which is enough for a
    /// socket that accepts a few bytes; otherwise the server detects the end itself, and logs it.
    fn drop(&mut self) {
        self.client = None;
        if let Some(driver) = &mut self.driver {
            let _ = Pin::new(driver).poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}

/// The session requested UTF-8, but the server may still send something else.
fn row(message: &SimpleQueryMessage) -> Option<Result<Row, Error>> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let text = |column| Ok(row.try_get(column)?.map(str::to_owned));
    Some((0..row.len()).map(text).collect())
}

/// A text of the answer is not UTF-8.
fn unreadable(kind: &'static str) -> StatementError {
    StatementError {
        fault: StatementFault::Other { code: "unreadable answer".to_owned() },
        statement: Some(kind),
        source: None,
        is_before_password: false,
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
