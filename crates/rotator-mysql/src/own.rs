//! A user changes its own password.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rotation_core::database::{
    Necessity, Password, PlannedStatement, Purpose, StatementError, StatementFault,
};
use zeroize::Zeroizing;

use crate::{
    DualPassword,
    connection::{Connection, Failure},
    dialect::Dialect,
    statement::{Draft, Statement},
};

/// The kind of every statement that sets a password.
const SET_PASSWORD: &str = "set password";

/// `ER_INCORRECT_CURRENT_PASSWORD`: what REPLACE names is not the primary password.
const NOT_PRIMARY: u16 = 3891;
/// `ER_MISSING_CURRENT_PASSWORD`: the account may not change its password without REPLACE.
const REPLACE_DEMANDED: u16 = 3892;

/// A change of one's own password, with nothing left to find out.
#[derive(Debug)]
pub(crate) struct OwnChange {
    first: Statement,
    /// Where the first one finds another primary password than the one that this session logged in with.
    otherwise: Option<Otherwise>,
}

/// An earlier invocation has set a primary password already, and ours is the secondary one.
#[derive(Debug)]
struct Otherwise {
    /// Takes effect only where the new password is the primary one already.
    confirm: Statement,
    /// Replaces the primary password, whatever it is, and leaves the secondary one.
    overwrite: Statement,
}

impl OwnChange {
    /// Reads what the change depends on.
    pub(crate) async fn prepare(
        connection: &mut Connection,
        current: &Password,
        new: &Password,
        dual: DualPassword,
    ) -> Result<Self, StatementError> {
        let dialect = connection.dialect;
        let dual = match dual {
            DualPassword::Off => false,
            DualPassword::Auto => may_retain(connection).await?,
            DualPassword::Require if may_retain(connection).await? => true,
            DualPassword::Require => {
                let needed = if dialect.has_dual_passwords() {
                    "GRANT APPLICATION_PASSWORD_ADMIN ON *.* to the user of the secret"
                } else {
                    "dual passwords need MySQL 8.0.14 or later; set DUAL_PASSWORD=auto"
                };
                return Err(StatementError::new(StatementFault::PrivilegeMissing {
                    needed: needed.to_owned(),
                }));
            }
        };
        let hashes = takes_hashes(connection).await?;
        Ok(Self::new(dialect, current, new, dual, hashes))
    }

    fn new(dialect: Dialect, current: &Password, new: &Password, dual: bool, hashes: bool) -> Self {
        let first = set_own(dialect, new, dialect.has_replace().then_some(current), dual, hashes);
        let otherwise = dialect.has_replace().then(|| Otherwise {
            confirm: set_own(dialect, new, Some(new), false, hashes),
            overwrite: set_own(dialect, new, None, false, hashes),
        });
        Self { first, otherwise }
    }

    /// What [`apply`](Self::apply) would run.
    pub(crate) fn planned(&self) -> Vec<PlannedStatement> {
        let first = self.first.planned(Purpose::Password, Necessity::Always);
        let others = self.otherwise.iter().flat_map(|other| [&other.confirm, &other.overwrite]);
        let others = others.map(|other| other.planned(Purpose::Password, Necessity::Otherwise));
        std::iter::once(first).chain(others).collect()
    }

    /// Makes the change. Afterwards the new password logs in, and with dual passwords the one of this session does,
    /// too.
    ///
    /// A server with a history of passwords refuses one that an earlier invocation has set, before it looks at
    /// anything else. Whether it was that, only a login tells, which is up to the caller.
    pub(crate) async fn apply(self, connection: &mut Connection) -> Result<Vec<String>, StatementError> {
        let Err(refusal) = connection.run(&self.first).await else { return Ok(Vec::new()) };
        let Some(otherwise) = self.otherwise.filter(|_| refusal.code == Some(NOT_PRIMARY)) else {
            return Err(refusal.into());
        };
        match connection.run(&otherwise.confirm).await {
            Ok(_) => return Ok(Vec::new()),
            Err(Failure { code: Some(NOT_PRIMARY), .. }) => {}
            Err(failure) => return Err(failure.into()),
        }
        match connection.run(&otherwise.overwrite).await {
            Ok(_) => Ok(Vec::new()),
            Err(Failure { code: Some(REPLACE_DEMANDED), error }) => Err(StatementError {
                fault: StatementFault::PrivilegeMissing {
                    needed:
                        "ALTER USER for the user of the secret with PASSWORD REQUIRE CURRENT OPTIONAL, as \
                             nobody knows its primary password"
                            .to_owned(),
                },
                ..error
            }),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// The statement that sets the session's own password.
fn set_own(
    dialect: Dialect,
    new: &Password,
    replaced: Option<&Password>,
    retain: bool,
    hashes: bool,
) -> Statement {
    if let (Dialect::MySql(_), true) = (dialect, dialect.has_alter_user()) {
        let mut draft = Draft::new("ALTER USER USER() IDENTIFIED BY ");
        draft.push_secret(new.expose());
        if let Some(replaced) = replaced {
            draft.push(" REPLACE ");
            draft.push_secret(replaced.expose());
        }
        if retain {
            draft.push(" RETAIN CURRENT PASSWORD");
        }
        return draft.finish(SET_PASSWORD);
    }
    if hashes {
        let mut draft = Draft::new("SET PASSWORD = ");
        draft.push_secret(&native_hash(new));
        return draft.finish(SET_PASSWORD);
    }
    let mut draft = Draft::new("SET PASSWORD = PASSWORD(");
    draft.push_secret(new.expose());
    draft.push(")");
    draft.finish(SET_PASSWORD)
}

/// What `mysql_native_password` keeps: the hash of the hash.
pub(crate) fn native_hash(password: &Password) -> Zeroizing<String> {
    let hash = |bytes: &[u8]| Zeroizing::new(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec());
    let twice = hash(&hash(password.expose().as_bytes()));
    let digits = twice.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.map(|digit| char::from_digit(digit.into(), 16).expect("four bits make a digit"));
    Zeroizing::new(std::iter::once('*').chain(digits).collect::<String>().to_ascii_uppercase())
}

/// Whether the server can keep two passwords and lets the session's user make it do so.
async fn may_retain(connection: &mut Connection) -> Result<bool, StatementError> {
    if !connection.dialect.has_dual_passwords() {
        return Ok(false);
    }
    // Active roles included.
    let rows = connection.run(&Statement::new("read own grants", "SHOW GRANTS")).await?;
    let mut lines = rows.iter().flatten().flatten();
    Ok(lines.any(|line| crate::grants::gives(line, &["APPLICATION_PASSWORD_ADMIN", "CREATE USER"])))
}

/// Whether passwords may be given as hashes: everywhere but where a plugin is to check them.
pub(crate) async fn takes_hashes(connection: &mut Connection) -> Result<bool, StatementError> {
    if !connection.dialect.is_mariadb() {
        return Ok(true);
    }
    let sql = "SELECT @@global.strict_password_validation AND EXISTS (SELECT 1 FROM information_schema.PLUGINS \
               WHERE PLUGIN_TYPE = 'PASSWORD VALIDATION' AND PLUGIN_STATUS = 'ACTIVE')";
    let rows = connection.run(&Statement::new("read password validation", sql)).await?;
    Ok(rows.first().and_then(|row| row.first()) != Some(&Some("1".to_owned())))
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapshots are written so")]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(version: &str, dual: bool, expected: &Expect) {
        let password = |text| Password::parse(text).unwrap();
        let (current, new) = (password("old'pass\\word"), password("new'pass\\word"));
        let change =
            OwnChange::new(Dialect::parse(version), &current, &new, dual, version != "strict MariaDB");
        let mut statements = vec![change.first];
        statements.extend(change.otherwise.into_iter().flat_map(|other| [other.confirm, other.overwrite]));
        let text: Vec<_> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        expected.assert_eq(&text.join("\n"));
    }

    #[test]
    fn one_s_own_password_is_set_in_the_server_s_dialect() {
        check("5.6.51", false, &expect!["SET PASSWORD = '*F4846054A7F9B708854BD5F2CFD097CACB67CF58'"]);
        check("5.7.44", false, &expect![[r#"ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]]);
        check(
            "8.0.40",
            false,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "8.0.40",
            true,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word' RETAIN CURRENT PASSWORD
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "8.4.5",
            true,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word' RETAIN CURRENT PASSWORD
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "9.7.4",
            true,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word' RETAIN CURRENT PASSWORD
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "5.5.5-10.11.14-MariaDB",
            false,
            &expect!["SET PASSWORD = '*F4846054A7F9B708854BD5F2CFD097CACB67CF58'"],
        );
        check("strict MariaDB", false, &expect![[r#"SET PASSWORD = PASSWORD('new\'pass\\word')"#]]);
    }
}
