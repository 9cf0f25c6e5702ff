//! What a session finds out about its server and its own user.

use postgres_session::Row;
use rotation_core::database::{LoginMethod, PairOwner, ServerFacts, StatementError, StatementFault};

use crate::{mark, pair::unexpected, password_storage::PasswordStorage};

/// A validity that ends sooner is told.
const SOON: f64 = 30.0;

/// Reads the answers to `read_facts` and `read_own`, in this order. A user that a master rotates does not change its own
/// password.
pub(crate) fn parse(
    answers: &[Vec<Row>],
    by_master: bool,
    owner: Option<&PairOwner>,
    method: Option<LoginMethod>,
) -> Result<ServerFacts, StatementError> {
    let row = answers.first().and_then(|rows| rows.first()).ok_or_else(unexpected)?;
    let [Some(version), Some(recovers), days, Some(restricted)] = &row[..] else { return Err(unexpected()) };
    let storage = PasswordStorage::parse(answers.get(1), method)?;
    let days = days.as_ref().and_then(|days| days.parse::<f64>().ok());
    let comments = answers.get(1).and_then(|rows| rows.first()?.get(3..)).unwrap_or_default();
    let other = mark::other(comments, owner).filter(|_| !by_master);
    let hindrance = if storage.expired {
        Some(StatementFault::Expired)
    } else {
        other.or_else(|| (restricted == "t").then_some(StatementFault::PasswordsRestricted))
    };
    let ends = days.filter(|days| *days < SOON && !storage.expired);
    let ends = ends.map(|days| format!("the user's password is valid for {days:.0} days more (VALID UNTIL)"));
    Ok(ServerFacts {
        version: Some(format!("PostgreSQL {version}")),
        writable: Some(recovers == "f"),
        hindrance,
        password_demands: Vec::new(),
        notes: storage.note().into_iter().chain(ends).collect(),
        second_password: None,
    })
}
