//! Redshift Serverless: a namespace holds users and data, a workgroup is the compute with the endpoint.

use aws_sdk_redshiftserverless::{
    Client, config::Builder, operation::get_workgroup::GetWorkgroupError, types::Workgroup,
};
use rotation_aws::{Access, AwsError, Service};
use rotation_database::{Host, ServerArn};

use crate::{
    database::{Database, Rest, Surroundings, endpoint},
    error::LookupError,
};

const WORKGROUPS: &str = "ListWorkgroups";
const NAMESPACES: &str = "ListNamespaces";
/// The most pages of a list that are read, and the most entries of a page. The default quota of an account is
/// 25 of either.
const PAGES: usize = 50;
const PAGE: i32 = 100;

#[derive(Clone, Debug)]
pub(super) struct Serverless {
    pub(super) access: Access,
}

impl Serverless {
    /// The name of a namespace. Its ARN contains its id, but the calls need its name, so the list is read.
    pub(super) async fn namespace_name(&self, arn: &ServerArn) -> Result<Option<String>, LookupError> {
        let client = self.client(arn.region());
        let mut pages = client.list_namespaces().max_results(PAGE).into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { return Ok(None) };
            let page = page.map_err(|error| self.failed(NAMESPACES, &error))?;
            let found = page.namespaces.into_iter().find(|one| one.namespace_arn() == Some(arn.as_str()));
            if let Some(namespace) = found {
                return Ok(namespace.namespace_name);
            }
        }
        Err(LookupError::TooMuch { operation: NAMESPACES, most: PAGES })
    }

    /// The first workgroup of the list that matches.
    pub(super) async fn first_workgroup(
        &self,
        region: &str,
        wanted: impl Fn(&Workgroup) -> bool,
    ) -> Result<Option<Database>, LookupError> {
        Ok(self.listed(region, wanted, 1).await?.into_iter().next())
    }

    /// Every workgroup that serves a namespace.
    pub(super) async fn workgroups_of(
        &self,
        region: &str,
        namespace: &str,
    ) -> Result<Vec<Database>, LookupError> {
        self.listed(region, |one| one.namespace_name() == Some(namespace), usize::MAX).await
    }

    async fn listed(
        &self,
        region: &str,
        wanted: impl Fn(&Workgroup) -> bool,
        enough: usize,
    ) -> Result<Vec<Database>, LookupError> {
        let client = self.client(region);
        let mut found = Vec::new();
        let mut pages = client.list_workgroups().max_results(PAGE).into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { return Ok(found) };
            let page = page.map_err(|error| self.failed(WORKGROUPS, &error))?;
            found.extend(page.workgroups().iter().filter(|one| wanted(one)).map(described));
            if found.len() >= enough {
                return Ok(found);
            }
        }
        Err(LookupError::TooMuch { operation: WORKGROUPS, most: PAGES })
    }

    /// A workgroup by its name, and the ARN of the namespace behind it.
    pub(super) async fn workgroup(
        &self,
        region: &str,
        name: &str,
    ) -> Result<Option<(ServerArn, Database)>, AwsError> {
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
            Err(error) => return Err(self.failed("GetWorkgroup", &error)),
        };
        let Some(workgroup) = workgroup else { return Ok(None) };
        let Some(namespace) = workgroup.namespace_name() else { return Ok(None) };
        let answer = client.get_namespace().namespace_name(namespace).send().await;
        let answer = answer.map_err(|error| self.failed("GetNamespace", &error))?;
        let arn = answer.namespace.and_then(|namespace| ServerArn::parse(namespace.namespace_arn()?));
        Ok(arn.map(|arn| (arn, described(&workgroup))))
    }

    fn failed<E>(
        &self,
        operation: &'static str,
        error: &aws_sdk_redshiftserverless::error::SdkError<E>,
    ) -> AwsError
    where
        E: aws_sdk_redshiftserverless::error::ProvideErrorMetadata,
    {
        self.access.failed(Service::RedshiftServerless, operation, error)
    }

    fn client(&self, region: &str) -> Client {
        let url = self.access.lookup_urls().redshift_serverless.as_ref();
        Client::from_conf(Builder::from(&self.access.lookup_config(region, url)).build())
    }
}

fn described(found: &Workgroup) -> Database {
    let at = found.endpoint();
    let inside = at.map(aws_sdk_redshiftserverless::types::Endpoint::vpc_endpoints).unwrap_or_default();
    let custom = found.custom_domain_name().and_then(|name| Host::parse(name).ok());
    Database {
        arn: found.workgroup_arn().unwrap_or_default().to_owned(),
        engine: "redshift-serverless".to_owned(),
        endpoints: at.and_then(|at| endpoint(at.address(), at.port())).into_iter().collect(),
        readers: Vec::new(),
        aliases: custom.into_iter().collect(),
        follows: None,
        surroundings: Surroundings {
            publicly_accessible: Some(found.publicly_accessible().unwrap_or_default()),
            vpc: inside.iter().find_map(|endpoint| endpoint.vpc_id()).map(str::to_owned),
            subnets: found.subnet_ids().to_vec(),
            security_groups: found.security_group_ids().to_vec(),
        },
        described_by: WORKGROUPS,
        rest: Rest::default(),
    }
}
