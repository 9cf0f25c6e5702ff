//! Where a database is and who logs in, parsed once out of a secret's document.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use rotation_core::{DocumentError, Password, SecretDocument, Unfit};
use serde_json::Value;

use crate::{Endpoint, EngineProfile, codes, members::Members};

/// Everything that one login attempt needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Where.
    pub host: Host,
    /// TCP port.
    pub port: u16,
    /// The other members of a replica set that the secret names, for engines whose profile has a
    /// [`set_field`](EngineProfile::set_field). A password goes to the one that takes writes, and to no server that is not
    /// named.
    pub others: Vec<Endpoint>,
    /// The replica set that they must be members of.
    pub replica_set: Option<String>,
    /// The one address to connect to, where another session has proved who is there. The certificate must still name
    /// [`Login::host`]. No secret holds it.
    pub address: Option<IpAddr>,
    /// Which database to open: passed to the driver as a value, never as part of a connection string.
    pub database: Option<String>,
    /// The database in which this user is defined, for engines whose users belong to databases.
    pub home: Option<String>,
    /// Who.
    pub credentials: Credentials,
    /// How the connection must be protected.
    pub tls: TlsMode,
}

/// The secret is one of another engine.
fn other_engine(profile: &EngineProfile) -> Unfit {
    let expected = profile.engines_text;
    Unfit {
        code: codes::SECRET_ENGINE_MISMATCH,
        field: "engine".to_owned(),
        problem: format!("the field `engine` is none of {expected}"),
        remediation: format!(
            "Rotate it by the function of its own engine; this one takes {expected}. Correct `engine` of {{which}} only \
             where it is misspelt."
        ),
    }
}

impl Login {
    /// Reads `engine`, `host`, `port`, `username`, `password`, `dbname` and `ssl` with the meaning that AWS's
    /// templates give them; of an engine with replica sets, `host` may list the members of one.
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

    /// The same login, by TLS where `reference` demands it: a version that says less must not send a password in the
    /// clear to a server that the live one only talks to by TLS.
    pub(crate) fn protected_like(self, reference: &Self) -> Self {
        match reference.tls {
            TlsMode::Required => Self { tls: TlsMode::Required, ..self },
            TlsMode::Off | TlsMode::Preferred => self,
        }
    }
}

/// A field that names a database, where it is present and not empty.
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
        // Some tools write every number with a fraction: 5432.0 is one port as well.
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

/// A host name or an address: one, and nothing smuggled in beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    const RULE: DocumentError =
        DocumentError::Invalid { field: "host", rule: "one DNS name or IP address of a database" };

    /// Refuses lists, socket paths, URL parts, and addresses that no database has (link-local, such as the
    /// instance metadata service, unspecified, multicast).
    ///
    /// # Errors
    /// [`DocumentError::Invalid`].
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return if permitted(address) { Ok(Self(text.to_owned())) } else { Err(Self::RULE) };
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // Resolvers read `2852039166` and `0xa9fea9fe` as addresses; no host name ends in a number.
        let last = name.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|b| b.is_ascii_digit())
            || last
                .strip_prefix('0')
                .and_then(|rest| rest.strip_prefix(['x', 'X']))
                .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if name.len() > 253 || !name.split('.').all(label) || numeric {
            return Err(Self::RULE);
        }
        Ok(Self(text.to_owned()))
    }

    /// The host as written in the secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an address that a name resolved to may be contacted.
    pub fn may_resolve_to(address: IpAddr) -> bool {
        permitted(address)
    }

    /// Whether this is the endpoint of an RDS Proxy: `name.proxy-….region.rds.amazonaws.com`, or one of its further
    /// endpoints. A proxy of another name cannot be recognized.
    pub fn is_rds_proxy(&self) -> bool {
        let name = self.0.trim_end_matches('.').to_ascii_lowercase();
        let Some(service) = name.strip_suffix(".cn").unwrap_or(&name).strip_suffix(".amazonaws.com") else {
            return false;
        };
        // In China the region comes after the service.
        let mut labels = service.split('.').skip(1);
        labels.any(|label| label.starts_with("proxy-")) && labels.any(|label| label == "rds")
    }

    /// Whether both name the same host: names compare without case and without the final dot.
    pub fn is_same(&self, other: &Self) -> bool {
        let plain = |host: &Self| host.0.trim_end_matches('.').to_ascii_lowercase();
        plain(self) == plain(other)
    }
}

fn permitted(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            // fd00:ec2::/32 is where AWS puts the services of an instance: metadata, DNS, time.
            let instance_services = v6.segments()[..2] == [0xfd00, 0x0ec2];
            // An IPv4 address in its last half: written the deprecated way, or for a NAT64 gateway.
            let [.., high, low] = v6.segments();
            let embeds = matches!(v6.segments(), [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..]);
            let v4 = Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
            let disguised = embeds && !permitted(v4.into());
            let local = v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast();
            !(local || instance_services || disguised)
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user name with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who.
    pub username: Username,
    /// What proves it.
    pub password: Password,
}

/// A user name that the engine keeps whole: not empty, without NUL, within the engine's limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// [`DocumentError::Invalid`]; a name that the server would cut is refused, never shortened.
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

/// The two users that take turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPair {
    /// The one that a person made; its rights are the truth.
    pub original: Username,
    /// The one that rotation made, named like the original with the engine's suffix.
    pub clone: Username,
}

impl UserPair {
    /// The pair that a live user belongs to. A name that ends in the suffix is the clone of the name without it.
    ///
    /// # Errors
    /// [`DocumentError::Invalid`] where the name of the pair's other user would be empty or too long, or where one
    /// of the two is the service's own.
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

    /// The user whose turn is next.
    pub fn other(&self, live: &Username) -> &Username {
        if *live == self.original { &self.clone } else { &self.original }
    }
}

/// What the secret's `ssl` says about protecting the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// `ssl` is true, or anything but false: TLS or nothing.
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
            // `"require"`, 1 and the like ask for TLS, and nothing that is not understood asks for plaintext.
            Some(_) => Self::Required,
        }
    }
}
