//! The statements of Redshift's manual that rotations send, each translated into one that PostgreSQL runs.

use super::{
    query,
    tokens::{Token, tokens},
};

/// Parameters of "Configuration reference" that a session may set.
const PARAMETERS: &[&str] = &[
    "analyze_threshold_percent",
    "datestyle",
    "enable_case_sensitive_identifier",
    "extra_float_digits",
    "query_group",
    "search_path",
    "statement_timeout",
    "timezone",
    "wlm_query_slot_count",
];

/// A statement for PostgreSQL.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) sql: String,
    /// The value that it sets for `enable_case_sensitive_identifier`.
    pub(super) exact_names: Option<bool>,
}

/// None for what is not in Redshift's manual.
pub(super) fn translate(sql: &str, exact_names: bool) -> Option<Translated> {
    let mut parser = Parser { tokens: tokens(sql, exact_names)?, at: 0 };
    let mut translated = Translated::default();
    let Token::Word(first) = parser.next()? else { return None };
    translated.sql = match first.as_str() {
        "select" if query::is_documented(&parser.tokens) => {
            return Some(Translated { sql: sql.replace("getdate()", "redshift.getdate()"), ..translated });
        }
        "begin" => parser.begin()?,
        "commit" | "rollback" | "end" | "abort" => {
            translated.exact_names = Some(false);
            first
        }
        "set" => return parser.set(),
        "create" if parser.eat("user") => parser.create_user()?,
        "create" if parser.eat("group") => format!("CREATE GROUP {}", parser.name()?),
        "alter" if parser.eat("user") => parser.alter_user()?,
        "alter" if parser.eat("group") => parser.alter_group()?,
        "alter" if parser.eat("default") => parser.default_privileges()?,
        "alter" => parser.owner()?,
        "grant" => parser.grant(true)?,
        "revoke" => parser.grant(false)?,
        _ => return None,
    };
    parser.is_at_end().then_some(translated)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(next)) if next == word);
        self.at += usize::from(found);
        found
    }

    fn eat_symbol(&mut self, symbol: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Symbol(symbol));
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, words: &[&str]) -> Option<()> {
        words.iter().all(|word| self.eat(word)).then_some(())
    }

    /// A name, unchanged.
    fn plain_name(&mut self) -> Option<String> {
        match self.next()? {
            Token::Quoted(name) | Token::Word(name) => Some(name),
            _ => None,
        }
    }

    /// A name, quoted for PostgreSQL.
    fn name(&mut self) -> Option<String> {
        self.plain_name().map(|name| identifier(&name))
    }

    fn literal(&mut self) -> Option<String> {
        match self.next()? {
            Token::Literal(text) => Some(text),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<String> {
        match self.next()? {
            Token::Number(digits) => Some(digits),
            _ => None,
        }
    }

    /// "BEGIN".
    fn begin(&mut self) -> Option<String> {
        let _ = self.eat("work") || self.eat("transaction");
        if self.eat("isolation") {
            self.need(&["level", "serializable"])?;
        }
        if self.eat("read") {
            return if self.eat("write") {
                Some("BEGIN READ WRITE".to_owned())
            } else {
                self.need(&["only"]).map(|()| "BEGIN READ ONLY".to_owned())
            };
        }
        Some("BEGIN".to_owned())
    }

    /// "SET".
    fn set(&mut self) -> Option<Translated> {
        let local = if self.eat("local") { "LOCAL " } else { "" };
        let _ = local.is_empty() && self.eat("session");
        let Token::Word(name) = self.next()? else { return None };
        if !PARAMETERS.contains(&name.as_str()) || !(self.eat("to") || self.eat_symbol('=')) {
            return None;
        }
        let values = self.values()?;
        let mut translated = Translated::default();
        let (name, values) = match name.as_str() {
            "enable_case_sensitive_identifier" => {
                translated.exact_names = Some(values == "'true'" || values == "'on'");
                ("redshift.exact_names", values)
            }
            // Where the guard has its views.
            "search_path" => ("search_path", values.replace("'pg_catalog'", "redshift, pg_catalog")),
            name @ ("statement_timeout" | "datestyle" | "timezone" | "extra_float_digits") => (name, values),
            _ => ("redshift.ignored", values),
        };
        translated.sql = format!("SET {local}{name} TO {values}");
        self.is_at_end().then_some(translated)
    }

    /// Values with commas between them, each as a literal.
    fn values(&mut self) -> Option<String> {
        let mut values = Vec::new();
        loop {
            let (Token::Word(value) | Token::Quoted(value) | Token::Literal(value) | Token::Number(value)) =
                self.next()?
            else {
                return None;
            };
            values.push(literal(&value));
            if !self.eat_symbol(',') {
                return Some(values.join(", "));
            }
        }
    }

    /// "CREATE USER": the password comes first, and is required.
    fn create_user(&mut self) -> Option<String> {
        let user = self.name()?;
        self.eat("with");
        self.need(&["password"])?;
        let mut sql = vec![format!("CREATE ROLE {user} LOGIN")];
        sql.extend(self.password(&user)?);
        while !self.is_at_end() {
            sql.push(self.option(&user)?);
        }
        Some(sql.join("; "))
    }

    /// "ALTER USER".
    fn alter_user(&mut self) -> Option<String> {
        let user = self.name()?;
        self.eat("with");
        let mut sql = Vec::new();
        loop {
            if self.eat("password") {
                sql.extend(self.password(&user)?);
            } else if self.eat("set") {
                let Token::Word(name) = self.next()? else { return None };
                if !PARAMETERS.contains(&name.as_str()) || !(self.eat("to") || self.eat_symbol('=')) {
                    return None;
                }
                let name = if name == "query_group" { "application_name".to_owned() } else { name };
                let values = self.values()?;
                sql.push(format!("ALTER ROLE {user} SET {name} TO {values}"));
            } else if self.eat("reset") {
                let name = match self.next()? {
                    Token::Word(word) if word == "session" => {
                        self.need(&["timeout"])?;
                        "redshift.session_timeout".to_owned()
                    }
                    Token::Word(name) if PARAMETERS.contains(&name.as_str()) => name,
                    _ => return None,
                };
                sql.push(format!("ALTER ROLE {user} RESET {name}"));
            } else {
                sql.push(self.option(&user)?);
            }
            if self.is_at_end() {
                return Some(sql.join("; "));
            }
            self.eat_symbol(',');
        }
    }

    /// What the guard itself checks at logins is stored as a setting; PostgreSQL supports md5 itself.
    fn password(&mut self, user: &str) -> Option<Vec<String>> {
        let kept = |form: &str| format!("ALTER ROLE {user} SET redshift.password TO {}", literal(form));
        let none = format!("ALTER ROLE {user} PASSWORD NULL");
        if self.eat("disable") {
            return Some(vec![none, format!("ALTER ROLE {user} RESET redshift.password")]);
        }
        let password = self.literal()?;
        if let Some(form) = password.strip_prefix("sha256|") {
            let (digest, salt) = form.split_once('|')?;
            let hexadecimal = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
            return (hexadecimal(digest) && hexadecimal(salt)).then(|| vec![none, kept(&password)]);
        }
        let md5 = password.strip_prefix("md5").is_some_and(|hash| hash.len() == 32);
        let plain = (8..=64).contains(&password.len())
            && [u8::is_ascii_uppercase, u8::is_ascii_lowercase, u8::is_ascii_digit]
                .iter()
                .all(|class| password.bytes().any(|byte| class(&byte)))
            && password.bytes().all(|byte| byte.is_ascii_graphic() && !b"'\"\\/@".contains(&byte));
        (md5 || plain).then(|| {
            vec![
                format!("ALTER ROLE {user} PASSWORD {}", literal(&password)),
                format!("ALTER ROLE {user} RESET redshift.password"),
            ]
        })
    }

    fn option(&mut self, user: &str) -> Option<String> {
        let alter = |what: &str| Some(format!("ALTER ROLE {user} {what}"));
        let Token::Word(word) = self.next()? else { return None };
        match word.as_str() {
            "createdb" | "nocreatedb" => alter(&word),
            "createuser" => alter("SUPERUSER"),
            "nocreateuser" => alter("NOSUPERUSER"),
            "syslog" => {
                self.need(&["access"])?;
                let access = if self.eat("unrestricted") {
                    "UNRESTRICTED"
                } else {
                    self.need(&["restricted"]).map(|()| "RESTRICTED")?
                };
                alter(&format!("SET redshift.syslog_access TO '{access}'"))
            }
            "valid" => {
                self.need(&["until"])?;
                let until = self.literal()?;
                alter(&format!("VALID UNTIL {}", literal(&until)))
            }
            "connection" => {
                self.need(&["limit"])?;
                let limit = if self.eat("unlimited") { "-1".to_owned() } else { self.number()? };
                alter(&format!("CONNECTION LIMIT {limit}"))
            }
            "session" => {
                self.need(&["timeout"])?;
                let seconds = self.number()?;
                // From a minute to twenty days.
                (60..=1_728_000).contains(&seconds.parse::<u32>().ok()?).then_some(())?;
                alter(&format!("SET redshift.session_timeout TO '{seconds}'"))
            }
            _ => None,
        }
    }

    /// "ALTER GROUP".
    fn alter_group(&mut self) -> Option<String> {
        let group = self.name()?;
        let word = if self.eat("add") { "ADD" } else { self.need(&["drop"]).map(|()| "DROP")? };
        self.need(&["user"])?;
        Some(format!("ALTER GROUP {group} {word} USER {}", self.name()?))
    }

    /// "ALTER TABLE", "ALTER SCHEMA", "ALTER DATABASE", "ALTER FUNCTION", "ALTER PROCEDURE".
    fn owner(&mut self) -> Option<String> {
        let object = self.object()?;
        if object.kind == "language" {
            return None;
        }
        self.need(&["owner", "to"])?;
        Some(format!("ALTER {} OWNER TO {}", object.on(), self.name()?))
    }

    fn object(&mut self) -> Option<Object> {
        let Token::Word(kind) = self.next()? else { return None };
        self.object_of(kind)
    }

    /// Objects of one kind with commas between them.
    fn objects(&mut self) -> Option<Vec<Object>> {
        let mut objects = vec![self.object()?];
        while self.eat_symbol(',') {
            let kind = objects[0].kind.clone();
            objects.push(self.object_of(kind)?);
        }
        Some(objects)
    }

    fn object_of(&mut self, kind: String) -> Option<Object> {
        let mut place = vec![self.plain_name()?];
        let mut arguments = None;
        match kind.as_str() {
            "schema" | "database" | "language" => {}
            "table" | "function" | "procedure" => {
                self.eat_symbol('.').then_some(())?;
                place.push(self.plain_name()?);
                if kind != "table" {
                    arguments = Some(self.arguments()?);
                }
            }
            _ => return None,
        }
        Some(Object { kind, place, arguments })
    }

    fn arguments(&mut self) -> Option<String> {
        self.eat_symbol('(').then_some(())?;
        let mut text = String::new();
        loop {
            match self.next()? {
                Token::Symbol(')') => return Some(text),
                Token::Symbol(symbol) if ",[]".contains(symbol) => text.push(symbol),
                Token::Word(word) => text.extend([" ", &word]),
                _ => return None,
            }
        }
    }

    /// "GRANT" and "REVOKE", of roles and of privileges on an object.
    fn grant(&mut self, give: bool) -> Option<String> {
        let option_only = !give && {
            let start = self.at;
            let admin = self.eat("admin") || self.eat("grant");
            admin && self.need(&["option", "for"]).is_some() || {
                self.at = start;
                false
            }
        };
        let (word, to) = if give { ("GRANT", "to") } else { ("REVOKE", "from") };
        if self.eat("role") {
            let role = identifier(&format!("role:{}", self.plain_name()?));
            self.need(&[to])?;
            let user = self.name()?;
            let option = if give && self.eat("with") {
                self.need(&["admin", "option"]).map(|()| " WITH ADMIN OPTION")?
            } else {
                ""
            };
            let only = if option_only { "ADMIN OPTION FOR " } else { "" };
            return Some(format!("{word} {only}{role} {to} {user}{option}"));
        }
        let privileges = self.privileges()?;
        self.need(&["on"])?;
        let objects = self.objects()?;
        self.need(&[to])?;
        let grantee = self.grantee()?;
        let option = give && self.eat("with") && self.need(&["grant", "option"]).is_some();
        // "The grant option can't be granted to a group or PUBLIC."
        if option && grantee.kind != "user" {
            return None;
        }
        let mut sql = Vec::new();
        for privilege in privileges {
            if objects[0].native(&privilege)? {
                let with = if option { " WITH GRANT OPTION" } else { "" };
                let only = if option_only { "GRANT OPTION FOR " } else { "" };
                let names: Vec<_> = objects.iter().map(Object::name).collect();
                let (kind, names) = (&objects[0].kind, names.join(", "));
                sql.push(format!("{word} {only}{privilege} ON {kind} {names} {to} {}{with}", grantee.sql));
                continue;
            }
            for object in &objects {
                let (kind, place, name) = (literal(&object.kind), object.place(), literal(&grantee.name));
                let function = if give { "give" } else { "take" };
                let flag = if give { option } else { option_only };
                let privilege = literal(&privilege.to_uppercase());
                sql.push(format!("SELECT redshift.{function}({kind}, {place}, {privilege}, {name}, {flag})"));
            }
        }
        Some(sql.join("; "))
    }

    fn privileges(&mut self) -> Option<Vec<String>> {
        let mut privileges = Vec::new();
        loop {
            let Token::Word(word) = self.next()? else { return None };
            privileges.push(word);
            if !self.eat_symbol(',') {
                return Some(privileges);
            }
        }
    }

    fn grantee(&mut self) -> Option<Grantee> {
        if self.eat("public") {
            return Some(Grantee { kind: "public", name: "public".to_owned(), sql: "PUBLIC".to_owned() });
        }
        let kind = if self.eat("group") {
            "group"
        } else if self.eat("role") {
            "role"
        } else {
            "user"
        };
        let name = self.plain_name()?;
        let sql = if kind == "role" { identifier(&format!("role:{name}")) } else { identifier(&name) };
        Some(Grantee { kind, name, sql })
    }

    /// "ALTER DEFAULT PRIVILEGES".
    fn default_privileges(&mut self) -> Option<String> {
        self.need(&["privileges"])?;
        self.need(&["for", "user"])?;
        let owner = self.plain_name()?;
        let schema = if self.eat("in") {
            self.need(&["schema"])?;
            Some(self.plain_name()?)
        } else {
            None
        };
        let give = self.eat("grant");
        if !give {
            self.need(&["revoke"])?;
        }
        let privileges = self.privileges()?;
        self.need(&["on"])?;
        let Token::Word(objects) = self.next()? else { return None };
        let (word, to) = if give { ("GRANT", "to") } else { ("REVOKE", "from") };
        self.need(&[to])?;
        let grantee = self.grantee()?;
        let option = give && self.eat("with") && self.need(&["grant", "option"]).is_some();
        let mut sql = Vec::new();
        for privilege in privileges {
            let native = match (objects.as_str(), privilege.as_str()) {
                ("tables", "select" | "insert" | "update" | "delete" | "references" | "truncate")
                | ("functions", "execute") => true,
                ("tables", "drop" | "alter") | ("procedures", "execute") => false,
                _ => return None,
            };
            if native {
                let within = schema.as_ref().map(|schema| format!(" IN SCHEMA {}", identifier(schema)));
                let (owner, within) = (identifier(&owner), within.unwrap_or_default());
                let with = if option { " WITH GRANT OPTION" } else { "" };
                sql.push(format!(
                    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner}{within} {word} {privilege} ON {objects} \
                     {to} {}{with}",
                    grantee.sql
                ));
            } else {
                let schema = schema.as_ref().map_or("NULL".to_owned(), |schema| literal(schema));
                let kind = if objects == "tables" { "RELATION" } else { "PROCEDURE" };
                let (owner, privilege) = (literal(&owner), literal(&privilege.to_uppercase()));
                let (of, name) = (grantee.kind, literal(&grantee.name));
                let (function, flag) =
                    if give { ("give", format!(", {option}")) } else { ("take", String::new()) };
                sql.push(format!(
                    "SELECT redshift.{function}_default({schema}, '{kind}', {owner}, {privilege}, '{of}', \
                     {name}{flag})"
                ));
            }
        }
        Some(sql.join("; "))
    }
}

struct Object {
    kind: String,
    place: Vec<String>,
    arguments: Option<String>,
}

impl Object {
    fn on(&self) -> String {
        format!("{} {}", self.kind, self.name())
    }

    fn name(&self) -> String {
        let names: Vec<_> = self.place.iter().map(|name| identifier(name)).collect();
        let arguments = self.arguments.as_ref().map(|arguments| format!("({arguments})"));
        format!("{}{}", names.join("."), arguments.unwrap_or_default())
    }

    fn place(&self) -> String {
        let names: Vec<_> = self.place.iter().map(|name| literal(name)).collect();
        format!("ARRAY[{}]", names.join(", "))
    }

    /// Whether PostgreSQL has the privilege; none where Redshift does not have it.
    fn native(&self, privilege: &str) -> Option<bool> {
        match (self.kind.as_str(), privilege) {
            ("table", "select" | "insert" | "update" | "delete" | "references" | "truncate")
            | ("schema", "create" | "usage")
            | ("database", "create" | "temp" | "temporary")
            | ("function" | "procedure", "execute")
            | ("language", "usage") => Some(true),
            ("table" | "schema", "drop" | "alter") | ("database", "usage" | "alter") => Some(false),
            _ => None,
        }
    }
}

struct Grantee {
    kind: &'static str,
    name: String,
    sql: String,
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
