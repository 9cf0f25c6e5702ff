//! URLs and connection strings, and where in them a user and its password stand.
//!
//! | form | example | how a value is written |
//! |---|---|---|
//! | URL | `postgresql://user:password@host/db`, also with several hosts | percent-encoded |
//! | JDBC | `jdbc:mysql://host/db?user=u&password=p`, also with `;` | percent-encoded; for SQL Server in braces |
//! | keywords of libpq | `host=h user=u password='p w'` | quoted with `'` where it has to be |
//! | pairs of ADO.NET and ODBC | `Server=h;User ID=u;Password=p` | quoted with `"` or braces where it has to be |
//! | DSN of Go's MySQL driver | `user:password@tcp(host:3306)/db` | as it is |

mod value;

use std::ops::Range;

use zeroize::Zeroizing;

use self::value::{Part, Syntax};

/// The names of a user's parameter, in lower case.
const USER_KEYS: [&str; 6] = ["user", "username", "user name", "user id", "userid", "uid"];
/// The names of a password's.
const PASSWORD_KEYS: [&str; 3] = ["password", "pwd", "pass"];

/// A text that tells a client where to log in.
#[derive(Debug, Default)]
pub(super) struct ConnectionText {
    pub(super) users: Vec<Part>,
    pub(super) passwords: Vec<Part>,
}

impl ConnectionText {
    /// Finds the credentials in a text; `None` where it is of none of the forms.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(scheme) = text.find("://") {
            return Some(Self::parse_url(text, scheme + 3));
        }
        // A semicolon may stand in a keyword's value, and yet ends a pair's.
        Self::parse_go(text).or_else(|| Self::parse_pairs(text)).or_else(|| Self::parse_keywords(text))
    }

    fn parse_url(text: &str, start: usize) -> Self {
        let mut found = Self::default();
        let is_jdbc = text.starts_with("jdbc:");
        let stops: &[char] = if is_jdbc { &['/', '?', ';'] } else { &['/', '?', '#'] };
        let end = text[start..].find(stops).map_or(text.len(), |at| start + at);
        if let Some(at) = text[start..end].rfind('@') {
            found.add_pair(text, start..start + at, Syntax::Percent);
        }
        let queries: &[char] = if is_jdbc { &['?', ';'] } else { &['?'] };
        let Some(query) = text[end..].find(queries).map(|at| end + at + 1) else { return found };
        let last = if is_jdbc { None } else { text[query..].find('#') }.map_or(text.len(), |at| query + at);
        if text.starts_with("jdbc:sqlserver:") {
            found.add_pairs(text, query..last, Syntax::Braces);
            return found;
        }
        let separators: &[char] = if is_jdbc { &['&', ';'] } else { &['&'] };
        let mut from = query;
        for parameter in text[query..last].split(separators) {
            if let Some((key, value)) = parameter.split_once('=') {
                let value = from + key.len() + 1..from + key.len() + 1 + value.len();
                found.add(key, value, Syntax::Percent);
            }
            from += parameter.len() + 1;
        }
        found
    }

    /// `[user[:password]@][net[(addr)]]/dbname`; the last `/` and the last `@` before it separate.
    fn parse_go(text: &str) -> Option<Self> {
        let head = &text[..text.rfind('/')?];
        let at = head.rfind('@')?;
        let network = &head[at + 1..];
        let is_network = network.is_empty() || (network.contains('(') && network.ends_with(')'));
        is_network.then(|| {
            let mut found = Self::default();
            found.add_pair(text, 0..at, Syntax::Verbatim);
            found
        })
    }

    /// `key = value` between white space.
    fn parse_keywords(text: &str) -> Option<Self> {
        const KNOWN: [&str; 6] = ["host", "hostaddr", "port", "dbname", "user", "password"];
        let mut found = Self::default();
        let (mut at, mut is_known) = (0, false);
        loop {
            at += blanks(&text[at..]);
            if at == text.len() {
                return is_known.then_some(found);
            }
            let key = &text[at..at + text[at..].find('=')?];
            at += key.len() + 1;
            at += blanks(&text[at..]);
            let length = keyword_value(&text[at..])?;
            let key = key.trim_end();
            is_known |= KNOWN.contains(&key);
            found.add(key, at..at + length, Syntax::Keyword);
            at += length;
            if text[at..].starts_with(|next: char| !next.is_ascii_whitespace()) {
                return None;
            }
        }
    }

    /// `key=value` between semicolons.
    fn parse_pairs(text: &str) -> Option<Self> {
        let is_odbc = text
            .to_ascii_lowercase()
            .split(';')
            .any(|pair| pair.split_once('=').is_some_and(|(key, _)| ["driver", "dsn"].contains(&key.trim())));
        let mut found = Self::default();
        let syntax = if is_odbc { Syntax::Braces } else { Syntax::Quotes };
        let count = found.add_pairs(text, 0..text.len(), syntax);
        (count >= 2 && !found.passwords.is_empty()).then_some(found)
    }

    /// Says how many pairs there are; 0 where it is something else.
    fn add_pairs(&mut self, text: &str, range: Range<usize>, syntax: Syntax) -> usize {
        let (mut at, mut count) = (range.start, 0);
        while at < range.end {
            let Some(equals) = text[at..range.end].find('=') else {
                return if text[at..range.end].trim().is_empty() { count } else { 0 };
            };
            let key = text[at..at + equals].trim();
            at += equals + 1;
            at += blanks(&text[at..range.end]);
            let Some(length) = pair_value(&text[at..range.end]) else { return 0 };
            let value = text[at..at + length].trim_end().len();
            self.add(key, at..at + value, syntax);
            at += length + 1;
            count += 1;
        }
        count
    }

    /// `user:password`.
    fn add_pair(&mut self, text: &str, span: Range<usize>, syntax: Syntax) {
        let (start, end) = (span.start, span.end);
        let user = text[span].find(':').map_or(end, |colon| start + colon);
        self.users.push(Part { span: start..user, syntax });
        if user < end {
            self.passwords.push(Part { span: user + 1..end, syntax });
        }
    }

    fn add(&mut self, key: &str, span: Range<usize>, syntax: Syntax) {
        let (key, part) = (key.to_ascii_lowercase(), Part { span, syntax });
        if USER_KEYS.contains(&key.as_str()) {
            self.users.push(part);
        } else if PASSWORD_KEYS.contains(&key.as_str()) {
            self.passwords.push(part);
        }
    }

    /// The text with these values in the place of its users and passwords.
    pub(super) fn replaced(&self, text: &str, user: &str, password: &str) -> Zeroizing<String> {
        let users = self.users.iter().map(|part| (part, user));
        let mut parts: Vec<_> = users.chain(self.passwords.iter().map(|part| (part, password))).collect();
        parts.sort_by_key(|(part, _)| part.span.start);
        // Room for all of it at once: a string that grows leaves copies behind. A value triples at most.
        let room = text.len() + parts.iter().map(|(_, value)| 3 * value.len() + 2).sum::<usize>();
        let mut whole = Zeroizing::new(String::with_capacity(room));
        let mut from = 0;
        for (part, value) in parts {
            whole.push_str(&text[from..part.span.start]);
            part.syntax.write(value, &mut whole);
            from = part.span.end;
        }
        whole.push_str(&text[from..]);
        whole
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_ascii_start().len()
}

/// How long a value of libpq's keywords is at the beginning of this text; `None` where its quote does not end.
fn keyword_value(text: &str) -> Option<usize> {
    let is_quoted = text.starts_with('\'');
    let mut is_escaped = false;
    for (at, one) in text.char_indices().skip(usize::from(is_quoted)) {
        match one {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' if is_quoted => return Some(at + 1),
            one if !is_quoted && one.is_ascii_whitespace() => return Some(at),
            _ => {}
        }
    }
    (!is_quoted).then_some(text.len())
}

/// How long a value is up to the next semicolon; `None` where its quote does not end.
fn pair_value(text: &str) -> Option<usize> {
    let to_semicolon = |text: &str| text.find(';').unwrap_or(text.len());
    let close = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        Some('{') => '}',
        _ => return Some(to_semicolon(text)),
    };
    let mut at = 1;
    loop {
        at += text[at..].find(close)? + 1;
        if !text[at..].starts_with(close) {
            let rest = to_semicolon(&text[at..]);
            return text[at..at + rest].trim().is_empty().then_some(at + rest);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::ConnectionText;

    /// What a text says, and what it becomes for a user and a password that no form can hold as they are.
    #[track_caller]
    fn check(text: &str, credentials: Option<(&str, &str)>, replaced: &str) {
        let found = ConnectionText::parse(text).unwrap_or_default();
        let value = |part: &super::Part, text: &str| part.value(text).unwrap().to_string();
        let all = |text: &str, found: &ConnectionText| {
            let users: Vec<_> = found.users.iter().map(|part| value(part, text)).collect();
            let passwords: Vec<_> = found.passwords.iter().map(|part| value(part, text)).collect();
            (users, passwords)
        };
        let (users, passwords) = all(text, &found);
        let expected = credentials.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let (expected_users, expected_passwords): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
        assert_eq!((&users, &passwords), (&expected_users, &expected_passwords), "{text}");
        let after = found.replaced(text, "n u", "p'\"{}\\%;&=é");
        assert_eq!(*after, replaced);
        if credentials.is_some() {
            let again = ConnectionText::parse(&after).unwrap();
            let expected = (vec!["n u".to_owned()], vec!["p'\"{}\\%;&=é".to_owned()]);
            assert_eq!(all(&after, &again), expected, "{}", *after);
        }
    }

    const IN_URL: &str = "p%27%22%7B%7D%5C%25%3B%26%3D%C3%A9";

    #[test]
    fn urls() {
        let both = |user: &str, password: &str, text: &str, to: &str| {
            check(text, Some((user, password)), &to.replace("<PW>", IN_URL));
        };
        both("u", "p@", "postgresql://u:p%40@h:5432/db?x=1#f", "postgresql://n%20u:<PW>@h:5432/db?x=1#f");
        both("u", "p:@", "mongodb://u:p%3A%40@a:1,b:2/?w=1", "mongodb://n%20u:<PW>@a:1,b:2/?w=1");
        both("u", "", "mysql://u:@h", "mysql://n%20u:<PW>@h");
        both("u", "p", "postgres://h/db?user=u&password=p", "postgres://h/db?user=n%20u&password=<PW>");
        both(
            "u",
            "p",
            "jdbc:mysql://h:3306/db?user=u&password=p",
            "jdbc:mysql://h:3306/db?user=n%20u&password=<PW>",
        );
        both("u", "p#", "jdbc:redshift://h/db;UID=u;PWD=p#", "jdbc:redshift://h/db;UID=n%20u;PWD=<PW>");
        check("https://h/path?q=1", None, "https://h/path?q=1");
        let server = "jdbc:sqlserver://h:1433;user=u;password={p;}}};encrypt=true";
        let to = r#"jdbc:sqlserver://h:1433;user={n u};password={p'"{}}\%;&=é};encrypt=true"#;
        check(server, Some(("u", "p;}")), to);
    }

    #[test]
    fn keywords_and_pairs() {
        let keywords = r"host = h user=u password='p\' \\w' dbname=shop";
        check(keywords, Some(("u", r"p' \w")), r#"host = h user='n u' password='p\'"{}\\%;&=é' dbname=shop"#);
        check(
            r"host=h user=u password=p\ w",
            Some(("u", "p w")),
            r#"host=h user='n u' password='p\'"{}\\%;&=é'"#,
        );
        let pairs = r#"Server=h;User ID=u;Password="p""q;";Ssl=true"#;
        check(pairs, Some(("u", "p\"q;")), r#"Server=h;User ID="n u";Password="p'""{}\%;&=é";Ssl=true"#);
        let odbc = "Driver={My};Server=h;Uid=u;Pwd={p};";
        check(odbc, Some(("u", "p")), r#"Driver={My};Server=h;Uid={n u};Pwd={p'"{}}\%;&=é};"#);
        check("host=h;user=u; password=p", Some(("u", "p")), r#"host=h;user="n u"; password="p'""{}\%;&=é""#);
    }

    #[test]
    fn dsns_of_go() {
        check("u:p@w@tcp(h:3306)/db?x=1", Some(("u", "p@w")), r#"n u:p'"{}\%;&=é@tcp(h:3306)/db?x=1"#);
    }

    #[test]
    fn other_texts_hold_no_credentials() {
        for text in
            ["", "just words", "a=b", "password", "scott/tiger@db", "'", "k='", "=;=;=", "a=\"b", "://"]
        {
            let found = ConnectionText::parse(text).unwrap_or_default();
            assert!(found.users.is_empty() && found.passwords.is_empty(), "{text}");
        }
    }
}
