//! Parses what SHOW GRANTS prints, right by right.

use std::{collections::BTreeSet, fmt};

use crate::{
    lexer::{Token, Tokens, Unreadable, tokens},
    quote::{identifier, literal},
};

/// A user at a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) host: String,
}

impl Account {
    pub(crate) fn new(user: &str, host: &str) -> Self {
        Self { user: user.to_owned(), host: host.to_owned() }
    }

    /// As statements name it.
    pub(crate) fn sql(&self) -> String {
        format!("{}@{}", *literal(&self.user), *literal(&self.host))
    }
}

/// A role; on MariaDB it has no host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Role {
    name: String,
    host: Option<String>,
}

impl Role {
    /// A role in MySQL's form.
    pub(crate) fn at_host(name: &str, host: &str) -> Self {
        Self { name: name.to_owned(), host: Some(host.to_owned()) }
    }

    /// A role in MariaDB's form.
    pub(crate) fn without_host(name: String) -> Self {
        Self { name, host: None }
    }

    /// Its name, where it has no host.
    pub(crate) fn plain_name(&self) -> Option<&str> {
        self.host.is_none().then_some(&self.name)
    }

    /// As statements name it.
    pub(crate) fn sql(&self) -> String {
        let host = self.host.as_ref().map(|host| format!("@{}", identifier(host)));
        format!("{}{}", identifier(&self.name), host.unwrap_or_default())
    }
}

/// The object of a privilege.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Object {
    Global,
    /// The name as it was granted: a pattern, unless the server has partial revokes.
    Database(String),
    Table(String, String),
    Routine {
        kind: String,
        database: String,
        name: String,
    },
}

impl Object {
    /// As statements name it.
    pub(crate) fn sql(&self) -> String {
        match self {
            Self::Global => "*.*".to_owned(),
            Self::Database(name) => format!("{}.*", identifier(name)),
            Self::Table(database, name) => format!("{}.{}", identifier(database), identifier(name)),
            Self::Routine { kind, database, name } => {
                format!("{kind} {}.{}", identifier(database), identifier(name))
            }
        }
    }
}

/// One thing that a user may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Right {
    /// A privilege that is built into the server.
    Privilege { on: Object, name: String, column: Option<String> },
    /// A privilege that a component registered (MySQL 8.0 and later), each with a grant option of its own.
    Dynamic { name: String, grantable: bool },
    /// The grant option on the object.
    GrantOption { on: Object },
    /// A partial revoke: a global privilege that does not apply in one database.
    Restriction { database: String, name: String },
    /// May act as another user (`PROXY`).
    Proxy { user: Account, grantable: bool },
    /// A role that the user may activate.
    Role { role: Role, admin: bool },
    /// A role that is active as soon as the user has logged in.
    DefaultRole(Role),
}

pub(crate) type Rights = BTreeSet<Right>;

/// For messages and digests: the same right always has the same text.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option =
            |given: bool, which: &str| if given { format!(" WITH {which} OPTION") } else { String::new() };
        match self {
            Self::Privilege { on, name, column: None } => write!(f, "{name} ON {}", on.sql()),
            Self::Privilege { on, name, column: Some(column) } => {
                write!(f, "{name} ({}) ON {}", identifier(column), on.sql())
            }
            Self::Dynamic { name, grantable } => write!(f, "{name} ON *.*{}", option(*grantable, "GRANT")),
            Self::GrantOption { on } => write!(f, "GRANT OPTION ON {}", on.sql()),
            Self::Restriction { database, name } => {
                write!(f, "no {name} ON {}.*", identifier(database))
            }
            Self::Proxy { user, grantable } => {
                write!(f, "PROXY ON {}{}", user.sql(), option(*grantable, "GRANT"))
            }
            Self::Role { role, admin } => write!(f, "the role {}{}", role.sql(), option(*admin, "ADMIN")),
            Self::DefaultRole(role) => write!(f, "the default role {}", role.sql()),
        }
    }
}

/// The name for everything that can be granted on an object.
pub(crate) const ALL: &str = "ALL PRIVILEGES";

/// Adds the rights in one line of SHOW GRANTS.
pub(crate) fn read_line(line: &str, rights: &mut Rights) -> Result<(), Unreadable> {
    let mut tokens = tokens(line)?;
    match tokens.any_word()?.as_str() {
        "GRANT" if matches!(tokens.peek(), Some(Token::Quoted(_))) => {
            let roles = read_roles(&mut tokens)?;
            tokens.expect_word("TO")?;
            let admin = tokens.end_with(["ADMIN", "OPTION"]);
            rights.extend(roles.into_iter().map(|role| Right::Role { role, admin }));
        }
        "GRANT" if tokens.word_if("PROXY") => {
            tokens.expect_word("ON")?;
            let user = read_account(&mut tokens)?;
            tokens.expect_word("TO")?;
            rights.insert(Right::Proxy { user, grantable: tokens.end_with(["GRANT", "OPTION"]) });
        }
        "GRANT" => {
            let privileges = read_privileges(&mut tokens)?;
            let on = read_object(&mut tokens)?;
            tokens.expect_word("TO")?;
            let grantable = tokens.end_with(["GRANT", "OPTION"]);
            let is_dynamic = |name: &str| on == Object::Global && name.contains('_');
            if grantable && !privileges.iter().any(|(name, _)| is_dynamic(name)) {
                rights.insert(Right::GrantOption { on: on.clone() });
            }
            rights.extend(privileges.into_iter().filter(|(name, _)| name != "USAGE").map(
                |(name, column)| {
                    if is_dynamic(&name) {
                        Right::Dynamic { name, grantable }
                    } else {
                        Right::Privilege { on: on.clone(), name, column }
                    }
                },
            ));
        }
        "REVOKE" => {
            let privileges = read_privileges(&mut tokens)?;
            let Object::Database(database) = read_object(&mut tokens)? else { return Err(Unreadable) };
            tokens.expect_word("FROM")?;
            rights.extend(
                privileges
                    .into_iter()
                    .map(|(name, _)| Right::Restriction { database: database.clone(), name }),
            );
        }
        "SET" => {
            tokens.expect_word("DEFAULT")?;
            tokens.expect_word("ROLE")?;
            if !tokens.word_if("NONE") {
                rights.extend(read_roles(&mut tokens)?.into_iter().map(Right::DefaultRole));
            }
        }
        _ => return Err(Unreadable),
    }
    Ok(())
}

/// Whether a line grants one of these privileges on everything.
pub(crate) fn gives(line: &str, wanted: &[&str]) -> bool {
    let mut rights = Rights::new();
    // A line that cannot be parsed grants nothing: the caller then does without the privilege.
    read_line(line, &mut rights).is_ok()
        && rights.iter().any(|right| match right {
            Right::Privilege { on: Object::Global, name, column: None } => {
                name == ALL || wanted.contains(&name.as_str())
            }
            Right::Dynamic { name, .. } => wanted.contains(&name.as_str()),
            _ => false,
        })
}

/// Whether these lines grant SELECT on the whole of the server's table of users.
pub(crate) fn may_read_users<'a>(lines: impl IntoIterator<Item = &'a str>) -> bool {
    let mut rights = Rights::new();
    for line in lines {
        if read_line(line, &mut rights).is_err() {
            return false;
        }
    }
    let reads = |right: &Right| match right {
        Right::Privilege { on, name, column: None } if name == "SELECT" || name == ALL => match on {
            Object::Global => true,
            Object::Database(database) => database == "mysql",
            Object::Table(database, table) => database == "mysql" && table == "user",
            Object::Routine { .. } => false,
        },
        _ => false,
    };
    let hidden = |right: &Right| match right {
        Right::Restriction { database, name } => database == "mysql" && name == "SELECT",
        _ => false,
    };
    rights.iter().any(reads) && !rights.iter().any(hidden)
}

pub(crate) fn read_roles(tokens: &mut Tokens) -> Result<Vec<Role>, Unreadable> {
    let mut roles = Vec::new();
    loop {
        let name = tokens.quoted()?;
        let host = if tokens.symbol_if('@') { Some(tokens.quoted()?) } else { None };
        roles.push(Role { name, host });
        if !tokens.symbol_if(',') {
            return Ok(roles);
        }
    }
}

pub(crate) fn read_account(tokens: &mut Tokens) -> Result<Account, Unreadable> {
    let user = tokens.quoted()?;
    tokens.expect_symbol('@')?;
    Ok(Account { user, host: tokens.quoted()? })
}

/// Names of privileges up to `ON`, each with its column where it has one.
fn read_privileges(tokens: &mut Tokens) -> Result<Vec<(String, Option<String>)>, Unreadable> {
    let mut privileges = Vec::new();
    loop {
        let mut name = tokens.any_word()?;
        while let Some(Token::Word(word)) = tokens.peek() {
            if word == "ON" {
                break;
            }
            name = format!("{name} {word}");
            tokens.next();
        }
        if tokens.symbol_if('(') {
            loop {
                privileges.push((name.clone(), Some(tokens.name()?)));
                if !tokens.symbol_if(',') {
                    break;
                }
            }
            tokens.expect_symbol(')')?;
        } else {
            privileges.push((name, None));
        }
        if tokens.word_if("ON") {
            return Ok(privileges);
        }
        tokens.expect_symbol(',')?;
    }
}

fn read_object(tokens: &mut Tokens) -> Result<Object, Unreadable> {
    let mut kind = Vec::new();
    while let Some(Token::Word(_)) = tokens.peek() {
        kind.push(tokens.any_word()?);
    }
    if tokens.symbol_if('*') {
        tokens.expect_symbol('.')?;
        tokens.expect_symbol('*')?;
        return if kind.is_empty() { Ok(Object::Global) } else { Err(Unreadable) };
    }
    let database = tokens.quoted()?;
    tokens.expect_symbol('.')?;
    if tokens.symbol_if('*') {
        return if kind.is_empty() { Ok(Object::Database(database)) } else { Err(Unreadable) };
    }
    let name = tokens.quoted()?;
    Ok(match kind.join(" ").as_str() {
        "" | "TABLE" => Object::Table(database, name),
        kind => Object::Routine { kind: kind.to_owned(), database, name },
    })
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapshots have this form")]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;
    use crate::{correction::corrections, dialect::Dialect};

    /// The statements that grant the rights of these lines to a new account.
    #[track_caller]
    fn check(lines: &[&str], expected: &Expect) {
        let mut rights = Rights::new();
        for line in lines {
            read_line(line, &mut rights).unwrap_or_else(|error| panic!("{line}: {error:?}"));
        }
        let account = Account::new("x_clone", "%");
        let made = corrections(&rights, &Rights::new(), &account, Dialect::MySql((9, 0, 0)));
        let text: Vec<_> = made.iter().map(|statement| statement.sql.as_str()).collect();
        expected.assert_eq(&text.join("\n"));
    }

    /// Grants of every level are read.
    #[test]
    fn every_level_is_read() {
        check(
            &["GRANT SELECT, CREATE TEMPORARY TABLES ON *.* TO `x`@`%` WITH GRANT OPTION"],
            &expect!["GRANT CREATE TEMPORARY TABLES, SELECT ON *.* TO 'x_clone'@'%' WITH GRANT OPTION"],
        );
        check(
            &[
                "GRANT BACKUP_ADMIN,ROLE_ADMIN ON *.* TO `x`@`%` WITH GRANT OPTION",
                "GRANT XA_RECOVER_ADMIN ON *.* TO `x`@`%`",
            ],
            &expect![[r#"
                GRANT BACKUP_ADMIN ON *.* TO 'x_clone'@'%' WITH GRANT OPTION
                GRANT ROLE_ADMIN ON *.* TO 'x_clone'@'%' WITH GRANT OPTION
                GRANT XA_RECOVER_ADMIN ON *.* TO 'x_clone'@'%'"#]],
        );
        check(
            &["GRANT ALL PRIVILEGES ON `a\\_b TO ``c`.* TO `x`@`%`"],
            &expect![[r#"GRANT ALL PRIVILEGES ON `a\_b TO ``c`.* TO 'x_clone'@'%'"#]],
        );
        check(
            &["GRANT SELECT (`a`), INSERT (`a`, `b,c)`), UPDATE ON `a TO b`.`t.t` TO `x`@`%` \
                 WITH GRANT OPTION"],
            &expect![
                "GRANT INSERT (`a`), INSERT (`b,c)`), SELECT (`a`), UPDATE ON `a TO b`.`t.t` \
                 TO 'x_clone'@'%' WITH GRANT OPTION"
            ],
        );
        check(
            &["GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `d`.`p` TO `x`@`%`"],
            &expect!["GRANT ALTER ROUTINE, EXECUTE ON PROCEDURE `d`.`p` TO 'x_clone'@'%'"],
        );
        check(
            &["GRANT PROXY ON `d`@`%` TO `x`@`%` WITH GRANT OPTION"],
            &expect!["GRANT PROXY ON 'd'@'%' TO 'x_clone'@'%' WITH GRANT OPTION"],
        );
        check(
            &["GRANT `r1`@`%`,`r 2`@`%` TO `x`@`%` WITH ADMIN OPTION"],
            &expect![[r#"
            GRANT `r 2`@`%` TO 'x_clone'@'%' WITH ADMIN OPTION
            GRANT `r1`@`%` TO 'x_clone'@'%' WITH ADMIN OPTION"#]],
        );
        check(
            &["GRANT SELECT ON *.* TO `x`@`%`", "REVOKE SELECT ON `mysql`.* FROM `x`@`%`"],
            &expect![[r#"
            GRANT SELECT ON *.* TO 'x_clone'@'%'
            REVOKE SELECT ON `mysql`.* FROM 'x_clone'@'%'"#]],
        );
        check(
            &[
                "GRANT RELOAD ON *.* TO `x`@`%` IDENTIFIED BY PASSWORD '*AB' REQUIRE SUBJECT 'GRANT' WITH \
                 GRANT OPTION MAX_USER_CONNECTIONS 3",
                "SET DEFAULT ROLE `r1` FOR `x`@`%`",
            ],
            &expect![[r#"
                GRANT RELOAD ON *.* TO 'x_clone'@'%' WITH GRANT OPTION
                ALTER USER 'x_clone'@'%' DEFAULT ROLE `r1`"#]],
        );
        check(&["GRANT USAGE ON *.* TO 'x'@'%'"], &expect![]);
    }

    /// What is no grant is unreadable.
    #[test]
    fn other_lines_are_unreadable() {
        let lines = [
            "",
            "GRANT",
            "GRANT SELECT",
            "GRANT SELECT ON `a",
            "DROP USER `x`@`%`",
            "GRANT SELECT ON `a` TO `x`",
        ];
        for line in lines {
            assert_eq!(read_line(line, &mut Rights::new()), Err(Unreadable), "{line}");
        }
    }

    proptest! {
        /// No text makes the parser panic.
        #[test]
        fn no_text_panics_the_parser(line in "(GRANT|REVOKE|SET)?[ -~`]{0,80}") {
            let _ = read_line(&line, &mut Rights::new());
        }

        /// Names are read back as they were written.
        #[test]
        fn names_round_trip(
            database in "[ -~\u{e9}\u{436}]{1,20}",
            table in "[ -~]{1,20}",
            column in "[ -~]{1,20}",
        ) {
            let (d, t, c) = (identifier(&database), identifier(&table), identifier(&column));
            let mut rights = Rights::new();
            let line = format!("GRANT SELECT ({c}) ON {d}.{t} TO `x`@`%`");
            prop_assert_eq!(read_line(&line, &mut rights), Ok(()));
            let on = Object::Table(database, table);
            let expected = Right::Privilege { on, name: "SELECT".to_owned(), column: Some(column) };
            prop_assert_eq!(rights, Rights::from([expected]));
        }
    }
}
