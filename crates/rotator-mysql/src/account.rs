//! Parses what SHOW CREATE USER prints.

use std::collections::BTreeMap;

use crate::{
    grants::{Right, Rights, read_account, read_roles},
    keys::parsec_factor,
    lexer::{Token, Tokens, Unreadable, tokens},
    quote::literal,
};

/// An account without its privileges and its password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The first authentication plugin. None on MariaDB means the default plugin, which keeps a password.
    pub(crate) plugin: Option<String>,
    /// Whether another plugin is an alternative or an additional factor.
    pub(crate) has_several_plugins: bool,
    /// All plugins, in their order.
    pub(crate) plugins: Vec<String>,
    /// The exponent of two by which the plugin `parsec` multiplies its rounds.
    pub(crate) parsec_factor: u8,
    pub(crate) is_locked: bool,
    /// Clauses by subject, such as `REQUIRE` or `MAX_USER_CONNECTIONS`, in the form that statements take.
    pub(crate) clauses: BTreeMap<&'static str, String>,
}

/// The clauses after `WITH`, in the order of statements.
const RESOURCES: [&str; 5] = [
    "MAX_QUERIES_PER_HOUR",
    "MAX_UPDATES_PER_HOUR",
    "MAX_CONNECTIONS_PER_HOUR",
    "MAX_USER_CONNECTIONS",
    "MAX_STATEMENT_TIME",
];

/// All other clauses, in the order of statements, with defaults left out.
const OTHERS: [(&str, &str); 7] = [
    ("PASSWORD EXPIRE", "DEFAULT"),
    ("PASSWORD HISTORY", "DEFAULT"),
    ("PASSWORD REUSE INTERVAL", "DEFAULT"),
    ("PASSWORD REQUIRE CURRENT", "DEFAULT"),
    ("FAILED_LOGIN_ATTEMPTS", "0"),
    ("PASSWORD_LOCK_TIME", "0"),
    REQUIRE,
];

/// The requirements for a connection.
const REQUIRE: (&str, &str) = ("REQUIRE", "NONE");

/// The clauses that decide which clients are admitted and how often.
fn admissions() -> impl Iterator<Item = (&'static str, &'static str)> {
    RESOURCES.into_iter().map(|name| (name, "0")).chain([REQUIRE])
}

fn is_admission(name: &str) -> bool {
    admissions().any(|(known, _)| known == name)
}

/// Whether a clause with one value admits a client, or a number of them, that the same clause with the other
/// value does not.
fn admits_more(name: &str, value: &str, other: &str) -> bool {
    if value == other {
        return false;
    }
    if name == REQUIRE.0 {
        let strictness = |demand: &str| match demand {
            "NONE" => 0,
            "SSL" => 1,
            "X509" => 2,
            _ => 3,
        };
        // Two certificates of different subjects admit different clients.
        return strictness(value) <= strictness(other);
    }
    // No value means that there is no limit.
    let limit = |text: &str| text.parse::<f64>().map(|n| if n == 0.0 { f64::INFINITY } else { n });
    match (RESOURCES.contains(&name), limit(value), limit(other)) {
        (false, ..) => false,
        (true, Ok(limit), Ok(others)) => limit > others,
        (true, ..) => true,
    }
}

impl Options {
    /// Reads the statement, and the default roles in it.
    pub(crate) fn parse(text: &str, rights: &mut Rights) -> Result<Self, Unreadable> {
        let mut tokens = tokens(text)?;
        let mut options = Self::default();
        tokens.expect_word("CREATE")?;
        tokens.expect_word("USER")?;
        read_account(&mut tokens)?;
        while let Some(token) = tokens.next() {
            let Token::Word(word) = token else { return Err(Unreadable) };
            match word.as_str() {
                "IDENTIFIED" => options.read_identification(&mut tokens)?,
                "AND" | "OR" => {
                    options.has_several_plugins = true;
                    tokens.word_if("IDENTIFIED");
                    options.read_identification(&mut tokens)?;
                }
                "DEFAULT" => {
                    tokens.expect_word("ROLE")?;
                    rights.extend(read_roles(&mut tokens)?.into_iter().map(Right::DefaultRole));
                }
                "REQUIRE" => options.read_requirement(&mut tokens)?,
                "WITH" => options.read_resources(&mut tokens)?,
                "ACCOUNT" => options.is_locked = tokens.any_word()? == "LOCK",
                "PASSWORD" => options.read_password_clause(&mut tokens)?,
                "FAILED_LOGIN_ATTEMPTS" => options.set("FAILED_LOGIN_ATTEMPTS", tokens.any_word()?),
                "PASSWORD_LOCK_TIME" => options.set("PASSWORD_LOCK_TIME", tokens.any_word()?),
                // Read from the server's table, where they are exact.
                "ATTRIBUTE" | "COMMENT" => drop(tokens.quoted()?),
                _ => return Err(Unreadable),
            }
        }
        Ok(options)
    }

    /// Sets the days after which a password expires, from the server's table: the statement does not show the
    /// policy of an account whose password has expired.
    pub(crate) fn set_lifetime(&mut self, days: Option<&str>) {
        const CLAUSE: &str = "PASSWORD EXPIRE";
        if self.clauses.get(CLAUSE).is_some_and(String::is_empty) {
            return;
        }
        let policy = match days {
            None => "DEFAULT".to_owned(),
            Some("0") => "NEVER".to_owned(),
            Some(days) => format!("INTERVAL {days} DAY"),
        };
        self.set(CLAUSE, policy);
    }

    /// After how many failed logins the server locks the account, where it does so.
    pub(crate) fn failures_until_locked(&self) -> Option<u32> {
        let number = |clause: &str| self.clauses.get(clause).map(String::as_str);
        let attempts = number("FAILED_LOGIN_ATTEMPTS")?.parse().ok().filter(|attempts| *attempts > 0)?;
        number("PASSWORD_LOCK_TIME").is_some_and(|days| days != "0").then_some(attempts)
    }

    fn set(&mut self, clause: &'static str, value: String) {
        self.clauses.insert(clause, value);
    }

    /// `WITH 'plugin' AS 'hash'`, `VIA plugin USING 'hash'`, `BY PASSWORD 'hash'`.
    fn read_identification(&mut self, tokens: &mut Tokens) -> Result<(), Unreadable> {
        if tokens.word_if("BY") {
            tokens.word_if("PASSWORD");
            tokens.next().ok_or(Unreadable)?;
            return Ok(());
        }
        if !tokens.word_if("WITH") {
            tokens.word_if("VIA");
        }
        let Some(Token::Word(plugin) | Token::Quoted(plugin)) = tokens.next() else {
            return Err(Unreadable);
        };
        let is_parsec = plugin == "parsec";
        self.plugins.push(plugin.clone());
        self.plugin.get_or_insert(plugin);
        if tokens.word_if("AS") || tokens.word_if("USING") {
            let stored = tokens.next().ok_or(Unreadable)?;
            if let (true, Token::Quoted(stored)) = (is_parsec, stored) {
                self.parsec_factor = parsec_factor(&stored).unwrap_or_default();
            }
        }
        Ok(())
    }

    fn read_requirement(&mut self, tokens: &mut Tokens) -> Result<(), Unreadable> {
        let mut demands = Vec::new();
        while let Some(Token::Word(word)) = tokens.peek() {
            let word = word.clone();
            match word.as_str() {
                "NONE" | "SSL" | "X509" => demands.push(word),
                "SUBJECT" | "ISSUER" | "CIPHER" => {
                    tokens.next();
                    demands.push(format!("{word} {}", *literal(&tokens.quoted()?)));
                    continue;
                }
                "AND" => {}
                _ => break,
            }
            tokens.next();
        }
        demands.sort();
        self.set("REQUIRE", demands.join(" AND "));
        Ok(())
    }

    fn read_resources(&mut self, tokens: &mut Tokens) -> Result<(), Unreadable> {
        while let Some(Token::Word(word)) = tokens.peek() {
            let Some(name) = RESOURCES.into_iter().find(|name| name == word) else { break };
            tokens.next();
            self.set(name, tokens.any_word()?);
        }
        Ok(())
    }

    fn read_password_clause(&mut self, tokens: &mut Tokens) -> Result<(), Unreadable> {
        let clause = match tokens.any_word()?.as_str() {
            "EXPIRE" => "PASSWORD EXPIRE",
            "HISTORY" => "PASSWORD HISTORY",
            "REUSE" => {
                tokens.expect_word("INTERVAL")?;
                "PASSWORD REUSE INTERVAL"
            }
            "REQUIRE" => {
                tokens.expect_word("CURRENT")?;
                "PASSWORD REQUIRE CURRENT"
            }
            _ => return Err(Unreadable),
        };
        let mut value = Vec::new();
        while let Some(Token::Word(word)) = tokens.peek() {
            let is_value = matches!(word.as_str(), "DEFAULT" | "NEVER" | "INTERVAL" | "DAY" | "OPTIONAL")
                || word.bytes().all(|b| b.is_ascii_digit());
            // `DEFAULT ROLE` is another clause, which never follows this one.
            if !is_value {
                break;
            }
            value.push(tokens.any_word()?);
        }
        self.set(clause, value.join(" "));
        Ok(())
    }

    /// The clauses that make an account with `other`'s options like this one, or nothing where it already is.
    /// An account whose password has expired shows that in place of its policy, which is then not changed.
    pub(crate) fn clauses_for(&self, other: &Self) -> Option<String> {
        self.clauses_that(|_, own, others| own != others, other)
    }

    /// The clauses by which an account with `other`'s options would be admitted wherever, and as often as,
    /// one with these is; nothing where it already is. Password policies do not affect who is admitted.
    pub(crate) fn admissions_beyond(&self, other: &Self) -> Option<String> {
        self.clauses_that(admits_more, other)
    }

    /// The clauses that make an account with `other`'s options admit the same clients as this one, and no
    /// others.
    pub(crate) fn admissions_for(&self, other: &Self) -> Option<String> {
        self.clauses_that(|name, own, others| own != others && is_admission(name), other)
    }

    /// Also admits every client that an account with `other`'s options admits.
    pub(crate) fn admit_beyond(&mut self, other: &Self) {
        for (name, default) in admissions() {
            let (own, others) = (self.value(name, default), other.value(name, default));
            if let Some((own, others)) = own.zip(others)
                && admits_more(name, &others, &own)
            {
                self.set(name, others);
            }
        }
    }

    /// The clauses that decide which clients are admitted and how often, as texts.
    pub(crate) fn admissions(&self) -> impl Iterator<Item = String> {
        admissions().map(|(name, default)| {
            format!("{name} {}", self.value(name, default).unwrap_or_else(|| default.to_owned()))
        })
    }

    /// None where a clause has its default.
    fn value(&self, name: &'static str, default: &str) -> Option<String> {
        let value = self.clauses.get(name).cloned().unwrap_or_else(|| default.to_owned());
        // PASSWORD REQUIRE CURRENT has no value where it is required.
        if value.is_empty() && name != "PASSWORD REQUIRE CURRENT" { None } else { Some(value) }
    }

    /// The clauses of this account for which the predicate holds, given the name of each, its value here and
    /// in `other`.
    fn clauses_that(&self, holds: impl Fn(&'static str, &str, &str) -> bool, other: &Self) -> Option<String> {
        let value = |options: &Self, name, default: &str| options.value(name, default);
        let differs = |(name, default): &(&'static str, &str)| {
            let values = value(self, name, default).zip(value(other, name, default));
            values.is_some_and(|(own, others)| holds(name, &own, &others))
        };
        let mut clauses = Vec::new();
        let (require, rest) = OTHERS.split_last().expect("a constant list");
        if differs(require) {
            clauses.push(format!("REQUIRE {}", value(self, require.0, require.1).unwrap_or_default()));
        }
        let resources: Vec<_> =
            RESOURCES.into_iter().map(|name| (name, "0")).filter(|resource| differs(resource)).collect();
        if !resources.is_empty() {
            clauses.push("WITH".to_owned());
        }
        for (name, default) in resources.iter().chain(rest.iter().filter(|clause| differs(clause))) {
            let value = value(self, name, default).unwrap_or_default();
            clauses.push(format!("{name} {value}").trim_end().to_owned());
        }
        if clauses.is_empty() { None } else { Some(clauses.join(" ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Options {
        Options::parse(&format!("CREATE USER `x`@`%` {text}"), &mut Rights::new()).unwrap()
    }

    #[track_caller]
    fn check(own: &str, other: &str, expected: &str) {
        let found = options(own).admissions_beyond(&options(other));
        assert_eq!(found.unwrap_or_default(), expected, "{own} / {other}");
    }

    /// What an account admits beyond another is reported.
    /// Limits and requirements of connections are compared by what they admit; password policies are not.
    #[test]
    fn admits_more_than_another() {
        check("", "WITH MAX_USER_CONNECTIONS 5", "WITH MAX_USER_CONNECTIONS 0");
        check("WITH MAX_USER_CONNECTIONS 5", "", "");
        check("WITH MAX_USER_CONNECTIONS 50", "WITH MAX_USER_CONNECTIONS 5", "WITH MAX_USER_CONNECTIONS 50");
        check("REQUIRE NONE", "REQUIRE SSL", "REQUIRE NONE");
        check("REQUIRE X509", "REQUIRE SSL", "");
        check("REQUIRE SUBJECT 'a'", "REQUIRE SUBJECT 'b'", "REQUIRE SUBJECT 'a'");
        check("PASSWORD EXPIRE NEVER", "PASSWORD EXPIRE INTERVAL 3 DAY", "");
        check("FAILED_LOGIN_ATTEMPTS 0", "FAILED_LOGIN_ATTEMPTS 3", "");
    }
}
