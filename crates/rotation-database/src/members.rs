//! The servers that a secret names: one server or, for an engine with replica sets, the members of one set.

use rotation_core::{DocumentError, SecretDocument, Unfit};

use crate::{Endpoint, EngineProfile, Host, codes};

/// More than the number of members of a replica set that can become the primary (7).
const MOST_MEMBERS: usize = 16;
/// The longest name of a replica set that is accepted, in bytes.
const LONGEST_NAME: usize = 255;

const RULE: DocumentError = DocumentError::Invalid {
    field: "host",
    rule: "one DNS name or IP address of a database, or the members of a replica set with commas between \
        them (`a.example.com:27017,b.example.com:27017`, at most 16)",
};

/// The servers that a document names.
pub(super) struct Members {
    /// At least one, in the secret's order.
    pub(super) endpoints: Vec<Endpoint>,
    /// The name of their replica set.
    pub(super) replica_set: Option<String>,
}

impl Members {
    /// Reads `host` and, for an engine with replica sets, the name of the set. A member without a port gets
    /// `port`.
    pub(super) fn of(
        document: &SecretDocument,
        profile: &EngineProfile,
        port: u16,
    ) -> Result<Self, DocumentError> {
        let host = document.required_text("host")?;
        let Some(field) = profile.set_field else {
            let endpoints = vec![Endpoint { host: Host::parse(&host)?, port }];
            return Ok(Self { endpoints, replica_set: None });
        };
        if is_set(document, "srv") {
            return Err(looked_up("srv").into());
        }
        if host.get(..14).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mongodb+srv://")) {
            return Err(looked_up("host").into());
        }
        let replica_set = document.text(field)?.filter(|name| !name.is_empty());
        if replica_set.as_ref().is_some_and(|name| name.len() > LONGEST_NAME || name.contains('\0')) {
            return Err(DocumentError::Invalid { field, rule: "at most 255 bytes without NUL" });
        }
        let replica_set = replica_set.map(|name| name.to_string());
        Ok(Self { endpoints: seed_list(&host, port)?, replica_set })
    }
}

/// Whether a field is set: it is present, and does not have one of the values that tools write for
/// false.
fn is_set(document: &SecretDocument, field: &str) -> bool {
    match document.get(field) {
        None | Some(serde_json::Value::Null | serde_json::Value::Bool(false)) => false,
        Some(serde_json::Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(serde_json::Value::String(text)) => {
            let is = |no: &&str| text.eq_ignore_ascii_case(no);
            !["", "0", "no", "off", "false"].iter().any(is)
        }
        Some(_) => true,
    }
}

/// The members of a seed list, each once: `a:27017, b, [::1]:27018`.
///
/// # Errors
/// [`DocumentError::Invalid`] where a member is not a host, or where there are too many.
pub fn seed_list(text: &str, port: u16) -> Result<Vec<Endpoint>, DocumentError> {
    let mut members: Vec<Endpoint> = Vec::new();
    for member in text.split(',') {
        let member = endpoint(member.trim(), port).ok_or(RULE)?;
        if !members.iter().any(|known| known.is_same(&member)) {
            members.push(member);
        }
        if members.len() > MOST_MEMBERS {
            return Err(RULE);
        }
    }
    Ok(members)
}

/// A host, with its own port or with this one.
fn endpoint(text: &str, port: u16) -> Option<Endpoint> {
    // A bare IPv6 address contains colons, but no port.
    if let Ok(host) = Host::parse(text) {
        return Some(Endpoint { host, port });
    }
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(address) => address.strip_suffix(']').filter(|address| address.contains(':'))?,
        None => Some(host).filter(|host| !host.contains(':'))?,
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port != 0)?;
    Some(Endpoint { host: Host::parse(host).ok()?, port })
}

impl Endpoint {
    /// Whether both are the same host and port.
    pub fn is_same(&self, other: &Self) -> bool {
        self.port == other.port && self.host.is_same(&other.host)
    }

    /// As a client writes it: `db.example.com:27017`, `[::1]:27017`.
    pub fn address(&self) -> String {
        let (host, port) = (self.host.as_str(), self.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// The secret asks for a DNS lookup of the members (`mongodb+srv`), which is not supported.
fn looked_up(field: &str) -> Unfit {
    Unfit {
        code: codes::SECRET_HOST_SRV,
        field: field.to_owned(),
        problem: format!("the field `{field}` asks for a lookup of the members by DNS"),
        remediation: "Name the members in `host` of {which} (`a.example.com:27017,b.example.com:27017`) as \
            `dig +short SRV _mongodb._tcp.HOST` lists them, and the set in `replicaSet` as `dig +short TXT \
            HOST` has it, or name the writer's endpoint in `host`. Remove `srv`."
            .to_owned(),
    }
}
