//! Where the database of a secret is, from its host or the tags of a managed secret.

use aws_databases::{Database, DatabaseName, Resource};
use rotation_database::owner;
use rotation_database::{Host, ServerArn};

/// A database as its name describes it, before any lookup of whether it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The AWS resource and its Region; `None` for a host that stands for nothing that is looked up.
    pub name: Option<DatabaseName>,
    /// The name that the found database must have. `None` where an ARN named it.
    pub host: Option<Host>,
}

impl Address {
    /// The address of a host. The custom endpoints of a cluster are not followed.
    pub fn from_host(host: &Host) -> Self {
        let name = DatabaseName::from_host(host);
        let name = name.filter(|name| !matches!(name.resource, Resource::CustomEndpoint(_)));
        Self { name, host: Some(host.clone()) }
    }

    /// The address in the tags that RDS or Redshift sets on a secret that it manages; `None` where no tag
    /// names a database.
    pub fn from_tags<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let name = owner(tags).and_then(|arn| DatabaseName::from_arn(&arn))?;
        Some(Self { name: Some(name), host: None })
    }

    /// For messages: the host, else the identifier.
    pub(crate) fn text(&self) -> String {
        if let Some(host) = &self.host {
            return host.as_str().trim_end_matches('.').to_ascii_lowercase();
        }
        match self.name.as_ref().map(|name| &name.resource) {
            Some(
                Resource::Instance(id)
                | Resource::Cluster(id)
                | Resource::CustomEndpoint(id)
                | Resource::RedshiftCluster(id)
                | Resource::Workgroup(id),
            ) => id.clone(),
            Some(Resource::Namespace(arn)) => ServerArn::as_str(arn).to_owned(),
            Some(Resource::Proxy) | None => "an unknown address".to_owned(),
        }
    }

    /// Whether a database is the one that was meant: a name alone proves nothing.
    pub(crate) fn is_answered_by(&self, database: &Database) -> bool {
        self.host.as_ref().is_none_or(|host| database.has(host))
    }

    /// Whether this is a name of the database's readers, through which no password can be changed.
    pub(crate) fn leads_to_readers_of(&self, database: &Database) -> bool {
        let leads = |host: &Host| database.readers.iter().any(|reader| reader.is_same(host));
        let writes = |host: &Host| database.endpoints.iter().any(|endpoint| endpoint.host.is_same(host));
        self.host.as_ref().is_some_and(|host| leads(host) && !writes(host))
    }
}
