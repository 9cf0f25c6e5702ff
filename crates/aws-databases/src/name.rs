//! Which resource a database's host name or an ARN stands for, before any call has checked that it exists. A
//! name is only a hint for the call: the answer must contain the same host or ARN.

use rotation_database::{Host, ServerArn};

/// A database by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseName {
    /// The kind of resource, and its identifier.
    pub resource: Resource,
    /// The Region of the resource, and so of the call.
    pub region: String,
}

/// An AWS resource that leads to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// An instance of RDS, Aurora or DocumentDB, by its identifier.
    Instance(String),
    /// A cluster of Aurora, DocumentDB or RDS, by its identifier: its writer or its readers.
    Cluster(String),
    /// Some members of a cluster, by the identifier of the custom endpoint, which is not the cluster's.
    CustomEndpoint(String),
    /// A provisioned cluster of Redshift, by its identifier.
    RedshiftCluster(String),
    /// A workgroup of Redshift Serverless, by its name.
    Workgroup(String),
    /// A namespace of Redshift Serverless, by its ARN; its workgroups serve it.
    Namespace(ServerArn),
    /// RDS Proxy, in front of some database.
    Proxy,
}

impl DatabaseName {
    /// Parses the name of an endpoint: `<id>.<unique>.<region>.rds.amazonaws.com` and similar names. In China
    /// the service may come before the Region. `None` for names that AWS does not assign, such as aliases and
    /// custom domains.
    pub fn from_host(host: &Host) -> Option<Self> {
        let name = host.as_str().trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        let (resource, region) = match labels.as_slice() {
            // The names of a proxy's additional endpoints have one more label.
            [_, _, _, service, region, _, _, ..] | [_, _, _, region, service, _, _, ..]
                if host.is_rds_proxy() && is_region(region) && *service == "rds" =>
            {
                (Resource::Proxy, region)
            }
            [id, unique, service, region, _, _, ..] | [id, unique, region, service, _, _, ..]
                if is_region(region) && is_identifier(id) =>
            {
                (named(id, unique, service)?, region)
            }
            _ => return None,
        };
        Some(Self { resource, region: (*region).to_owned() })
    }

    /// Parses the ARN of a server; `None` for ARNs of other resources.
    pub fn from_arn(arn: &ServerArn) -> Option<Self> {
        let id = |id: &str| id.to_owned();
        let resource = match (arn.service(), arn.resource().split_once([':', '/'])?) {
            ("rds", ("db", name)) => Resource::Instance(id(name)),
            ("rds", ("cluster", name)) => Resource::Cluster(id(name)),
            ("redshift", ("cluster", name)) => Resource::RedshiftCluster(id(name)),
            // `redshift` has namespaces as well, those of provisioned clusters: no call returns the cluster
            // of such a namespace.
            ("redshift-serverless", ("namespace", _)) => Resource::Namespace(arn.clone()),
            _ => return None,
        };
        Some(Self { resource, region: arn.region().to_owned() })
    }
}

fn named(id: &str, unique: &str, service: &str) -> Option<Resource> {
    let id = id.to_owned();
    Some(match (service, unique.split_once('-')) {
        ("rds" | "docdb", None) => Resource::Instance(id),
        ("rds" | "docdb", Some(("cluster", rest))) if rest.starts_with("custom-") => {
            Resource::CustomEndpoint(id)
        }
        ("rds" | "docdb", Some(("cluster", _))) => Resource::Cluster(id),
        ("rds", Some(("proxy", _))) => Resource::Proxy,
        ("redshift", _) => Resource::RedshiftCluster(id),
        ("redshift-serverless", _) => Resource::Workgroup(id),
        _ => return None,
    })
}

fn is_identifier(label: &str) -> bool {
    let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain && label.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Words and a number at the end, joined by hyphens: `eu-central-1`, `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let Some((words, number)) = label.rsplit_once('-') else { return false };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let mut words = words.split('-');
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    is_number && words.clone().count() >= 2 && words.all(is_word)
}
