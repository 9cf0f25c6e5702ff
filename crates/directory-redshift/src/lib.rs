//! Amazon Redshift as the directory: provisioned clusters by one API, workgroups of Redshift Serverless by another.
//!
//! ```text
//! by_arn   arn:aws:redshift:…:cluster:NAME             ─> DescribeClusters
//!          arn:aws:redshift-serverless:…:namespace/ID  ─> ListNamespaces ─> ListWorkgroups, all pages of both
//! by_host  NAME.HASH.REGION.redshift.…                 ─> DescribeClusters
//!          NAME.ACCOUNT.REGION.redshift-serverless.…   ─> GetWorkgroup ─> GetNamespace
//! ```

mod host_name;
mod provisioned;
mod serverless;

use rotation_aws::Access;
use rotation_database::{Directory, DirectoryError, Endpoint, Host, Server, ServerArn};

use crate::{
    host_name::{HostName, Kind},
    provisioned::Provisioned,
    serverless::Serverless,
};

/// Both kinds of Redshift. Making one opens no connection.
#[derive(Clone, Debug)]
pub struct Redshift {
    provisioned: Provisioned,
    serverless: Serverless,
}

impl Redshift {
    /// Redshift, reached in this way.
    pub fn new(access: Access) -> Self {
        Self { provisioned: Provisioned { access: access.clone() }, serverless: Serverless { access } }
    }
}

impl Directory for Redshift {
    async fn by_arn(&self, arn: &ServerArn) -> Result<Option<Server>, DirectoryError> {
        match (arn.service(), arn.resource()) {
            ("redshift", resource) => match resource.strip_prefix("cluster:") {
                Some(id) => self.provisioned.by_arn(arn, id).await,
                None => Ok(None),
            },
            ("redshift-serverless", _) => self.serverless.namespace(arn).await,
            _ => Ok(None),
        }
    }

    async fn by_host(&self, host: &Host) -> Result<Option<Server>, DirectoryError> {
        let Some(HostName { kind, identifier, region }) = HostName::of(host) else { return Ok(None) };
        match kind {
            Kind::Cluster => self.provisioned.by_name(&region, &identifier).await,
            Kind::Workgroup => self.serverless.workgroup(&region, &identifier).await,
        }
    }
}

fn endpoint(address: Option<&str>, port: Option<i32>) -> Option<Endpoint> {
    let port = u16::try_from(port?).ok().filter(|port| *port != 0)?;
    Some(Endpoint { host: Host::parse(address?).ok()?, port })
}
