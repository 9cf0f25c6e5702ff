//! From a secret to the network of its function: which lookups are made, in which order.

use aws_databases::Resource;
use rotation_core::{DocumentError, RotationError, SecretDocument, SecretId, StagingLabel};
use rotation_database::{Host, port, seed_list};

use crate::{
    address::Address,
    database::{Database, Databases},
    engine::Engine,
    error::DiscoveryError,
    function_network::{FunctionNetwork, NetworkMode, vpc_for},
    network::Networks,
};

/// What should be placed.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The secret of the database.
    pub secret: SecretId,
    /// The declared engine. The database must agree.
    pub engine: Option<Engine>,
    /// The requested network.
    pub mode: NetworkMode,
    /// The database's own endpoint. With it the secret is not read at all.
    pub host: Option<Host>,
}

/// Secrets, as far as discovery needs them.
pub trait Secrets {
    /// The document under `AWSCURRENT`: `GetSecretValue`.
    ///
    /// # Errors
    /// [`RotationError`].
    async fn document(&self, secret: &SecretId) -> Result<SecretDocument, RotationError>;

    /// The tags: `DescribeSecret`. Requested only where the document has no host.
    ///
    /// # Errors
    /// [`RotationError`].
    async fn tags(&self, secret: &SecretId) -> Result<Vec<(String, String)>, RotationError>;
}

/// Looks databases and networks up. It changes nothing.
#[derive(Clone, Debug)]
pub struct Discovery<S, D, N> {
    /// Where the secret is.
    pub secrets: S,
    /// Where databases are listed.
    pub databases: D,
    /// Where networks are listed.
    pub networks: N,
    /// The Region of all three, where it is known.
    pub region: Option<String>,
}

impl<S: Secrets, D: Databases, N: Networks> Discovery<S, D, N> {
    /// Finds the database and decides. The network is surveyed only where the function is placed in it. May
    /// be dropped at any await.
    ///
    /// # Errors
    /// [`DiscoveryError`].
    pub async fn discover(&self, wish: &Wish) -> Result<FunctionNetwork, DiscoveryError> {
        let lead = self.lead(wish).await?;
        let Some(mut database) = self.find(&lead.address).await? else {
            return match (wish.mode, &lead.address.name) {
                (NetworkMode::Public, None) => Ok(FunctionNetwork::elsewhere(lead.engine()?, lead.port)),
                _ => Err(DiscoveryError::NotFound { name: lead.address.text() }),
            };
        };
        lead.agrees_with(&database)?;
        let listening = database.port;
        database.port = lead.port.unwrap_or(listening);
        let mut network = match vpc_for(wish.mode, &database)? {
            None => FunctionNetwork::public(&database),
            Some(vpc) => FunctionNetwork::inside(&database, &self.networks.survey(vpc).await?)?,
        };
        if database.port != listening {
            network.warnings.push(format!(
                "The secret names port {}, but the database listens at {listening}.",
                database.port
            ));
        }
        Ok(network)
    }

    /// What the request, and the secret only where it must be read, say about the database.
    async fn lead(&self, wish: &Wish) -> Result<Lead, DiscoveryError> {
        let given = wish.engine.map(|engine| engine.name().to_owned());
        if let Some(host) = &wish.host {
            return Ok(Lead { address: Address::from_host(host), given, port: None });
        }
        let document = self.secrets.document(&wish.secret).await?;
        let invalid = |error| RotationError::Document { label: StagingLabel::Current, error };
        let engine = document.text("engine").map_err(invalid)?;
        let given = given.or_else(|| engine.map(|engine| engine.to_string()));
        let port = port(&document).map_err(invalid)?;
        let host = document.text("host").map_err(invalid)?.filter(|host| !host.is_empty());
        let (address, port) = match host {
            Some(host) => {
                let lists = given.as_deref().and_then(Engine::parse).is_some_and(Engine::lists_members);
                let member = member(&host, port, lists).map_err(invalid)?;
                (Address::from_host(&member.0), member.1)
            }
            None => {
                let tags = self.secrets.tags(&wish.secret).await?;
                let tags = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
                (Address::from_tags(tags).ok_or(DiscoveryError::NoHost)?, port)
            }
        };
        Ok(Lead { address, given, port })
    }

    async fn find(&self, address: &Address) -> Result<Option<Database>, DiscoveryError> {
        let Some(name) = &address.name else { return Ok(None) };
        if name.resource == Resource::Proxy {
            return Err(DiscoveryError::Proxy);
        }
        match &self.region {
            Some(here) if *here != name.region => {
                Err(DiscoveryError::OtherRegion { region: name.region.clone() })
            }
            _ => self.databases.find(address).await,
        }
    }
}

/// The host of a secret to look up. Of a replica set's members, the first with one of AWS's names: where one
/// is reachable, so are all.
fn member(host: &str, port: Option<u16>, lists: bool) -> Result<(Host, Option<u16>), DocumentError> {
    match Host::parse(host) {
        Err(_) if lists => {}
        host => return Ok((host?, port)),
    }
    let members = seed_list(host, port.unwrap_or(Engine::Docdb.default_port()))?;
    let is_known = |host: &Host| Address::from_host(host).name.is_some();
    let found = members.iter().find(|member| is_known(&member.host)).or(members.first());
    let found = found.expect("a list has at least its first member");
    Ok((found.host.clone(), Some(found.port)))
}

/// What is known before any lookup.
struct Lead {
    address: Address,
    /// The engine, as the request or the secret spells it.
    given: Option<String>,
    port: Option<u16>,
}

impl Lead {
    /// The engine, where only the secret can name it.
    fn engine(&self) -> Result<Option<Engine>, DiscoveryError> {
        let parse =
            |given: &String| Engine::parse(given).ok_or(DiscoveryError::Engine { engine: shown(given) });
        self.given.as_ref().map(parse).transpose()
    }

    fn agrees_with(&self, database: &Database) -> Result<(), DiscoveryError> {
        match &self.given {
            Some(given) if Engine::parse(given) != Some(database.engine) => {
                Err(DiscoveryError::OtherEngine { given: shown(given), found: database.engine })
            }
            _ => Ok(()),
        }
    }
}

/// The part of a given name that an error repeats.
fn shown(name: &str) -> String {
    name.escape_debug().take(32).collect()
}
