//! What a session finds out about its server and its own user.

use postgres_session::Row;
use rotation_database::{LoginMethod, PairOwner, ServerFacts, StatementError, StatementFault, Username};

use crate::{
    mark,
    pair::unexpected,
    password_storage::PasswordStorage,
    prepared::{comments_of, own_hindrance},
};

/// A validity that ends sooner than this is reported.
const SOON: f64 = 30.0;

/// The session's own user.
pub(crate) struct User<'a> {
    pub(crate) name: &'a Username,
    /// Whether a master rotates it, so that it does not change its own password.
    pub(crate) by_master: bool,
    pub(crate) owner: Option<&'a PairOwner>,
    pub(crate) method: Option<LoginMethod>,
}

/// Reads the answers to `read_facts` and `read_own`, in this order.
pub(crate) fn parse(
    answers: &[Vec<Row>],
    user: &User<'_>,
    major: u32,
) -> Result<ServerFacts, StatementError> {
    let row = answers.first().and_then(|rows| rows.first()).ok_or_else(unexpected)?;
    let [Some(version), Some(recovers), days, Some(restricted)] = &row[..] else { return Err(unexpected()) };
    let storage = PasswordStorage::parse(answers.get(1), user.method)?;
    let own = answers.get(1).and_then(|rows| rows.first()).ok_or_else(unexpected)?;
    let days = days.as_ref().and_then(|days| days.parse::<f64>().ok());
    let other = mark::other(comments_of(own), user.owner).filter(|_| !user.by_master);
    let hindrance = own_hindrance(user.name, &storage, own, major).or(other);
    let hindrance = hindrance.or_else(|| (restricted == "t").then_some(StatementFault::PasswordsRestricted));
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
