//! Which resource a database's host name, or the ARN in a managed secret's tags, stands for.

use rotation_database::Host;

/// A database as its name tells, before anybody was asked whether it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What kind of resource, and which.
    pub resource: Resource,
    /// Where it is, if the name tells.
    pub region: Option<String>,
    /// The name, lower-case and without a final dot, which the found database must answer to. `None` where an ARN
    /// named it.
    pub host: Option<String>,
}

/// A resource of AWS that holds databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// An instance of RDS, Aurora or DocumentDB, by its identifier.
    Instance(String),
    /// A cluster of Aurora, DocumentDB or RDS, by its identifier.
    Cluster(String),
    /// A provisioned cluster of Redshift, by its identifier.
    RedshiftCluster(String),
    /// A workgroup of Redshift Serverless, by its name.
    Workgroup(String),
    /// A namespace of Redshift Serverless, by its ARN; one of its workgroups serves it.
    Namespace(String),
    /// RDS Proxy, in front of some database.
    Proxy,
    /// Nothing that a name of AWS's stands for.
    Elsewhere,
}

/// The tags that RDS and Redshift put on the secrets that they manage, in lower case.
const TAGS: [&str; 4] = [
    "aws:rds:primarydbinstancearn",
    "aws:rds:primarydbclusterarn",
    "aws:redshift:primaryclusterarn",
    "aws:redshift-serverless:namespacearn",
];

impl Address {
    /// Reads a host name: `<id>.<unique>.<region>.rds.amazonaws.com` and its kin. In China region and service stand the
    /// other way round.
    pub fn of_host(host: &Host) -> Self {
        let name = host.as_str().trim_end_matches('.').to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        let (resource, region) = match labels.as_slice() {
            // A proxy's further endpoints have names of one label more.
            [_, _, _, service, region, ..] | [_, _, _, region, service, ..]
                if host.is_rds_proxy() && is_region(region) && *service == "rds" =>
            {
                (Resource::Proxy, Some(region))
            }
            [id, unique, service, region, _, ..] if is_region(region) => {
                (resource(id, unique, service), Some(region))
            }
            [id, unique, region, service, _, ..] if is_region(region) => {
                (resource(id, unique, service), Some(region))
            }
            _ => (Resource::Elsewhere, None),
        };
        let region = region.filter(|_| resource != Resource::Elsewhere).map(|region| (*region).to_owned());
        Self { resource, region, host: Some(name) }
    }

    /// Reads the tags of a secret that RDS or Redshift manages; `None` where none of them names a database.
    pub fn of_tags<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut arns = tags.into_iter().filter(|(key, _)| TAGS.contains(&key.to_ascii_lowercase().as_str()));
        arns.find_map(|(_, arn)| Self::of_arn(arn))
    }

    fn of_arn(arn: &str) -> Option<Self> {
        let fields: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", _partition, service, region, _account, rest] = fields.as_slice() else { return None };
        let owned = |id: &str| id.to_owned();
        let resource = match (*service, rest.split_once([':', '/'])?) {
            ("rds", ("db", id)) => Resource::Instance(owned(id)),
            ("rds", ("cluster", id)) => Resource::Cluster(owned(id)),
            ("redshift", ("cluster", id)) => Resource::RedshiftCluster(owned(id)),
            // The same kind of name as a namespace of Serverless has, but of a provisioned cluster: no way from here.
            ("redshift-serverless", ("namespace", _)) => Resource::Namespace(owned(arn)),
            _ => return None,
        };
        Some(Self { resource, region: Some(owned(region)), host: None })
    }

    /// The name for people.
    pub(crate) fn name(&self) -> &str {
        match (&self.host, &self.resource) {
            (Some(name), _)
            | (
                None,
                Resource::Instance(name)
                | Resource::Cluster(name)
                | Resource::RedshiftCluster(name)
                | Resource::Workgroup(name)
                | Resource::Namespace(name),
            ) => name,
            (None, Resource::Proxy | Resource::Elsewhere) => "an unknown address",
        }
    }

    /// Whether a database that answers to `names` is the one that was meant.
    pub(crate) fn is_answered_by<'a>(&self, names: impl IntoIterator<Item = Option<&'a str>>) -> bool {
        let Some(host) = &self.host else { return true };
        names.into_iter().flatten().any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(host))
    }
}

fn resource(id: &str, unique: &str, service: &str) -> Resource {
    let id = id.to_owned();
    match service {
        // The name of a custom endpoint is not its cluster's.
        "rds" | "docdb" if unique.starts_with("cluster-custom-") => Resource::Elsewhere,
        "rds" | "docdb" if unique.starts_with("cluster-") => Resource::Cluster(id),
        "rds" if unique.starts_with("proxy-") => Resource::Proxy,
        "rds" | "docdb" => Resource::Instance(id),
        "redshift" => Resource::RedshiftCluster(id),
        "redshift-serverless" => Resource::Workgroup(id),
        _ => Resource::Elsewhere,
    }
}

/// Words and a number at the end, joined by hyphens: `eu-central-1`, `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let mut words = label.split('-').rev();
    let number =
        words.next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()) && !last.is_empty());
    let rest: Vec<&str> = words.collect();
    number
        && rest.len() >= 2
        && rest.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}
