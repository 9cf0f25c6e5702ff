//! A user changes its own password.

use rotation_core::Password;
use rotation_database::{Credentials, Necessity, Plan, Purpose, StatementError, StatementFault};

use crate::{
    DualPassword, Settings, checked_password,
    connection::{Connection, Failure},
    dialect::Dialect,
    entry::read_entries,
    lockout,
    own_account::OwnAccount,
    own_entries::other_accounts,
    statement::{Draft, Statement},
    stored_form::StoredForm,
};

/// The kind of every statement that sets a password.
const SET_PASSWORD: &str = "set password";

/// `ER_INCORRECT_CURRENT_PASSWORD`: what REPLACE names is not the primary password.
const NOT_PRIMARY: u16 = 3891;
/// `ER_MISSING_CURRENT_PASSWORD`: the account may not change its password without REPLACE.
const REPLACE_DEMANDED: u16 = 3892;

/// A change of the user's own password, for which nothing is left to read.
#[derive(Debug)]
pub(crate) struct OwnChange {
    first: Statement,
    /// Run where the first one finds another primary password than the one that this session logged in with.
    otherwise: Option<Otherwise>,
    /// Run last: discards the second password, which by then is the one that this session logged in with.
    discard: Option<Statement>,
    /// How a second password is handled that the user may not discard.
    lasting: Lasting,
    former: Former,
    /// Whether the new password is the one that this session logged in with.
    repeats: bool,
    notes: Vec<String>,
}

/// An earlier invocation has already set a primary password, and this session's is the secondary one.
#[derive(Debug)]
struct Otherwise {
    /// Takes effect only where the new password is already the primary one.
    confirm: Statement,
    /// Replaces the primary password, whatever it is, and leaves the secondary one.
    overwrite: Statement,
}

/// What happens to the password by which the session has logged in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Former {
    /// It is the one of `AWSCURRENT`, and the settings decide whether it is kept.
    #[default]
    AsSet,
    /// It is discarded, and so is any other but the new one.
    Ends {
        /// Whether the password of `AWSCURRENT` has just logged in.
        current_logs_in: bool,
    },
}

/// How a second password is handled, which the user may not be able to discard.
#[derive(Debug)]
enum Lasting {
    /// The user may discard it.
    None,
    /// The setting accepts it.
    Accepted,
    /// The change is refused as soon as the server reveals it. Holds the statement that helps.
    Refused(String),
}

/// The note where a second password stays.
const LASTS: &str = "a second password of the user still logs in, as ALLOW_OLD_PASSWORD accepts";

impl OwnChange {
    /// Reads what the change depends on.
    pub(crate) async fn prepare(
        connection: &mut Connection,
        own: &Credentials,
        new: &Password,
        settings: Settings,
        former: Former,
    ) -> Result<Self, StatementError> {
        let dialect = connection.dialect;
        let account = OwnAccount::read(connection).await?;
        account.require_one_password()?;
        let may_retain = account.may_retain(dialect);
        let keep = former == Former::AsSet
            && match settings.dual_password {
                DualPassword::Off => false,
                DualPassword::Auto => may_retain,
                DualPassword::Require if may_retain => true,
                DualPassword::Require => return Err(cannot_retain(dialect, &account)),
            };
        let lasting = match (may_retain, settings.allow_old_password) {
            (true, _) => Lasting::None,
            (false, true) => Lasting::Accepted,
            (false, false) => Lasting::Refused(account.grant_of_retaining()),
        };
        let mut notes = Vec::new();
        if !keep {
            notes.extend(lockout::note(connection, &account).await?);
        }
        if account.may_read_users() {
            let entries = read_entries(connection, &[&own.username]).await?;
            notes.extend(other_accounts(&entries, &account, &own.password)?);
            let second = entries.iter().any(|entry| entry.account == account.account && entry.has_second());
            if second && !may_retain {
                notes.extend(lasting.note()?);
            }
        } else if account.account.host != "%" {
            notes.push(format!(
                "the server has matched {}; accounts of the user for other hosts, which it does not see, \
                 keep their password",
                account.account.sql()
            ));
        }
        let hash = takes_hashes(connection).await?.then(|| account.stored_form());
        notes.extend(hash.is_none().then(|| checked_password::NOTE.to_owned()));
        let slots = Slots { retain: may_retain, discard: may_retain && !keep };
        let repeats = own.password == *new;
        Ok(Self { lasting, former, repeats, notes, ..Self::new(dialect, &own.password, new, slots, hash)? })
    }

    fn new(
        dialect: Dialect,
        current: &Password,
        new: &Password,
        slots: Slots,
        hash: Option<StoredForm>,
    ) -> Result<Self, StatementError> {
        let replaced = dialect.has_replace().then_some(current);
        let first = set_own(dialect, new, replaced, slots.retain, hash)?;
        let otherwise = if dialect.has_replace() {
            Some(Otherwise {
                confirm: set_own(dialect, new, Some(new), false, hash)?,
                overwrite: set_own(dialect, new, None, false, hash)?,
            })
        } else {
            None
        };
        let discard = slots
            .discard
            .then(|| Statement::new("discard old password", "ALTER USER USER() DISCARD OLD PASSWORD"));
        let (lasting, former) = (Lasting::None, Former::AsSet);
        Ok(Self { first, otherwise, discard, lasting, former, repeats: false, notes: Vec::new() })
    }

    /// What [`apply`](Self::apply) would run.
    pub(crate) fn planned(&self) -> Plan {
        let first = self.first.planned(Purpose::Password, Necessity::Always);
        let others = self.otherwise.iter().flat_map(|other| [&other.confirm, &other.overwrite]);
        let others = others.map(|other| other.planned(Purpose::Password, Necessity::Otherwise));
        let discard = self.discard.iter().map(|last| last.planned(Purpose::Password, Necessity::Always));
        let statements = std::iter::once(first).chain(others).chain(discard).collect();
        Plan { statements, notes: self.notes.clone(), ..Plan::default() }
    }

    /// Makes the change. Afterwards the new password logs in. Where two are kept, so does the one of this
    /// session.
    ///
    /// The password of this session becomes the second one before it is discarded, so that it logs in until
    /// the last statement, and the change can be repeated with it.
    ///
    /// A server with a password history refuses one that an earlier invocation has set, before it checks
    /// anything else. Only a login shows whether that was the cause, which is up to the caller.
    pub(crate) async fn apply(mut self, connection: &mut Connection) -> Result<Vec<String>, StatementError> {
        match self.set(connection).await {
            Ok(()) => {}
            Err(error) if matches!(error.fault, StatementFault::PasswordPolicy { .. }) => match self.former {
                // It is set. Two are known to log in then, and the other one is the second.
                Former::Ends { current_logs_in: true } => {}
                Former::Ends { current_logs_in: false } if self.repeats => {
                    self.notes.push(
                        "the server's password history hides whether a second password is left".to_owned(),
                    );
                    return Ok(self.notes);
                }
                Former::Ends { .. } | Former::AsSet => return Err(error),
            },
            Err(error) => return Err(error),
        }
        if let Some(discard) = &self.discard {
            connection.run(discard).await?;
        }
        Ok(self.notes)
    }

    /// Sets the password, whichever of two this session has logged in with.
    async fn set(&mut self, connection: &mut Connection) -> Result<(), StatementError> {
        let Err(refusal) = connection.run(&self.first).await else { return Ok(()) };
        let Some(otherwise) = self.otherwise.as_ref().filter(|_| refusal.code == Some(NOT_PRIMARY)) else {
            return Err(refusal.into());
        };
        self.notes.extend(self.lasting.note()?);
        match connection.run(&otherwise.confirm).await {
            Ok(_) => return Ok(()),
            Err(Failure { code: Some(NOT_PRIMARY), .. }) => {}
            Err(failure) => return Err(failure.into()),
        }
        match connection.run(&otherwise.overwrite).await {
            Ok(_) => Ok(()),
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

impl Lasting {
    /// The result of a second password that has been detected.
    fn note(&self) -> Result<Option<String>, StatementError> {
        match self {
            Self::None => Ok(None),
            Self::Accepted => Ok(Some(LASTS.to_owned())),
            Self::Refused(needed) => {
                Err(StatementError::new(StatementFault::OldPasswordActive { needed: Some(needed.clone()) }))
            }
        }
    }
}

/// How the two passwords of an account are handled that may have two.
#[derive(Clone, Copy, Debug, Default)]
struct Slots {
    /// Whether the replaced password becomes the second one.
    retain: bool,
    /// Whether the second one is discarded at the end.
    discard: bool,
}

fn cannot_retain(dialect: Dialect, account: &OwnAccount) -> StatementError {
    let needed = if dialect.has_dual_passwords() {
        account.grant_of_retaining()
    } else {
        "dual passwords need MySQL 8.0.14 or later; set DUAL_PASSWORD=auto".to_owned()
    };
    StatementError::new(StatementFault::PrivilegeMissing { needed })
}

/// The statement that sets the session's own password; as a hash, where the server accepts one.
fn set_own(
    dialect: Dialect,
    new: &Password,
    replaced: Option<&Password>,
    retain: bool,
    hash: Option<StoredForm>,
) -> Result<Statement, StatementError> {
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
        return Ok(draft.finish(SET_PASSWORD));
    }
    if let Some(form) = hash {
        let mut draft = Draft::new("SET PASSWORD = ");
        draft.push_secret(&form.make(new)?);
        return Ok(draft.finish(SET_PASSWORD));
    }
    let mut draft = Draft::new("SET PASSWORD = PASSWORD(");
    draft.push_secret(new.expose());
    draft.push(")");
    Ok(draft.finish(SET_PASSWORD))
}

/// Whether passwords may be given as hashes: everywhere but where a plugin checks them.
pub(crate) async fn takes_hashes(connection: &mut Connection) -> Result<bool, StatementError> {
    if !connection.dialect.is_mariadb() {
        return Ok(true);
    }
    let sql = "SELECT @@global.strict_password_validation AND EXISTS (SELECT 1 FROM \
               information_schema.PLUGINS WHERE PLUGIN_TYPE = 'PASSWORD VALIDATION' \
               AND PLUGIN_STATUS = 'ACTIVE')";
    let rows = connection.run(&Statement::new("read password validation", sql)).await?;
    Ok(rows.first().and_then(|row| row.first()) != Some(&Some("1".to_owned())))
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapshots have this form")]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const ONE: Slots = Slots { retain: false, discard: false };
    const TWO: Slots = Slots { retain: true, discard: false };

    #[track_caller]
    fn check(version: &str, slots: Slots, expected: &Expect) {
        let password = |text| Password::parse(text).unwrap();
        let (current, new) = (password("old'pass\\word"), password("new'pass\\word"));
        let hash = (version != "strict MariaDB").then_some(StoredForm::Native);
        let change = OwnChange::new(Dialect::parse(version), &current, &new, slots, hash).unwrap();
        let mut statements = vec![change.first];
        statements.extend(change.otherwise.into_iter().flat_map(|other| [other.confirm, other.overwrite]));
        statements.extend(change.discard);
        let text: Vec<_> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        expected.assert_eq(&text.join("\n"));
    }

    /// A user's own password is set in the server's dialect.
    #[test]
    fn password_in_the_servers_dialect() {
        check("5.6.51", ONE, &expect!["SET PASSWORD = '*F4846054A7F9B708854BD5F2CFD097CACB67CF58'"]);
        check("5.7.44", ONE, &expect![[r#"ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]]);
        check(
            "8.0.40",
            ONE,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "8.0.40",
            TWO,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word' RETAIN CURRENT PASSWORD
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "8.4.5",
            TWO,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word' RETAIN CURRENT PASSWORD
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "9.7.4",
            TWO,
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word' RETAIN CURRENT PASSWORD
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'"#]],
        );
        check(
            "5.5.5-10.11.14-MariaDB",
            ONE,
            &expect!["SET PASSWORD = '*F4846054A7F9B708854BD5F2CFD097CACB67CF58'"],
        );
        check(
            "9.7.4",
            Slots { retain: true, discard: true },
            &expect![[r#"
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'old\'pass\\word' RETAIN CURRENT PASSWORD
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word' REPLACE 'new\'pass\\word'
            ALTER USER USER() IDENTIFIED BY 'new\'pass\\word'
            ALTER USER USER() DISCARD OLD PASSWORD"#]],
        );
        check("strict MariaDB", ONE, &expect![[r#"SET PASSWORD = PASSWORD('new\'pass\\word')"#]]);
    }
}
