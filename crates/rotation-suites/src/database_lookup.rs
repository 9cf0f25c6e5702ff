//! The service that manages a master secret, and its description of the server, for a function's lookup.

use serde_json::Value;
use test_servers::{ApiAnswer, ApiDouble, Proxy};

use super::{Owner, Tenant, verdict::Failure};

/// How a master is managed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Managed {
    pub(super) owner: Owner,
    /// The owner's name for the engine.
    pub(super) engine: &'static str,
    /// Whether the secret names the reader endpoint.
    pub(super) is_read_through: bool,
}

/// The service that describes the server, and the server's endpoints.
pub(super) struct DatabaseLookup {
    pub(super) double: ApiDouble,
    /// The reader endpoint and the writer's, where the secret names the former.
    pub(super) endpoints: Option<Endpoints>,
    variable: &'static str,
}

/// Two names and ports of one server; in a real cluster the second would be a replica.
pub(super) struct Endpoints {
    pub(super) writer: Proxy,
    pub(super) reader: Proxy,
}

impl DatabaseLookup {
    /// Describes the tenant's server. Where its secret should name the reader endpoint, it does so
    /// afterwards.
    pub(super) async fn start(managed: Managed, tenant: &mut Tenant) -> Result<Self, Failure> {
        let Managed { owner, engine, is_read_through } = managed;
        let host = tenant.document["host"].as_str().ok_or("a tenant has a host")?.to_owned();
        let port = tenant.document["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or("a tenant has a port")?;
        let endpoints = if is_read_through {
            let (writer, reader) = (Proxy::start(&host, port).await?, Proxy::start(&host, port).await?);
            tenant.document["host"] = Value::from(READER);
            tenant.document["port"] = Value::from(reader.port());
            Some(Endpoints { writer, reader })
        } else {
            None
        };
        let port = endpoints.as_ref().map_or(port, |endpoints| endpoints.writer.port());
        let described = owner.describes(engine, (&host, port), endpoints.as_ref().map(|_| READER));
        let double = ApiDouble::start(move |request| {
            if owner.is_asked_for_it(request) {
                return ApiAnswer { status: 200, body: described.clone() };
            }
            let body = "<ErrorResponse><Error><Code>InvalidParameterValue</Code></Error></ErrorResponse>";
            ApiAnswer { status: 400, body: body.to_owned() }
        })?;
        Ok(Self { double, endpoints, variable: owner.variable() })
    }

    /// The environment variable with which a function finds this service.
    pub(super) fn environment(&self) -> (&'static str, String) {
        (self.variable, self.double.endpoint())
    }
}

/// The reader's name for the server, whose other name is `localhost`.
const READER: &str = "127.0.0.1";
