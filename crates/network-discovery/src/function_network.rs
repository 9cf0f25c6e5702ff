//! Where a rotation function is placed, and the pure decision about it.

use std::fmt;

use serde_json::{Value, json};

use crate::{
    database::{Database, Exposure},
    engine::Engine,
    error::DiscoveryError,
    identity::{EndpointId, SecurityGroupId, SubnetId, VpcId, joined},
    network::{Egress, Network, SecretsEndpoint, Subnet},
    subnets::{self, FEWEST_ZONES},
};

/// The operator's choice: `NetworkMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkMode {
    /// As AWS's guide recommends: in the database's VPC, unless the database is publicly accessible.
    #[default]
    Auto,
    /// In the database's VPC in any case.
    Vpc,
    /// In no VPC in any case.
    Public,
}

impl NetworkMode {
    /// The values of the parameter.
    pub const RULE: &'static str = "auto, vpc or public";

    /// Parses the parameter, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "auto" => Self::Auto,
            "vpc" => Self::Vpc,
            "public" => Self::Public,
            _ => return None,
        })
    }
}

/// Where a function is placed, and what it needs to know about the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionNetwork {
    /// The network.
    pub site: Site,
    /// The engine; `None` where it is not known.
    pub engine: Option<Engine>,
    /// The port that the function connects to; `None` where it is not known.
    pub port: Option<u16>,
    /// The ARN of the database; empty where it is not one of AWS's.
    pub database_arn: String,
    /// The database's security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// Warnings for operators, in sentences.
    pub warnings: Vec<String>,
}

/// In a VPC or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Site {
    /// In none: the function has Lambda's own addresses, which are not known in advance.
    Public,
    /// In the database's.
    Vpc(VpcSite),
}

/// A place in a VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcSite {
    /// The VPC.
    pub vpc: VpcId,
    /// One subnet a zone, at least one.
    pub subnets: Vec<SubnetId>,
    /// The endpoint of Secrets Manager to which the Region's name resolves.
    pub endpoint: Option<(EndpointId, Vec<SecurityGroupId>)>,
    /// Whether every subnet has a NAT for its default route.
    pub has_nat: bool,
}

/// The VPC of a function for this database, `None` for no VPC. This alone decides whether a network has to be
/// surveyed.
///
/// # Errors
/// [`DiscoveryError::NotPublic`] where a function outside could never reach the database.
pub fn vpc_for(mode: NetworkMode, database: &Database) -> Result<Option<&VpcId>, DiscoveryError> {
    match (mode, database.exposure) {
        (NetworkMode::Auto | NetworkMode::Vpc, Exposure::Private) | (NetworkMode::Vpc, Exposure::Public) => {
            Ok(Some(&database.vpc))
        }
        (NetworkMode::Auto | NetworkMode::Public, Exposure::Public) => Ok(None),
        (NetworkMode::Public, Exposure::Private) => Err(DiscoveryError::NotPublic),
    }
}

impl FunctionNetwork {
    /// Outside of any VPC, for a publicly accessible database.
    pub fn public(database: &Database) -> Self {
        let mut warnings = notes_on(database);
        let guards = match database.security_groups.as_slice() {
            [] => "its security groups".to_owned(),
            groups => joined(groups),
        };
        warnings.push(format!(
            "The database is publicly accessible, so the function runs outside the VPC, from addresses \
             that are not known in advance: {guards} must admit port {} from anywhere. NetworkMode=vpc \
             places it inside instead.",
            database.port
        ));
        Self::new(Site::Public, database, warnings)
    }

    /// Outside any VPC, for a database that is not one of AWS's.
    pub fn elsewhere(engine: Option<Engine>, port: Option<u16>) -> Self {
        let warning = "AWS does not know the database, so it was not checked whether a function outside any \
            VPC can reach it. Its addresses would not be known in advance."
            .to_owned();
        Self {
            site: Site::Public,
            engine,
            port: port.or(engine.map(Engine::default_port)),
            database_arn: String::new(),
            security_groups: Vec::new(),
            warnings: vec![warning],
        }
    }

    /// In the database's VPC.
    ///
    /// # Errors
    /// [`DiscoveryError::NoSubnet`] where no subnet can hold a function.
    pub fn inside(database: &Database, network: &Network) -> Result<Self, DiscoveryError> {
        let chosen = subnets::choose(&network.subnets, &database.subnets);
        if chosen.is_empty() {
            return Err(DiscoveryError::NoSubnet { vpc: database.vpc.clone() });
        }
        let endpoint = network.endpoints.iter().find(|endpoint| endpoint.private_dns);
        let mut warnings = notes_on(database);
        warnings.extend(notes_on_network(&chosen, endpoint, &network.endpoints));
        let site = VpcSite {
            vpc: database.vpc.clone(),
            subnets: chosen.iter().map(|subnet| subnet.id.clone()).collect(),
            endpoint: endpoint.map(|endpoint| (endpoint.id.clone(), endpoint.security_groups.clone())),
            has_nat: chosen.iter().all(|subnet| subnet.egress == Egress::Nat),
        };
        Ok(Self::new(Site::Vpc(site), database, warnings))
    }

    fn new(site: Site, database: &Database, warnings: Vec<String>) -> Self {
        Self {
            site,
            engine: Some(database.engine),
            port: Some(database.port),
            database_arn: database.arn.clone(),
            security_groups: database.security_groups.clone(),
            warnings,
        }
    }

    /// The answer as flat text, under the names that the stacks use. All keys are always present.
    pub fn data(&self) -> Value {
        let (mode, vpc, subnets, endpoint, nat) = match &self.site {
            Site::Public => ("public", String::new(), String::new(), None, false),
            Site::Vpc(site) => {
                ("vpc", site.vpc.to_string(), joined(&site.subnets), site.endpoint.as_ref(), site.has_nat)
            }
        };
        json!({
            "NetworkMode": mode,
            "VpcId": vpc,
            "SubnetIds": subnets,
            "DatabaseSecurityGroupIds": joined(&self.security_groups),
            "Port": self.port.map(|port| port.to_string()).unwrap_or_default(),
            "SecretsManagerEndpointId": endpoint.map(|(id, _)| id.to_string()).unwrap_or_default(),
            "SecretsManagerEndpointSecurityGroupIds":
                endpoint.map(|(_, groups)| joined(groups)).unwrap_or_default(),
            "HasNatRoute": if nat { "true" } else { "false" },
            "DatabaseArn": self.database_arn,
            "Engine": self.engine.map(Engine::name).unwrap_or_default(),
            "Warning": self.warnings.join(" "),
        })
    }
}

fn notes_on(database: &Database) -> Vec<String> {
    let note = "The host is an endpoint of readers, through which no password can be changed: the secret \
        should name the endpoint of the writer.";
    if database.through_readers { vec![note.to_owned()] } else { Vec::new() }
}

fn notes_on_network(
    chosen: &[&Subnet],
    endpoint: Option<&SecretsEndpoint>,
    endpoints: &[SecretsEndpoint],
) -> Vec<String> {
    let mut notes = Vec::new();
    if chosen.len() < FEWEST_ZONES {
        notes.push(format!(
            "Only {} can hold a function: it stops with the zone {}.",
            chosen[0].id, chosen[0].zone
        ));
    }
    if let (None, [first, ..]) = (endpoint, endpoints) {
        notes.push(format!(
            "The endpoint {} of Secrets Manager has no private DNS, so the function would not find it; it is \
            left alone.",
            first.id
        ));
    }
    let unsure: Vec<&SubnetId> =
        chosen.iter().filter(|subnet| subnet.egress == Egress::Elsewhere).map(|subnet| &subnet.id).collect();
    if endpoint.is_none() && !unsure.is_empty() {
        notes.push(format!(
            "The default route of {} leads to neither a NAT nor an internet gateway; if it ends in the \
            internet, no endpoint is needed.",
            List(&unsure)
        ));
    }
    notes
}

struct List<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            item.fmt(f)?;
        }
        Ok(())
    }
}
