//! The first exchange: who the server is, and by which mechanism a user logs in.

use rotation_core::database::{Cause, ConnectError, Host};

use crate::{
    code::Code,
    document::{Document, Reader, Value},
    scram::Mechanism,
};

/// The oldest wire version that is spoken: `OP_MSG`, MongoDB 3.6 and DocumentDB 3.6.
const OLDEST_WIRE_VERSION: i64 = 6;

/// `isMaster`, which every version knows, with the request to say which mechanisms this user has.
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

/// Reads the answer, from a server that we can work with.
///
/// # Errors
/// [`ConnectError::Unsupported`] where the server is too old, and [`ConnectError::ReadOnly`] where it is no primary:
/// both before anything about a password is sent.
pub(crate) fn answer(reply: Reader<'_>) -> Result<Mechanism, ConnectError> {
    if let Some(code) = Code::of(reply) {
        return Err(code.greeting_fault());
    }
    let wire_version = reply.get("maxWireVersion").and_then(Value::as_int).unwrap_or(0);
    if wire_version < OLDEST_WIRE_VERSION {
        return Err(ConnectError::Unsupported(Cause::new(format!("wire version {wire_version}"))));
    }
    // The old name and the new one; whoever says both must mean it.
    let said: Vec<_> = ["ismaster", "isWritablePrimary"].iter().filter_map(|name| reply.get(name)).collect();
    if said.is_empty() || !said.into_iter().all(Value::is_true) {
        return Err(ConnectError::ReadOnly(not_primary(reply.text("primary"))));
    }
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

/// The mechanisms by which the server lets the user in that the greeting has asked about: those that the user has and the
/// server enables. `None` where the server does not say.
pub(crate) fn usable(reply: Reader<'_>) -> Option<Vec<String>> {
    let names = reply.get("saslSupportedMechs").and_then(Value::as_array)?;
    Some(names.into_iter().filter_map(|name| name.as_text().map(str::to_owned)).collect())
}

/// Which member is the primary by this one's word, where the word is a name and a port and nothing else. It is told to
/// a person and not followed: the secret says which host gets the password.
fn not_primary(primary: Option<&str>) -> Cause {
    let named = primary.filter(|primary| {
        primary.rsplit_once(':').is_some_and(|(host, port)| {
            Host::parse(host).is_ok() && port.parse::<u16>().is_ok() && primary.len() < 256
        })
    });
    match named {
        Some(primary) => Cause::new(format!("not the primary, which it says is {primary}")),
        None => Cause::new("not the primary, and it knows of none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &Document, expected: &str) {
        let answer = answer(Reader::parse(reply.as_bytes()).unwrap());
        assert_eq!(format!("{answer:?}"), expected);
    }

    fn primary() -> Document {
        Document::new().int("ok", 1).bool("ismaster", true).int("maxWireVersion", 21)
    }

    #[test]
    fn greetings_lead_to_a_mechanism_or_to_a_reason() {
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
            "Err(ReadOnly(Cause(\"not the primary, which it says is db-1.example.com:27017\")))",
        );
        check(
            &secondary.text("primary", "db-1 says: hello:27017"),
            "Err(ReadOnly(Cause(\"not the primary, and it knows of none\")))",
        );
        check(&Document::new().int("ok", 0).int("code", 13435), "Err(ReadOnly(Cause(\"code 13435\")))");
        check(&Document::new().int("ok", 0).int("code", 91), "Err(NotReady(Cause(\"code 91\")))");
    }
}
