//! CloudFormation's request.

use std::fmt;

use http::Uri;
use rotation_core::SecretId;
use rotation_database::Host;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{
    code::DiscoveryCode, discovery::Wish, engine::Engine, error::DiscoveryError,
    function_network::NetworkMode,
};

/// The largest event that is parsed, in bytes. A template's resource has only a few properties here.
const MOST: usize = 64 * 1024;
/// The longest id that is echoed, in bytes. Four of them leave room for a reason in an answer;
/// CloudFormation's own ids have at most 400.
const LONGEST_ID: usize = 500;

/// One request of CloudFormation.
#[derive(Clone, Debug)]
pub struct Request {
    /// What has to be done.
    pub kind: RequestType,
    /// Where the answer is sent.
    pub response_url: ResponseUrl,
    /// `StackId`, echoed.
    pub stack_id: String,
    /// `RequestId`, echoed.
    pub request_id: String,
    /// `LogicalResourceId`, echoed.
    pub logical_id: String,
    /// `PhysicalResourceId`: as CloudFormation knows it, or, the first time, derived from the logical id.
    pub physical_id: String,
    properties: Map<String, Value>,
}

/// `RequestType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestType {
    /// The resource is new.
    Create,
    /// A property changed.
    Update,
    /// The resource is deleted; there is nothing to undo.
    Delete,
}

impl RequestType {
    /// As CloudFormation spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

impl Request {
    /// Parses the event. The properties are checked later, so that the answer can report what is wrong with
    /// them.
    ///
    /// # Errors
    /// [`RequestError`]: without these fields no answer can be sent.
    pub fn parse(event: &str) -> Result<Self, RequestError> {
        if event.len() > MOST {
            return Err(RequestError::Malformed);
        }
        let Ok(Value::Object(event)) = serde_json::from_str(event) else {
            return Err(RequestError::Malformed);
        };
        let kind = match text(&event, "RequestType")? {
            "Create" => RequestType::Create,
            "Update" => RequestType::Update,
            "Delete" => RequestType::Delete,
            _ => return Err(RequestError::Field { field: "RequestType" }),
        };
        let response_url = ResponseUrl::parse(text(&event, "ResponseURL")?)?;
        let logical_id = id(&event, "LogicalResourceId")?;
        let physical_id = match event.get("PhysicalResourceId") {
            None => format!("network-discovery-{logical_id}"),
            Some(_) => id(&event, "PhysicalResourceId")?,
        };
        Ok(Self {
            kind,
            response_url,
            stack_id: id(&event, "StackId")?,
            request_id: id(&event, "RequestId")?,
            logical_id,
            physical_id,
            properties: match event.get("ResourceProperties") {
                Some(Value::Object(properties)) => properties.clone(),
                _ => Map::new(),
            },
        })
    }

    /// The requested placement. Unknown properties are ignored; empty ones count as absent.
    ///
    /// # Errors
    /// [`DiscoveryError::Property`].
    pub fn wish(&self) -> Result<Wish, DiscoveryError> {
        const SECRET_RULE: &str = "the ARN of a secret";
        let secret = self.property("SecretArn", SECRET_RULE)?;
        let secret = secret.and_then(|secret| SecretId::new(secret).ok());
        let secret = secret.ok_or(DiscoveryError::Property { property: "SecretArn", rule: SECRET_RULE })?;
        let engine = self.parsed(
            "Engine",
            "one of postgres, mysql, mariadb, docdb and redshift, or empty",
            Engine::parse,
        )?;
        let mode = self.parsed("NetworkMode", NetworkMode::RULE, NetworkMode::parse)?;
        let host = self.parsed("Host", "one DNS name, or empty", |host| Host::parse(host).ok())?;
        Ok(Wish { secret, engine, mode: mode.unwrap_or_default(), host })
    }

    fn property(&self, property: &'static str, rule: &'static str) -> Result<Option<&str>, DiscoveryError> {
        match self.properties.get(property) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(DiscoveryError::Property { property, rule }),
        }
    }

    fn parsed<T>(
        &self,
        property: &'static str,
        rule: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, DiscoveryError> {
        let text = self.property(property, rule)?;
        text.map(|text| parse(text).ok_or(DiscoveryError::Property { property, rule })).transpose()
    }
}

fn text<'a>(event: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, RequestError> {
    event.get(field).and_then(Value::as_str).ok_or(RequestError::Field { field })
}

fn id(event: &Map<String, Value>, field: &'static str) -> Result<String, RequestError> {
    let id = text(event, field)?;
    // Only characters that JSON does not escape.
    let plain = id.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\');
    let usable = plain && (1..=LONGEST_ID).contains(&id.len());
    if usable { Ok(id.to_owned()) } else { Err(RequestError::Field { field }) }
}

/// The presigned URL for the answer. Anyone who has it can answer in the function's place, so it never
/// prints.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseUrl(Uri);

impl ResponseUrl {
    /// # Errors
    /// [`RequestError::Field`] for anything but `https`; `http` is accepted for a loopback address alone,
    /// where the tests and emulators listen.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let invalid = || RequestError::Field { field: "ResponseURL" };
        let uri: Uri = text.parse().map_err(|_| invalid())?;
        let host = uri.host().unwrap_or_default();
        let loopback = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
        match uri.scheme_str() {
            Some("https") if !host.is_empty() => Ok(Self(uri)),
            Some("http") if loopback => Ok(Self(uri)),
            _ => Err(invalid()),
        }
    }

    /// The URL, for the one request that is sent there.
    pub(super) fn expose(&self) -> &Uri {
        &self.0
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseUrl(..)")
    }
}

/// The event is not a request of CloudFormation that could be answered.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RequestError {
    /// Not a JSON object of a plausible size.
    #[error("the event is not a request of a custom resource")]
    Malformed,
    /// A field is missing or cannot be used. Its value is not repeated.
    #[error("the event has no usable `{field}`")]
    Field {
        /// Its name.
        field: &'static str,
    },
}

impl RequestError {
    /// A stable name for this kind of failure.
    pub fn code(&self) -> &'static str {
        DiscoveryCode::RequestInvalid.name()
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        "CloudFormation alone invokes this function, by a custom resource."
    }
}
