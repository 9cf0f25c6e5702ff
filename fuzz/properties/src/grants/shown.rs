//! One user as a server shows it.

use rotation_database::PlannedStatement;
use rotator_mysql::ShownAccount;

/// Servers of every dialect.
const VERSIONS: [&str; 6] =
    ["9.7.0", "8.4.5", "8.0.11", "5.7.44-log", "11.8.2-MariaDB", "5.5.5-10.11.14-MariaDB"];

/// The option with which a clone is created, and by which it is recognized.
const MARK: &str = " ATTRIBUTE '";

/// The most lines of one user.
const MOST_LINES: usize = 64;

/// A user.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) version: &'static str,
    /// Whether a real server could have returned it: then no part of it may be misread.
    pub(super) is_well_formed: bool,
    create_user: String,
    grants: Vec<String>,
    /// Name, host, and whether the role has the admin option.
    roles: Vec<(String, String, bool)>,
    attributes: Option<String>,
}

impl Shown {
    /// Lines as they are: `CREATE` begins a user's definition, any other line is one of SHOW GRANTS.
    pub(super) fn lines(kind: u8, bytes: &[u8]) -> Option<Self> {
        let text = str::from_utf8(bytes).ok()?;
        let mut shown = Self::of(kind);
        for line in text.lines().take(MOST_LINES) {
            if line.starts_with("CREATE") {
                line.clone_into(&mut shown.create_user);
            } else {
                shown.grants.push(line.to_owned());
            }
        }
        Some(shown)
    }

    /// Names in the lines of SHOW GRANTS: a byte selects the form of the line, then names follow with their
    /// lengths.
    pub(super) fn names(kind: u8, bytes: &[u8]) -> Option<Self> {
        let mut shown = Self { is_well_formed: true, ..Self::of(kind) };
        let mut names = Names(bytes);
        for _ in 0..MOST_LINES {
            let Some(form) = names.form() else { break };
            if form & 0x0f < 8 {
                shown.grants.push(privilege(form, &mut names)?);
            } else {
                shown.add(form, &mut names)?;
            }
        }
        Some(shown)
    }

    /// Adds a line that each server shows in its own way.
    fn add(&mut self, form: u8, names: &mut Names<'_>) -> Option<()> {
        let gives_on = form & 0x80 != 0;
        match form & 0x0f {
            8 if self.is_mariadb() => {
                self.grants.push(format!("GRANT {} TO `app`@`%`", quoted(&role(names.next()?)?)));
            }
            9 if self.is_mariadb() => {
                let role = quoted(&role(names.next()?)?);
                self.grants.push(format!("SET DEFAULT ROLE {role} FOR `app`@`%`"));
            }
            8 if self.has_roles() => {
                let role = (names.next()?, names.next()?, gives_on);
                // A table contains a row once.
                self.roles.retain(|(name, host, _)| (name, host) != (&role.0, &role.1));
                self.roles.push(role);
            }
            9 if self.has_roles() => {
                let default = format!(" DEFAULT ROLE {}@{}", quoted(&names.next()?), quoted(&names.next()?));
                self.show_once(" DEFAULT ROLE ", &default);
            }
            10 if !self.is_mariadb() => {
                self.grants.push(format!("REVOKE INSERT ON {}.* FROM `app`@`%`", quoted(&names.next()?)));
            }
            11 => {
                let subject = names.next()?.replace('\\', "\\\\").replace('\'', "\\'");
                self.show_once(" REQUIRE ", &format!(" REQUIRE SUBJECT '{subject}'"));
            }
            _ => self.grants.push("GRANT USAGE ON *.* TO `app`@`%`".to_owned()),
        }
        Some(())
    }

    /// A user has each clause at most once.
    fn show_once(&mut self, mark: &str, clause: &str) {
        if !self.create_user.contains(mark) {
            self.create_user.push_str(clause);
        }
    }

    fn of(kind: u8) -> Self {
        let version = VERSIONS[usize::from(kind >> 1) % VERSIONS.len()];
        let create_user = "CREATE USER `app`@`%` IDENTIFIED WITH 'mysql_native_password' AS '*AB'".to_owned();
        Self { version, create_user, ..Self::default() }
    }

    fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }

    fn has_roles(&self) -> bool {
        !self.version.starts_with("5.7")
    }

    /// The length of the input, in bytes.
    pub(super) fn length(&self) -> usize {
        let roles = self.roles.iter().map(|(name, host, _)| name.len() + host.len()).sum::<usize>();
        roles + self.create_user.len() + self.grants.iter().map(String::len).sum::<usize>()
    }

    /// Whether the server itself returned these words.
    pub(super) fn contains(&self, words: &str) -> bool {
        let mut roles = self.roles.iter().flat_map(|(name, host, _)| [name, host]);
        roles.any(|text| text.contains(words))
            || self.grants.iter().chain([&self.create_user]).any(|text| text.contains(words))
    }

    /// Whether a name may contain a NUL. A server's names contain none; in quotes it is written `\0`.
    pub(super) fn has_nul(&self) -> bool {
        self.create_user.contains(['\0', '\\']) || self.grants.iter().any(|line| line.contains(['\0', '\\']))
    }

    /// The account as the engine receives it.
    pub(super) fn account(&self) -> ShownAccount {
        ShownAccount {
            host: "%".to_owned(),
            create_user: self.create_user.clone(),
            grants: self.grants.clone(),
            roles: self.roles.clone(),
            attributes: self.attributes.clone(),
            lifetime: None,
        }
    }
}

/// A sequence of names, each with its length before it.
struct Names<'a>(&'a [u8]);

impl Names<'_> {
    fn form(&mut self) -> Option<u8> {
        let (form, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*form)
    }

    /// `None` where a server would not accept the name.
    fn next(&mut self) -> Option<String> {
        let (length, rest) = self.0.split_first()?;
        let (name, rest) = rest.split_at(usize::from(length % 33).min(rest.len()));
        self.0 = rest;
        let name = str::from_utf8(name).ok()?;
        (!name.is_empty() && !name.contains('\0')).then(|| name.to_owned())
    }
}

/// A line that every server shows in the same form.
fn privilege(form: u8, names: &mut Names<'_>) -> Option<String> {
    let option = if form & 0x80 == 0 { "" } else { " WITH GRANT OPTION" };
    let to = "TO `app`@`%`";
    let mut name = || names.next().map(|name| quoted(&name));
    Some(match form & 0x07 {
        0 => format!("GRANT SELECT, PROCESS ON *.* {to}{option}"),
        1 => format!("GRANT INSERT, CREATE TEMPORARY TABLES ON {}.* {to}{option}", name()?),
        2 => format!("GRANT ALL PRIVILEGES ON {}.* {to}", name()?),
        3 => format!("GRANT UPDATE ON {}.{} {to}{option}", name()?, name()?),
        4 => {
            let [a, b, database, table] = [name()?, name()?, name()?, name()?];
            format!("GRANT SELECT ({a}), INSERT ({a}, {b}) ON {database}.{table} {to}")
        }
        5 => format!("GRANT EXECUTE ON PROCEDURE {}.{} {to}", name()?, name()?),
        6 => format!("GRANT PROXY ON {}@{} {to}{option}", name()?, name()?),
        _ => format!("GRANT BACKUP_ADMIN ON *.* {to}{option}"),
    })
}

/// The clone as a server would show it after these statements.
pub(super) fn made_by(statements: &[PlannedStatement], original: &Shown) -> Shown {
    let mut clone = Shown {
        version: original.version,
        create_user: "CREATE USER 'app_clone'@'%' IDENTIFIED WITH 'mysql_native_password' AS '*CD'"
            .to_owned(),
        ..Shown::default()
    };
    for PlannedStatement { text, .. } in statements {
        if text.starts_with("CREATE USER ") {
            // The mark is a role on MariaDB.
            let mark = text.split_once(MARK).and_then(|(_, mark)| mark.strip_suffix('\''));
            clone.attributes = mark.map(str::to_owned);
        } else if let Some(options) = text.strip_prefix("ALTER USER 'app_clone'@'%' ") {
            if !options.starts_with("IDENTIFIED ") && options != "ACCOUNT UNLOCK" {
                clone.create_user = format!("{} {options}", clone.create_user);
            }
        } else if text.starts_with("GRANT `") && original.has_roles() && !original.is_mariadb() {
            clone.roles.extend(role_of(text));
        } else if ["GRANT ", "REVOKE ", "SET DEFAULT ROLE "].iter().any(|word| text.starts_with(word)) {
            clone.grants.push(text.clone());
        }
    }
    clone
}

/// The role of ``GRANT `name`@`host` TO 'app_clone'@'%' WITH ADMIN OPTION``.
fn role_of(statement: &str) -> Option<(String, String, bool)> {
    let rest = statement.strip_prefix("GRANT ")?;
    let (rest, admin) = match rest.strip_suffix(" WITH ADMIN OPTION") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let role = rest.strip_suffix(" TO 'app_clone'@'%'")?;
    let (name, rest) = unquoted(role)?;
    let (host, rest) = unquoted(rest.strip_prefix('@')?)?;
    rest.is_empty().then_some((name, host, admin))
}

/// A name in backticks at the beginning, and the rest.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text.strip_prefix('`')?;
    loop {
        let (part, after) = rest.split_once('`')?;
        name.push_str(part);
        let Some(more) = after.strip_prefix('`') else { return Some((name, after)) };
        name.push('`');
        rest = more;
    }
}

/// A name in backticks, as servers print it.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Only this project's clones have the name of a mark.
fn role(name: String) -> Option<String> {
    (!name.starts_with("clone:") && !name.starts_with("rotation:")).then_some(name)
}
