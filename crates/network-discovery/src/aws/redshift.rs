//! Redshift and Redshift Serverless.

use aws_config::SdkConfig;
use aws_sdk_redshift::{
    operation::describe_clusters::DescribeClustersError,
    types::{Cluster, ClusterSubnetGroup, Endpoint},
};
use aws_sdk_redshiftserverless::types::{Endpoint as WorkgroupEndpoint, Workgroup};
use rotation_aws::{Access, Service};

use crate::{
    address::Address,
    database::{Database, Exposure},
    engine::Engine,
    error::DiscoveryError,
    identity::{SecurityGroupId, SubnetId, VpcId},
};

const CLUSTERS: &str = "DescribeClusters";
const GROUPS: &str = "DescribeClusterSubnetGroups";
const WORKGROUPS: &str = "ListWorkgroups";
const NAMESPACES: &str = "ListNamespaces";
/// As many pages of workgroups or namespaces as are read, of 100 each. An account may have 25 of either, unless more
/// were asked for.
const PAGES: usize = 10;

#[derive(Clone, Debug)]
pub(super) struct Redshift {
    provisioned: aws_sdk_redshift::Client,
    serverless: aws_sdk_redshiftserverless::Client,
    access: Access,
}

impl Redshift {
    pub(super) fn new(access: &Access, config: &SdkConfig) -> Self {
        Self {
            provisioned: aws_sdk_redshift::Client::new(config),
            serverless: aws_sdk_redshiftserverless::Client::new(config),
            access: access.clone(),
        }
    }

    /// A provisioned cluster by its endpoint.
    pub(super) async fn cluster(
        &self,
        id: &str,
        address: &Address,
    ) -> Result<Option<Database>, DiscoveryError> {
        let answer = match self.provisioned.describe_clusters().cluster_identifier(id).send().await {
            Ok(answer) => answer,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeClustersError::is_cluster_not_found_fault) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(self.access.failed(Service::Redshift, CLUSTERS, &error).into()),
        };
        let Some(cluster) = answer.clusters.unwrap_or_default().pop() else { return Ok(None) };
        let endpoint = cluster.endpoint();
        let own = endpoint.and_then(|endpoint| endpoint.address());
        if !address.is_answered_by([own, cluster.custom_domain_name()]) {
            return Ok(None);
        }
        let group = self.group(cluster.cluster_subnet_group_name()).await?;
        let group_vpc = group.as_ref().and_then(ClusterSubnetGroup::vpc_id);
        let vpc = cluster.vpc_id().or(group_vpc).and_then(VpcId::parse);
        let subnets = group.as_ref().map(ClusterSubnetGroup::subnets).unwrap_or_default();
        let subnets = subnets.iter().filter_map(|subnet| subnet.subnet_identifier());
        let staying = cluster.vpc_security_groups().iter().filter(|group| group.status() != Some("removing"));
        let groups = staying.filter_map(|group| group.vpc_security_group_id());
        Ok(Some(Database {
            arn: arn(&cluster),
            engine: Engine::Redshift,
            port: super::port(endpoint.and_then(Endpoint::port), CLUSTERS)?,
            exposure: Exposure::of(cluster.publicly_accessible().unwrap_or_default()),
            vpc: vpc.ok_or(DiscoveryError::Incomplete { operation: CLUSTERS, what: "a VPC" })?,
            subnets: super::ids(subnets, SubnetId::parse, (GROUPS, "usable subnets"))?,
            security_groups: super::ids(
                groups,
                SecurityGroupId::parse,
                (CLUSTERS, "usable security groups"),
            )?,
            through_readers: false,
        }))
    }

    async fn group(&self, name: Option<&str>) -> Result<Option<ClusterSubnetGroup>, DiscoveryError> {
        let Some(name) = name else { return Ok(None) };
        let call = self.provisioned.describe_cluster_subnet_groups().cluster_subnet_group_name(name);
        let answer = call.send().await;
        let answer = answer.map_err(|error| self.access.failed(Service::Redshift, GROUPS, &error))?;
        Ok(answer.cluster_subnet_groups.unwrap_or_default().pop())
    }

    /// A workgroup by its endpoint. The listing says all that `GetWorkgroup` would, and is needed for namespaces anyway.
    pub(super) async fn workgroup(
        &self,
        name: &str,
        address: &Address,
    ) -> Result<Option<Database>, DiscoveryError> {
        let wanted = |workgroup: &Workgroup| {
            let own = workgroup.endpoint().and_then(WorkgroupEndpoint::address);
            workgroup.workgroup_name() == Some(name)
                && address.is_answered_by([own, workgroup.custom_domain_name()])
        };
        self.workgroup_that(wanted).await
    }

    /// The workgroup that serves a namespace.
    pub(super) async fn namespace(&self, arn: &str) -> Result<Option<Database>, DiscoveryError> {
        let Some(namespace) = self.name_of(arn).await? else { return Ok(None) };
        self.workgroup_that(|workgroup| workgroup.namespace_name() == Some(namespace.as_str())).await
    }

    async fn workgroup_that(
        &self,
        wanted: impl Fn(&Workgroup) -> bool,
    ) -> Result<Option<Database>, DiscoveryError> {
        let mut pages = self.serverless.list_workgroups().max_results(100).into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { return Ok(None) };
            let page =
                page.map_err(|error| self.access.failed(Service::RedshiftServerless, WORKGROUPS, &error))?;
            if let Some(workgroup) = page.workgroups().iter().find(|workgroup| wanted(workgroup)) {
                return serverless(workgroup).map(Some);
            }
        }
        Err(DiscoveryError::TooMuch { operation: WORKGROUPS, most: PAGES })
    }

    async fn name_of(&self, arn: &str) -> Result<Option<String>, DiscoveryError> {
        let mut pages = self.serverless.list_namespaces().max_results(100).into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { return Ok(None) };
            let page =
                page.map_err(|error| self.access.failed(Service::RedshiftServerless, NAMESPACES, &error))?;
            let found = page.namespaces().iter().find(|namespace| namespace.namespace_arn() == Some(arn));
            if let Some(namespace) = found {
                return Ok(namespace.namespace_name().map(str::to_owned));
            }
        }
        Err(DiscoveryError::TooMuch { operation: NAMESPACES, most: PAGES })
    }
}

fn serverless(workgroup: &Workgroup) -> Result<Database, DiscoveryError> {
    let endpoint = workgroup.endpoint();
    let inside = endpoint.map(WorkgroupEndpoint::vpc_endpoints).unwrap_or_default();
    let vpc = inside.iter().find_map(|endpoint| endpoint.vpc_id().and_then(VpcId::parse));
    let text = |texts: &'_ [String]| texts.to_vec();
    let (subnets, groups) = (text(workgroup.subnet_ids()), text(workgroup.security_group_ids()));
    Ok(Database {
        arn: workgroup.workgroup_arn().unwrap_or_default().to_owned(),
        engine: Engine::Redshift,
        port: super::port(endpoint.and_then(WorkgroupEndpoint::port), WORKGROUPS)?,
        exposure: Exposure::of(workgroup.publicly_accessible().unwrap_or_default()),
        vpc: vpc.ok_or(DiscoveryError::Incomplete { operation: WORKGROUPS, what: "a VPC" })?,
        subnets: super::ids(
            subnets.iter().map(String::as_str),
            SubnetId::parse,
            (WORKGROUPS, "usable subnets"),
        )?,
        security_groups: super::ids(
            groups.iter().map(String::as_str),
            SecurityGroupId::parse,
            (WORKGROUPS, "usable security groups"),
        )?,
        through_readers: false,
    })
}

/// The service tells no ARN of a cluster but that of its namespace, which has the same partition, region and account.
fn arn(cluster: &Cluster) -> String {
    let namespace = cluster.cluster_namespace_arn().unwrap_or_default();
    match (namespace.split_once(":namespace:"), cluster.cluster_identifier()) {
        (Some((home, _)), Some(id)) => format!("{home}:cluster:{id}"),
        _ => String::new(),
    }
}
