//! The first exchange: what the server is, and by which mechanism a user logs in.

use rotation_database::{Cause, ConnectError, Endpoint, seed_list};
use scram_client::Mechanism;

use crate::{
    code::Code,
    confirmed::Confirmed,
    document::{Document, Reader, Value},
};

/// The oldest supported wire version: `OP_MSG`, MongoDB 3.6 and DocumentDB 3.6.
const OLDEST_WIRE_VERSION: i64 = 6;
/// The most characters of a set's name that an error shows.
const LONGEST_SHOWN: usize = 64;

/// `isMaster`, which every version understands, with the request to report which mechanisms this user has.
pub(crate) fn greeting(home: &str, username: &str) -> Document {
    let driver = Document::new().text("name", "secret-rotation").text("version", env!("CARGO_PKG_VERSION"));
    let system = Document::new().text("type", "Linux");
    let client = Document::new().document("driver", &driver).document("os", &system);
    Document::new()
        .int("isMaster", 1)
        .bool("helloOk", true)
        .text("saslSupportedMechs", &format!("{home}.{username}"))
        .document("client", &client)
}

/// What a usable server reports about itself.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) mechanism: Mechanism,
    /// As in [`usable`].
    pub(crate) usable: Option<Vec<String>>,
    /// What it has written, where it is a member of a replica set.
    pub(crate) confirmed: Option<Confirmed>,
}

/// Why a server is not used.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: ConnectError,
    /// The member that is the primary, as this one reports.
    pub(crate) primary: Option<Endpoint>,
    /// The name that this member has in its set.
    pub(crate) me: Option<Endpoint>,
}

impl From<ConnectError> for Refusal {
    fn from(error: ConnectError) -> Self {
        Self { error, primary: None, me: None }
    }
}

/// Parses the answer of a usable server. With `set`, the server must be a member of that replica set.
///
/// # Errors
/// [`ConnectError::Unsupported`] where the server is too old, [`ConnectError::SetDiffers`],
/// [`ConnectError::NotReady`] where it does not take writes and knows no set, and [`ConnectError::ReadOnly`]
/// where it is no primary: all before anything about a password is sent.
pub(crate) fn answer(reply: Reader<'_>, set: Option<&str>) -> Result<Greeting, Refusal> {
    if let Some(code) = Code::of(reply) {
        return Err(code.greeting_fault().into());
    }
    let wire_version = reply.get("maxWireVersion").and_then(Value::as_int).unwrap_or(0);
    if wire_version < OLDEST_WIRE_VERSION {
        return Err(ConnectError::Unsupported(Cause::new(format!("wire version {wire_version}"))).into());
    }
    let is_primary = is_primary(reply);
    match (set, reply.text("setName")) {
        (None, _) => {}
        // A member that starts, or that its set has removed for now, does not know its set yet.
        (Some(_), None) if !is_primary => {
            return Err(ConnectError::NotReady(Cause::new("it is of no set yet")).into());
        }
        (Some(set), found) => of_set(set, found)?,
    }
    if !is_primary {
        let primary = member(reply.text("primary"));
        let error = ConnectError::ReadOnly(not_primary(primary.as_ref()));
        return Err(Refusal { error, primary, me: member(reply.text("me")) });
    }
    Ok(Greeting { mechanism: mechanism(reply)?, usable: usable(reply), confirmed: Confirmed::of(reply) })
}

/// The mechanism by which the user logs in.
fn mechanism(reply: Reader<'_>) -> Result<Mechanism, ConnectError> {
    let Some(offered) = reply.get("saslSupportedMechs").and_then(Value::as_array) else {
        // DocumentDB, and MongoDB before it knew another one.
        return Ok(Mechanism::Sha1);
    };
    let offers = |mechanism: Mechanism| offered.iter().any(|name| name.as_text() == Some(mechanism.name()));
    if offers(Mechanism::Sha256) {
        Ok(Mechanism::Sha256)
    } else if offers(Mechanism::Sha1) || offered.is_empty() {
        Ok(Mechanism::Sha1)
    } else {
        Err(ConnectError::AuthenticationMethod(Cause::new("the user has no SCRAM credential")))
    }
}

/// The mechanisms by which the server lets in the user of the greeting: those that the user has and the
/// server enables. `None` where the server does not report them.
pub(crate) fn usable(reply: Reader<'_>) -> Option<Vec<String>> {
    let names = reply.get("saslSupportedMechs").and_then(Value::as_array)?;
    Some(names.into_iter().filter_map(|name| name.as_text().map(str::to_owned)).collect())
}

/// By the old name and the new one; a server that sends both must mean it.
pub(crate) fn is_primary(reply: Reader<'_>) -> bool {
    let said: Vec<_> = ["ismaster", "isWritablePrimary"].iter().filter_map(|name| reply.get(name)).collect();
    !said.is_empty() && said.into_iter().all(Value::is_true)
}

/// Whether the server belongs to the set that the secret names.
fn of_set(wanted: &str, found: Option<&str>) -> Result<(), ConnectError> {
    let found = match found {
        Some(found) if found == wanted => return Ok(()),
        Some(found) => {
            let name: String = found.escape_debug().take(LONGEST_SHOWN).collect();
            format!("it is of the set {name}")
        }
        None => "it is of no set".to_owned(),
    };
    Err(ConnectError::SetDiffers(Cause::new(found)))
}

/// A member as another one reports it, where the report is a name and a port and nothing else.
fn member(named: Option<&str>) -> Option<Endpoint> {
    let named = named.filter(|named| named.len() < 256 && named.contains(':'))?;
    match seed_list(named, 0).ok()?.as_slice() {
        [member] if member.port != 0 => Some(member.clone()),
        _ => None,
    }
}

/// Where the secret does not list the primary, the error names it and the function does not follow it: the
/// secret decides which host gets the password.
fn not_primary(primary: Option<&Endpoint>) -> Cause {
    match primary {
        Some(primary) => Cause::new(format!("not the primary, which it reports as {}", primary.address())),
        None => Cause::new("not the primary, and it knows of none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &Document, expected: &str) {
        check_of(reply, None, expected);
    }

    #[track_caller]
    fn check_of(reply: &Document, set: Option<&str>, expected: &str) {
        let answer = answer(Reader::parse(reply.as_bytes()).unwrap(), set);
        let answer = answer.map(|greeting| greeting.mechanism).map_err(|refusal| refusal.error);
        assert_eq!(format!("{answer:?}"), expected);
    }

    fn primary() -> Document {
        Document::new().int("ok", 1).bool("ismaster", true).int("maxWireVersion", 21)
    }

    /// A greeting leads to a mechanism, or to the reason why there is none.
    #[test]
    fn mechanism_or_a_reason() {
        check(&primary(), "Ok(Sha1)");
        check(&primary().texts("saslSupportedMechs", ["SCRAM-SHA-1", "SCRAM-SHA-256"]), "Ok(Sha256)");
        check(&primary().texts("saslSupportedMechs", ["SCRAM-SHA-1"]), "Ok(Sha1)");
        check(&primary().texts("saslSupportedMechs", []), "Ok(Sha1)");
        check(
            &primary().texts("saslSupportedMechs", ["MONGODB-X509"]),
            "Err(AuthenticationMethod(Cause(\"the user has no SCRAM credential\")))",
        );
        let old = Document::new().int("ok", 1).bool("ismaster", true);
        check(&old, "Err(Unsupported(Cause(\"wire version 0\")))");
        check(&old.int("maxWireVersion", 5), "Err(Unsupported(Cause(\"wire version 5\")))");
        let secondary = Document::new().int("ok", 1).bool("ismaster", false).int("maxWireVersion", 8);
        check(&secondary, "Err(ReadOnly(Cause(\"not the primary, and it knows of none\")))");
        check(
            &secondary.clone().text("primary", "db-1.example.com:27017"),
            "Err(ReadOnly(Cause(\"not the primary, which it reports as db-1.example.com:27017\")))",
        );
        check(
            &secondary.text("primary", "db-1 reports: hello:27017"),
            "Err(ReadOnly(Cause(\"not the primary, and it knows of none\")))",
        );
        let of = |name| primary().text("setName", name);
        check_of(&of("rs0"), Some("rs0"), "Ok(Sha1)");
        check_of(&of("rs1"), Some("rs0"), "Err(SetDiffers(Cause(\"it is of the set rs1\")))");
        check_of(&primary(), Some("rs0"), "Err(SetDiffers(Cause(\"it is of no set\")))");
        let starting = Document::new().int("ok", 1).bool("ismaster", false).int("maxWireVersion", 17);
        let starting = starting.bool("isreplicaset", true);
        check_of(&starting, Some("rs0"), "Err(NotReady(Cause(\"it is of no set yet\")))");
        check_of(
            &starting.text("setName", "rs1"),
            Some("rs0"),
            "Err(SetDiffers(Cause(\"it is of the set rs1\")))",
        );
        check(&Document::new().int("ok", 0).int("code", 13435), "Err(ReadOnly(Cause(\"code 13435\")))");
        check(&Document::new().int("ok", 0).int("code", 91), "Err(NotReady(Cause(\"code 91\")))");
    }
}
