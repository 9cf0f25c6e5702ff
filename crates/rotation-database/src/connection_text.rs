//! URLs and connection strings, and where they contain a user and its password.
//!
//! | form | example | how a value is written |
//! |---|---|---|
//! | URL | `postgresql://user:password@host/db`, also with several hosts | percent-encoded |
//! | JDBC | `jdbc:mysql://host/db?user=u&password=p`; Redshift and SQL Server also with `;` | percent-encoded; for MariaDB as it is, for SQL Server in braces |
//! | keywords of libpq | `host=h user=u password='p w'` | quoted with `'` where it has to be |
//! | pairs of ADO.NET and ODBC | `Server=h;User ID=u;Password=p` | quoted with `"` or braces where it has to be |
//! | DSN of Go's MySQL driver | `user:password@tcp(host:3306)/db` | as it is |

mod value;

use std::{fmt, ops::Range};

use zeroize::Zeroizing;

use self::value::{Part, Syntax};

/// The names of the user parameter, in lower case.
const USER_KEYS: [&str; 6] = ["user", "username", "user name", "user id", "userid", "uid"];
/// The names of the password parameter.
const PASSWORD_KEYS: [&str; 3] = ["password", "pwd", "pass"];
/// The names of the host parameter.
const HOST_KEYS: [&str; 6] = ["host", "hostaddr", "server", "data source", "address", "addr"];

/// A text from which a client knows where to log in, as applications read it from a secret. It is never
/// printed.
#[derive(Default)]
pub struct ConnectionText<'a> {
    text: &'a str,
    users: Vec<Part>,
    passwords: Vec<Part>,
    /// With or without a port.
    hosts: Vec<&'a str>,
}

impl<'a> ConnectionText<'a> {
    /// Finds the credentials in a text; `None` where the text has none of the forms.
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(scheme) = text.find("://").filter(|end| is_scheme(&text[..*end])) {
            return Self::parse_url(text, scheme + 3);
        }
        // A semicolon may be part of a keyword's value, but it ends a pair.
        Self::parse_pairs(text).or_else(|| Self::parse_keywords(text)).or_else(|| Self::parse_go(text))
    }

    fn of(text: &'a str) -> Self {
        Self { text, users: Vec::new(), passwords: Vec::new(), hosts: Vec::new() }
    }

    fn parse_url(text: &'a str, start: usize) -> Option<Self> {
        let mut found = Self::of(text);
        let driver = text.strip_prefix("jdbc:").and_then(|rest| rest.split(':').next());
        // The two drivers that also accept a semicolon as the end of a parameter.
        let has_semicolons = matches!(driver, Some("redshift" | "sqlserver"));
        let (stops, queries, separators): (&[char], &[char], &[char]) = match driver {
            Some(_) if has_semicolons => (&['/', '?', ';'], &['?', ';'], &['&', ';']),
            Some(_) => (&['/', '?'], &['?'], &['&']),
            None => (&['/', '?', '#'], &['?'], &['&']),
        };
        let end = text[start..].find(stops).map_or(text.len(), |at| start + at);
        found.add_authority(start..end)?;
        let Some(query) = text[end..].find(queries).map(|at| end + at + 1) else { return Some(found) };
        let fragment = if driver.is_none() { text[query..].find('#') } else { None };
        let last = fragment.map_or(text.len(), |at| query + at);
        if driver == Some("sqlserver") {
            found.add_pairs(query..last, Syntax::Braces);
            return Some(found);
        }
        // MariaDB's driver takes parameters literally, including those of a URL for MySQL's driver.
        let is_verbatim = driver == Some("mariadb") || text.contains("permitMysqlScheme");
        let syntax = if is_verbatim { Syntax::Verbatim { without: &['&'] } } else { Syntax::Percent };
        let mut from = query;
        for parameter in text[query..last].split(separators) {
            if let Some((key, value)) = parameter.split_once('=') {
                let value = from + key.len() + 1..from + key.len() + 1 + value.len();
                found.add(key, value, syntax);
            }
            from += parameter.len() + 1;
        }
        Some(found)
    }

    /// `[user[:password]@]host[,host]`, or with credentials at each host. `None` where it is ambiguous which
    /// `@` ends the credentials.
    fn add_authority(&mut self, span: Range<usize>) -> Option<()> {
        let authority = &self.text[span.clone()];
        let is_at_each = authority.split(',').all(|piece| piece.matches('@').count() == 1);
        let mut from = span.start;
        let pieces: Vec<&str> = if is_at_each { authority.split(',').collect() } else { vec![authority] };
        for piece in pieces {
            let hosts = match piece.split_once('@') {
                Some((_, hosts)) if hosts.contains('@') => return None,
                Some((credentials, hosts)) => {
                    self.add_pair(from..from + credentials.len(), Syntax::Percent, Syntax::Percent);
                    hosts
                }
                None => piece,
            };
            self.hosts.extend(hosts.split(',').filter(|host| !host.is_empty()));
            from += piece.len() + 1;
        }
        Some(())
    }

    /// `[user[:password]@][net[(addr)]]/dbname`; the last `/` and the last `@` before it separate.
    fn parse_go(text: &'a str) -> Option<Self> {
        let head = &text[..text.rfind('/')?];
        let at = head.rfind('@')?;
        let network = &head[at + 1..];
        let address = network.split_once('(').map(|(_, address)| address.strip_suffix(')'));
        let is_network = network.is_empty() || matches!(address, Some(Some(_)));
        is_network.then(|| {
            let mut found = Self::of(text);
            found.add_pair(0..at, Syntax::Verbatim { without: &[':'] }, Syntax::Verbatim { without: &[] });
            found.hosts.extend(address.flatten());
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
        let is_driver =
            |key: &str| ["driver", "dsn"].iter().any(|word| key.trim().eq_ignore_ascii_case(word));
        let is_odbc = text.split(';').any(|pair| pair.split_once('=').is_some_and(|(key, _)| is_driver(key)));
        let mut found = Self::of(text);
        let syntax = if is_odbc { Syntax::Braces } else { Syntax::Quotes };
        let count = found.add_pairs(0..text.len(), syntax);
        (count >= 2 && !found.passwords.is_empty()).then_some(found)
    }

    /// Returns the number of pairs; 0 where the text is something else.
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
    fn add_pair(&mut self, span: Range<usize>, of_user: Syntax, of_password: Syntax) {
        let (start, end) = (span.start, span.end);
        let user = self.text[span].find(':').map_or(end, |colon| start + colon);
        if start < user {
            self.users.push(Part { span: start..user, syntax: of_user });
        }
        if user < end {
            self.passwords.push(Part { span: user + 1..end, syntax: of_password });
        }
    }

    fn add(&mut self, key: &str, span: Range<usize>, syntax: Syntax) {
        let is_one_of = |keys: &[&str]| keys.iter().any(|name| name.eq_ignore_ascii_case(key));
        if is_one_of(&USER_KEYS) {
            self.users.push(Part { span, syntax });
        } else if is_one_of(&PASSWORD_KEYS) {
            self.passwords.push(Part { span, syntax });
        } else if is_one_of(&HOST_KEYS) {
            let hosts = self.text[span].trim_matches(['\'', '"', '{', '}']);
            self.hosts.extend(hosts.split(',').filter(|host| !host.is_empty()));
        }
    }

    /// Whether one of its hosts is this one, at any port; `None` where it names no host.
    pub fn names_host(&self, host: &str) -> Option<bool> {
        let plain = |name: &str| {
            let name = name.strip_prefix("tcp:").unwrap_or(name);
            let name = match name.split_once(']') {
                Some((address, _)) => address.trim_start_matches('['),
                None => name.split([':', '\\']).next().unwrap_or(name),
            };
            name.trim_end_matches('.').to_ascii_lowercase()
        };
        let own = host.trim_end_matches('.').to_ascii_lowercase();
        (!self.hosts.is_empty()).then(|| self.hosts.iter().any(|name| plain(name) == own))
    }

    /// The user names, as a client decodes them; `None` for one that does not decode to text.
    pub fn users(&self) -> impl Iterator<Item = Option<Zeroizing<String>>> {
        self.users.iter().map(|part| part.value(self.text))
    }

    /// The passwords, likewise.
    pub fn passwords(&self) -> impl Iterator<Item = Option<Zeroizing<String>>> {
        self.passwords.iter().map(|part| part.value(self.text))
    }

    /// The text with its users and passwords replaced by these values, and everything else unchanged. `None`
    /// where a value cannot be written in this form.
    pub fn replaced(&self, user: &str, password: &str) -> Option<Zeroizing<String>> {
        let users = self.users.iter().map(|part| (part, user));
        let mut parts: Vec<_> = users.chain(self.passwords.iter().map(|part| (part, password))).collect();
        parts.sort_by_key(|(part, _)| part.span.start);
        // Reserve the full size at once: a string that grows leaves copies behind. A value triples at most.
        let room = self.text.len() + parts.iter().map(|(_, value)| 3 * value.len() + 2).sum::<usize>();
        let mut whole = Zeroizing::new(String::with_capacity(room));
        let mut from = 0;
        for (part, value) in parts {
            whole.push_str(&self.text[from..part.span.start]);
            if !part.syntax.admits(value) {
                return None;
            }
            part.syntax.write(value, &mut whole);
            from = part.span.end;
        }
        whole.push_str(&self.text[from..]);
        Some(whole)
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

/// The length of a value of libpq's keyword form at the start of this text; `None` where its quote is not
/// closed.
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

/// The length of a value up to the next semicolon; `None` where its quote is not closed.
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

/// Whether a URL may begin with this text: `postgresql`, `jdbc:mysql`, `mongodb+srv`.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "+-.:_".contains(one))
}
