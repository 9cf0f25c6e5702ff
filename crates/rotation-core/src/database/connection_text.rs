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

use std::{fmt, ops::Range};

use zeroize::Zeroizing;

use self::value::{Part, Syntax};

/// The names of a user's parameter, in lower case.
const USER_KEYS: [&str; 6] = ["user", "username", "user name", "user id", "userid", "uid"];
/// The names of a password's.
const PASSWORD_KEYS: [&str; 3] = ["password", "pwd", "pass"];

/// A text that tells a client where to log in, as applications read it out of a secret. It never prints.
#[derive(Default)]
pub struct ConnectionText<'a> {
    text: &'a str,
    users: Vec<Part>,
    passwords: Vec<Part>,
}

impl<'a> ConnectionText<'a> {
    /// Finds the credentials in a text; `None` where it is of none of the forms.
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(scheme) = text.find("://") {
            return Some(Self::parse_url(text, scheme + 3));
        }
        // A semicolon may stand in a keyword's value, and yet ends a pair's.
        Self::parse_go(text).or_else(|| Self::parse_pairs(text)).or_else(|| Self::parse_keywords(text))
    }

    fn of(text: &'a str) -> Self {
        Self { text, users: Vec::new(), passwords: Vec::new() }
    }

    fn parse_url(text: &'a str, start: usize) -> Self {
        let mut found = Self::of(text);
        let is_jdbc = text.starts_with("jdbc:");
        let stops: &[char] = if is_jdbc { &['/', '?', ';'] } else { &['/', '?', '#'] };
        let end = text[start..].find(stops).map_or(text.len(), |at| start + at);
        if let Some(at) = text[start..end].rfind('@') {
            found.add_pair(start..start + at, Syntax::Percent);
        }
        let queries: &[char] = if is_jdbc { &['?', ';'] } else { &['?'] };
        let Some(query) = text[end..].find(queries).map(|at| end + at + 1) else { return found };
        let last = if is_jdbc { None } else { text[query..].find('#') }.map_or(text.len(), |at| query + at);
        if text.starts_with("jdbc:sqlserver:") {
            found.add_pairs(query..last, Syntax::Braces);
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
    fn parse_go(text: &'a str) -> Option<Self> {
        let head = &text[..text.rfind('/')?];
        let at = head.rfind('@')?;
        let network = &head[at + 1..];
        let is_network = network.is_empty() || (network.contains('(') && network.ends_with(')'));
        is_network.then(|| {
            let mut found = Self::of(text);
            found.add_pair(0..at, Syntax::Verbatim);
            found
        })
    }

    /// `key = value` between white space.
    fn parse_keywords(text: &'a str) -> Option<Self> {
        const KNOWN: [&str; 6] = ["host", "hostaddr", "port", "dbname", "user", "password"];
        let mut found = Self::of(text);
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
    fn parse_pairs(text: &'a str) -> Option<Self> {
        let is_odbc = text
            .to_ascii_lowercase()
            .split(';')
            .any(|pair| pair.split_once('=').is_some_and(|(key, _)| ["driver", "dsn"].contains(&key.trim())));
        let mut found = Self::of(text);
        let syntax = if is_odbc { Syntax::Braces } else { Syntax::Quotes };
        let count = found.add_pairs(0..text.len(), syntax);
        (count >= 2 && !found.passwords.is_empty()).then_some(found)
    }

    /// Says how many pairs there are; 0 where it is something else.
    fn add_pairs(&mut self, range: Range<usize>, syntax: Syntax) -> usize {
        let (text, mut at, mut count) = (self.text, range.start, 0);
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
    fn add_pair(&mut self, span: Range<usize>, syntax: Syntax) {
        let (start, end) = (span.start, span.end);
        let user = self.text[span].find(':').map_or(end, |colon| start + colon);
        if start < user {
            self.users.push(Part { span: start..user, syntax });
        }
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

    /// The user names, as a client reads them; `None` for one that is no text.
    pub fn users(&self) -> impl Iterator<Item = Option<Zeroizing<String>>> {
        self.users.iter().map(|part| part.value(self.text))
    }

    /// The passwords likewise.
    pub fn passwords(&self) -> impl Iterator<Item = Option<Zeroizing<String>>> {
        self.passwords.iter().map(|part| part.value(self.text))
    }

    /// The text with these values in the place of its users and passwords, and all else as it is.
    pub fn replaced(&self, user: &str, password: &str) -> Zeroizing<String> {
        let users = self.users.iter().map(|part| (part, user));
        let mut parts: Vec<_> = users.chain(self.passwords.iter().map(|part| (part, password))).collect();
        parts.sort_by_key(|(part, _)| part.span.start);
        // Room for all of it at once: a string that grows leaves copies behind. A value triples at most.
        let room = self.text.len() + parts.iter().map(|(_, value)| 3 * value.len() + 2).sum::<usize>();
        let mut whole = Zeroizing::new(String::with_capacity(room));
        let mut from = 0;
        for (part, value) in parts {
            whole.push_str(&self.text[from..part.span.start]);
            part.syntax.write(value, &mut whole);
            from = part.span.end;
        }
        whole.push_str(&self.text[from..]);
        whole
    }
}

impl fmt::Debug for ConnectionText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionText(..)")
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
