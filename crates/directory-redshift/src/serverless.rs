//! Redshift Serverless: a namespace holds users and data, a workgroup is the way in.

use aws_sdk_redshiftserverless::{
    Client, config::Builder, operation::get_workgroup::GetWorkgroupError, types::Workgroup,
};
use rotation_aws::Access;
use rotation_database::{DirectoryError, DirectoryService, Host, Server, ServerArn};

use crate::endpoint;

const SERVICE: DirectoryService = DirectoryService {
    name: "Amazon Redshift Serverless",
    actions: &[
        "redshift-serverless:ListNamespaces",
        "redshift-serverless:ListWorkgroups",
        "redshift-serverless:GetWorkgroup",
        "redshift-serverless:GetNamespace",
    ],
};

/// The most pages of a list that are read; a page has a hundred entries.
const PAGES: usize = 50;

#[derive(Clone, Debug)]
pub(crate) struct Serverless {
    pub(crate) access: Access,
}

impl Serverless {
    /// The namespace of an ARN. The ARN holds the namespace's id, and the calls want its name: so the lists are read.
    pub(crate) async fn namespace(&self, arn: &ServerArn) -> Result<Option<Server>, DirectoryError> {
        let client = self.client(arn.region());
        let Some(name) = self.namespace_name(&client, arn).await? else { return Ok(None) };
        let mut workgroups = Vec::new();
        let mut pages = client.list_workgroups().into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page =
                page.map_err(|error| self.access.directory_error(&SERVICE, "ListWorkgroups", &error))?;
            let found = page.workgroups.into_iter();
            workgroups.extend(found.filter(|workgroup| workgroup.namespace_name() == Some(&*name)));
        }
        Ok(Some(server(arn.clone(), &workgroups)))
    }

    async fn namespace_name(
        &self,
        client: &Client,
        arn: &ServerArn,
    ) -> Result<Option<String>, DirectoryError> {
        let mut pages = client.list_namespaces().into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page =
                page.map_err(|error| self.access.directory_error(&SERVICE, "ListNamespaces", &error))?;
            let found = page.namespaces.into_iter().find(|one| one.namespace_arn() == Some(arn.as_str()));
            if let Some(namespace) = found {
                return Ok(namespace.namespace_name);
            }
        }
        Ok(None)
    }

    /// The namespace behind a workgroup.
    pub(crate) async fn workgroup(&self, region: &str, name: &str) -> Result<Option<Server>, DirectoryError> {
        let client = self.client(region);
        let workgroup = match client.get_workgroup().workgroup_name(name).send().await {
            Ok(answer) => answer.workgroup,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetWorkgroupError::is_resource_not_found_exception) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(self.access.directory_error(&SERVICE, "GetWorkgroup", &error)),
        };
        let Some(namespace) = workgroup.as_ref().and_then(Workgroup::namespace_name) else { return Ok(None) };
        let answer = client.get_namespace().namespace_name(namespace).send().await;
        let answer = answer.map_err(|error| self.access.directory_error(&SERVICE, "GetNamespace", &error))?;
        let arn = answer.namespace.and_then(|namespace| ServerArn::parse(namespace.namespace_arn()?));
        Ok(arn.map(|arn| server(arn, workgroup.as_slice())))
    }

    fn client(&self, region: &str) -> Client {
        let url = self.access.directory_urls().redshift_serverless.as_ref();
        Client::from_conf(Builder::from(&self.access.directory_config(region, url)).build())
    }
}

/// A namespace takes writes through each of its workgroups. Their order in the lists is nobody's promise, so that of
/// their names is taken.
fn server(arn: ServerArn, workgroups: &[Workgroup]) -> Server {
    let endpoints = workgroups.iter().filter_map(Workgroup::endpoint);
    let mut endpoints: Vec<_> = endpoints.filter_map(|at| endpoint(at.address(), at.port())).collect();
    endpoints.sort_by(|one, other| one.host.as_str().cmp(other.host.as_str()));
    let custom = workgroups.iter().filter_map(Workgroup::custom_domain_name);
    let others = custom.filter_map(|name| Host::parse(name).ok()).collect();
    Server { arn, engine: "redshift-serverless".to_owned(), endpoints, others, follows: None }
}
