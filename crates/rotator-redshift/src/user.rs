//! A user's attributes, and the statements that create and change a user.

use postgres_session::{Row, Statement};
use rotation_database::StatementError;

use crate::{
    answer::{text, truth, unexpected},
    quote::{quote_identifier, quote_literal},
    setting::Setting,
};

/// The attributes of a user in `pg_user` and `svv_user_info`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "these are the attributes that the catalogue has")]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) is_session: bool,
    pub(crate) superuser: bool,
    pub(crate) makes_databases: bool,
    /// None where it never ends.
    pub(crate) valid_until: Option<String>,
    pub(crate) expired: bool,
    pub(crate) settings: Vec<Setting>,
    /// Digits, or `UNLIMITED`.
    pub(crate) connection_limit: String,
    pub(crate) unrestricted_syslog: bool,
    /// Seconds; zero where there is none.
    pub(crate) session_timeout: u32,
}

/// A difference of an attribute between two users.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    own: Attribute,
    other: Attribute,
    /// Whether the other one may do more.
    pub(crate) exceeds: bool,
}

#[derive(Clone, Debug)]
struct Attribute {
    rank: Rank,
    option: String,
}

/// A number, or, where the numbers are equal, a time in the catalog's form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(u64, String);

impl Difference {
    /// "ALTER USER": gives this user the first one's attribute.
    pub(crate) fn first_for(&self, user: &str) -> Statement {
        alter(user, &self.own.option)
    }

    /// The option that the other one has.
    pub(crate) fn of_other(&self) -> &str {
        &self.other.option
    }

    /// "ALTER USER": gives this user the other one's attribute.
    pub(crate) fn other_for(&self, user: &str) -> Statement {
        alter(user, &self.other.option)
    }
}

fn alter(name: &str, option: &str) -> Statement {
    Statement::new("alter user", format!("ALTER USER {} {option}", quote_identifier(name)))
}

impl User {
    pub(crate) fn parse(row: &Row) -> Result<Self, StatementError> {
        let limit = text(row, 7)?.to_ascii_uppercase();
        let connection_limit = match limit.as_str() {
            "" | "-1" | "UNLIMITED" => "UNLIMITED".to_owned(),
            digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.to_owned(),
            _ => return Err(unexpected()),
        };
        let settings = row.get(6).cloned().flatten();
        Ok(Self {
            name: text(row, 0)?,
            is_session: truth(row, 1)?,
            superuser: truth(row, 2)?,
            makes_databases: truth(row, 3)?,
            valid_until: row.get(4).cloned().flatten().filter(|until| until != "infinity"),
            expired: truth(row, 5)?,
            settings: settings.map_or_else(Vec::new, |settings| Setting::parse_all(&settings)),
            connection_limit,
            unrestricted_syslog: text(row, 8)?.eq_ignore_ascii_case("UNRESTRICTED"),
            session_timeout: text(row, 9)?.parse().map_err(|_| unexpected())?,
        })
    }

    /// "CREATE USER": a user like this one under another name, which has no password yet.
    pub(crate) fn create_like(&self, name: &str) -> Result<Statement, StatementError> {
        let mut sql = format!("CREATE USER {} PASSWORD DISABLE", quote_identifier(name));
        for option in self.options()? {
            sql.push(' ');
            sql.push_str(&option);
        }
        if self.session_timeout > 0 {
            sql.push(' ');
            sql.push_str(&self.session_timeout());
        }
        Ok(Statement::new(Statement::CREATE_ROLE, sql))
    }

    /// Where the two differ, each side as the option of "ALTER USER" that makes the other one like it.
    pub(crate) fn differing(&self, other: &Self) -> Result<Vec<Difference>, StatementError> {
        let (own, others) = (self.attributes()?, other.attributes()?);
        let differing = own.into_iter().zip(others).filter(|(own, other)| own.option != other.option);
        Ok(differing.map(|(own, other)| Difference { exceeds: other.rank > own.rank, own, other }).collect())
    }

    /// Each attribute with its rank: the user with the higher one may do more.
    fn attributes(&self) -> Result<[Attribute; 5], StatementError> {
        let [makes_databases, syslog, valid_until, connections] = self.options()?;
        let number = |number: u64| Rank(number, String::new());
        let limit = self.connection_limit.parse().unwrap_or(u64::MAX);
        let timeout = if self.session_timeout == 0 { u64::MAX } else { self.session_timeout.into() };
        let until = match &self.valid_until {
            Some(until) => Rank(0, until.clone()),
            None => number(1),
        };
        let attribute = |option, rank| Attribute { rank, option };
        Ok([
            attribute(makes_databases, number(self.makes_databases.into())),
            attribute(syslog, number(self.unrestricted_syslog.into())),
            attribute(valid_until, until),
            attribute(connections, number(limit)),
            attribute(self.session_timeout(), number(timeout)),
        ])
    }

    /// Each attribute as an option, always in the same order.
    fn options(&self) -> Result<[String; 4], StatementError> {
        Ok([
            if self.makes_databases { "CREATEDB" } else { "NOCREATEDB" }.to_owned(),
            format!("SYSLOG ACCESS {}", if self.unrestricted_syslog { "UNRESTRICTED" } else { "RESTRICTED" }),
            format!("VALID UNTIL {}", quote_literal(self.valid_until.as_deref().unwrap_or("infinity"))?),
            format!("CONNECTION LIMIT {}", self.connection_limit),
        ])
    }

    /// The idle timeout of sessions, for "CREATE USER" where there is one.
    fn session_timeout(&self) -> String {
        match self.session_timeout {
            0 => "RESET SESSION TIMEOUT".to_owned(),
            seconds => format!("SESSION TIMEOUT {seconds}"),
        }
    }
}
