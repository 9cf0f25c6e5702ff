//! A user's attributes, and the statements that make and change them.

use postgres_session::{Row, Statement};
use rotation_core::database::StatementError;

use crate::{
    pair::{text, truth, unexpected},
    quote::{quote_identifier, quote_literal},
    setting::Setting,
};

/// What `pg_user` and `svv_user_info` say of a user.
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

    /// "CREATE USER": a user like this one under another name, which cannot log in by a password yet.
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

    /// "ALTER USER": what makes `other` like this one; none where it is.
    pub(crate) fn make_like(&self, other: &Self) -> Result<Vec<Statement>, StatementError> {
        let user = quote_identifier(&other.name);
        let differing = self.options()?.into_iter().zip(other.options()?).filter(|(own, had)| own != had);
        let mut options: Vec<String> = differing.map(|(own, _)| own).collect();
        if self.session_timeout != other.session_timeout {
            options.push(self.session_timeout());
        }
        let alter = |option| Statement::new("alter user", format!("ALTER USER {user} {option}"));
        Ok(options.into_iter().map(alter).collect())
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

    /// What makes a session end that does nothing, for "CREATE USER" where there is such a time.
    fn session_timeout(&self) -> String {
        match self.session_timeout {
            0 => "RESET SESSION TIMEOUT".to_owned(),
            seconds => format!("SESSION TIMEOUT {seconds}"),
        }
    }
}
