//! One question to EC2, answered to its last page.

use rotation_aws::{AwsError, Element, Query, QueryApi, Service};
use rotation_core::ServiceFault;

use crate::error::DiscoveryError;

/// The API version whose fields are read.
pub(super) const VERSION: &str = "2016-11-15";
/// The items per page, and the most pages that are read. A VPC may have 200 subnets and 200 route tables,
/// unless a higher quota was requested.
const PAGE: usize = 100;
const PAGES: usize = 20;
/// The largest page that is read, in bytes. A route table with all its 1000 routes has some 300 KiB.
pub(super) const MOST: usize = 16 * 1024 * 1024;

/// A condition: the name of a filter, and the values of which one must match.
pub(super) type Filter<'a> = (&'a str, &'a [&'a str]);

pub(super) struct Call<'a> {
    api: &'a QueryApi,
    region: Option<&'a str>,
}

impl<'a> Call<'a> {
    pub(super) fn new(api: &'a QueryApi, region: Option<&'a str>) -> Self {
        Self { api, region }
    }

    /// The items of every page of an answer.
    pub(super) async fn pages<T>(
        &self,
        operation: &'static str,
        filters: &[Filter<'_>],
        read: impl Fn(Element<'_, '_>) -> Result<Vec<T>, DiscoveryError>,
    ) -> Result<Vec<T>, DiscoveryError> {
        let unplaced = || AwsError::new(Service::Ec2, operation, ServiceFault::Rejected);
        let region = self.region.ok_or_else(unplaced)?;
        let page = |root: Element<'_, '_>| Ok((read(root), root.text("nextToken").map(str::to_owned)));
        let (mut items, mut token) = (Vec::new(), None);
        for _ in 0..PAGES {
            let query = query(operation, filters, token.as_deref());
            let (found, next) = match self.api.ask(region, &query, page).await {
                Err(error) if error.is_unreadable() => {
                    return Err(DiscoveryError::Incomplete { operation, what: "readable XML" });
                }
                answer => answer?,
            };
            items.extend(found?);
            if next.is_none() {
                return Ok(items);
            }
            token = next;
        }
        Err(DiscoveryError::TooMuch { operation, most: PAGES })
    }
}

/// The values are numbered as the Query protocol requires.
fn query(operation: &'static str, filters: &[Filter<'_>], token: Option<&str>) -> Query {
    let mut query = Query::new(operation).with("MaxResults", &PAGE.to_string());
    for ((name, values), number) in filters.iter().zip(1..) {
        query = query.with(&format!("Filter.{number}.Name"), name);
        for (value, place) in values.iter().zip(1..) {
            query = query.with(&format!("Filter.{number}.Value.{place}"), value);
        }
    }
    match token {
        Some(token) => query.with("NextToken", token),
        None => query,
    }
}
