//! Where a database is and who logs in, parsed once from a secret's document.

use std::{fmt, net::IpAddr};

use rotation_core::{DocumentError, Password, SecretDocument, Unfit};
use serde_json::Value;

use crate::{Endpoint, EngineProfile, Host, codes, members::Members};

/// Everything that one login attempt needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The host.
    pub host: Host,
    /// TCP port.
    pub port: u16,
    /// The other members of a replica set that the secret names, for engines whose profile has a
    /// [`set_field`](EngineProfile::set_field). A password is sent to the member that accepts writes, and to
    /// no server that is not named.
    pub others: Vec<Endpoint>,
    /// The replica set to which they must belong.
    pub replica_set: Option<String>,
    /// The one address to connect to, where another session has proved which server is there. The certificate
    /// must still name [`Login::host`]. It comes from no secret.
    pub address: Option<IpAddr>,
    /// The database to open. It is passed to the driver as a value, never as part of a connection string.
    pub database: Option<String>,
    /// The database in which this user is defined, for engines whose users belong to databases.
    pub home: Option<String>,
    /// The user and its password.
    pub credentials: Credentials,
    /// How the connection must be protected.
    pub tls: TlsMode,
}

/// The secret belongs to another engine.
fn other_engine(profile: &EngineProfile) -> Unfit {
    let expected = profile.engines_text;
    Unfit {
        code: codes::SECRET_ENGINE_MISMATCH,
        field: "engine".to_owned(),
        problem: format!("the field `engine` is not one of {expected}"),
        remediation: format!(
            "Rotate it with the function of its own engine; this one takes {expected}. Correct `engine` of \
             {{which}} only if it is misspelled."
        ),
    }
}

impl Login {
    /// Reads `engine`, `host`, `port`, `username`, `password`, `dbname` and `ssl` with the same meaning as in
    /// AWS's templates. For an engine with replica sets, `host` may list the members of one.
    ///
    /// # Errors
    /// [`DocumentError`] names the first field that is missing or malformed, never its value.
    pub fn from_document(document: &SecretDocument, profile: &EngineProfile) -> Result<Self, DocumentError> {
        let engine = document.required_text("engine")?;
        if !profile.engines.contains(&engine.as_str()) {
            return Err(other_engine(profile).into());
        }
        let port = port(document)?.unwrap_or(profile.default_port);
        let Members { endpoints, replica_set } = Members::of(document, profile, port)?;
        let mut endpoints = endpoints.into_iter();
        let Endpoint { host, port } = endpoints.next().expect("a list has at least its first member");
        let username = Username::parse(&document.required_text("username")?, profile)?;
        let password = Password::parse(&document.required_text("password")?)?;
        let database =
            database_named(document, "dbname")?.or_else(|| profile.default_database.map(str::to_owned));
        let home = match profile.home_field {
            None => None,
            Some(field) => database_named(document, field)?.or_else(|| database.clone()),
        };
        Ok(Self {
            host,
            port,
            others: endpoints.collect(),
            replica_set,
            address: None,
            database,
            home,
            credentials: Credentials { username, password },
            tls: TlsMode::of(document),
        })
    }

    /// The same login, with TLS where `reference` demands it. A version that demands less must not send a
    /// password in cleartext to a server that the live version only reaches over TLS.
    pub(crate) fn protected_like(self, reference: &Self) -> Self {
        match reference.tls {
            TlsMode::Required => Self { tls: TlsMode::Required, ..self },
            TlsMode::Off | TlsMode::Preferred => self,
        }
    }
}

/// The database that a field names, where the field is present and not empty.
fn database_named(document: &SecretDocument, field: &'static str) -> Result<Option<String>, DocumentError> {
    match document.text(field)?.filter(|name| !name.is_empty()) {
        Some(name) if name.len() > 255 || name.contains('\0') => {
            Err(DocumentError::Invalid { field, rule: "at most 255 bytes without NUL" })
        }
        name => Ok(name.map(|name| name.to_string())),
    }
}

/// The field `port`: a number, or a string of digits; `None` where it is absent.
///
/// # Errors
/// [`DocumentError::Invalid`] for anything but 1 to 65535.
pub fn port(document: &SecretDocument) -> Result<Option<u16>, DocumentError> {
    let number = match document.get("port") {
        None => return Ok(None),
        // Some tools write every number with a fraction: 5432.0 is a valid port, too.
        Some(Value::Number(number)) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).parse().ok()
        }
        Some(Value::String(text)) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse::<u16>().ok(),
        Some(_) => None,
    };
    number
        .filter(|port| *port != 0)
        .map(Some)
        .ok_or(DocumentError::Invalid { field: "port", rule: "a number from 1 to 65535" })
}

impl Login {
    /// Every server that the secret names, in order.
    pub fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        let first = Endpoint { host: self.host.clone(), port: self.port };
        std::iter::once(first).chain(self.others.iter().cloned())
    }

    /// Whether the secret names this server.
    pub fn names(&self, endpoint: &Endpoint) -> bool {
        self.endpoints().any(|own| own.is_same(endpoint))
    }

    /// Whether the secret names a server with this host, at any port.
    pub fn has_host(&self, host: &Host) -> bool {
        self.endpoints().any(|own| own.host.is_same(host))
    }

    /// Whether both name the same servers, in any order, and the same replica set.
    pub fn is_at_servers_of(&self, other: &Self) -> bool {
        self.replica_set == other.replica_set
            && self.others.len() == other.others.len()
            && self.endpoints().all(|own| other.names(&own))
    }

    /// Whether every server that this login names is also named by the other, in the same replica set. The
    /// other list may have got members since this one was written.
    pub fn is_among_servers_of(&self, other: &Self) -> bool {
        self.replica_set == other.replica_set && self.endpoints().all(|own| other.names(&own))
    }

    /// The same user at one server.
    #[must_use]
    pub fn only_at(&self, endpoint: Endpoint) -> Self {
        let Endpoint { host, port } = endpoint;
        Self { host, port, others: Vec::new(), address: None, ..self.clone() }
    }

    /// The hosts for a record: the host, or the list of members with their ports.
    pub(crate) fn hosts(&self) -> String {
        if self.others.is_empty() {
            return self.host.as_str().to_owned();
        }
        let members: Vec<_> = self.endpoints().map(|member| member.address()).collect();
        members.join(",")
    }

    /// For people: `db.example.com:27017`, or a list of those.
    pub fn place(&self) -> String {
        if self.others.is_empty() { format!("{}:{}", self.host, self.port) } else { self.hosts() }
    }
}

/// A user name with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub username: Username,
    /// The password.
    pub password: Password,
}

/// A user name that the engine does not truncate: not empty, without NUL, within the engine's limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// [`DocumentError::Invalid`]. A name that the server would truncate is refused, never shortened.
    pub fn parse(text: &str, profile: &EngineProfile) -> Result<Self, DocumentError> {
        if text.is_empty() || text.contains('\0') || !profile.name_limit.admits(text) {
            return Err(DocumentError::Invalid {
                field: "username",
                rule: "a name that the server keeps whole: not empty, no NUL, within its length limit",
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two users that alternate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPair {
    /// The user that a person created. Its privileges are the reference.
    pub original: Username,
    /// The user that a rotation created, named like the original with the engine's suffix.
    pub clone: Username,
}

impl UserPair {
    /// The pair to which a live user belongs. A name that ends in the suffix is the clone of the name without
    /// it.
    ///
    /// # Errors
    /// [`DocumentError::Invalid`] where the name of the pair's other user would be empty or too long, or
    /// where one of the two is the service's own.
    pub fn of(live: &Username, profile: &EngineProfile) -> Result<Self, DocumentError> {
        let pair = Self::by_name(live, profile)?;
        if [&pair.original, &pair.clone].iter().any(|user| profile.reserved_users.contains(&user.as_str())) {
            return Err(DocumentError::Invalid { field: "username", rule: "a user of your own making" });
        }
        Ok(pair)
    }

    fn by_name(live: &Username, profile: &EngineProfile) -> Result<Self, DocumentError> {
        match live.as_str().strip_suffix(profile.clone_suffix) {
            Some(original) => Ok(Self { original: Username::parse(original, profile)?, clone: live.clone() }),
            None => {
                let clone = format!("{live}{}", profile.clone_suffix);
                let clone = Username::parse(&clone, profile).map_err(|_| DocumentError::Invalid {
                    field: "username",
                    rule: "short enough to leave room for the suffix of the second user",
                })?;
                Ok(Self { original: live.clone(), clone })
            }
        }
    }

    /// The user that the next rotation changes.
    pub fn other(&self, live: &Username) -> &Username {
        if *live == self.original { &self.clone } else { &self.original }
    }
}

/// How the connection must be protected, by the secret's `ssl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// `ssl` is true, or anything but false: only TLS.
    Required,
    /// `ssl` is false: plaintext, as the owner of the secret asked.
    Off,
    /// `ssl` is absent or null: TLS, and plaintext only where the server itself answers that it offers none.
    Preferred,
}

impl TlsMode {
    fn of(document: &SecretDocument) -> Self {
        match document.get("ssl") {
            None => Self::Preferred,
            Some(Value::Bool(false)) => Self::Off,
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Self::Off,
            // `"require"`, 1 and the like ask for TLS. No unknown value asks for plaintext.
            Some(_) => Self::Required,
        }
    }
}
