//! One query in the query protocol: signed, repeated where that makes sense, and read to its last page.

use std::time::Duration;

use rotation_aws::{Access, Answer, AwsError, Backoff, Https, Service};
use rotation_core::{Deadline, ServiceFault};

use crate::error::DiscoveryError;

use super::answer;

/// The API version whose fields are read.
const VERSION: &str = "2016-11-15";
/// The items per page, and the most pages that are read. A VPC may have 200 subnets and 200 route tables,
/// unless a higher quota was requested.
const PAGE: usize = 100;
const PAGES: usize = 20;
/// The largest page that is read, in bytes. A route table with all its 1000 routes has some 300 KiB.
const MOST: usize = 16 * 1024 * 1024;
/// Attempts at one page.
const ATTEMPTS: u32 = 4;
/// The longest that a page may take, its attempts together. The caller's deadline bounds the whole.
const PAGE_TIME: Duration = Duration::from_secs(20);

/// A condition: the name of a filter, and the values of which one must match.
pub(super) type Filter<'a> = (&'a str, &'a [&'a str]);

pub(super) struct Call<'a> {
    access: &'a Access,
    https: &'a Https,
    url: Option<&'a str>,
}

impl<'a> Call<'a> {
    pub(super) fn new(access: &'a Access, https: &'a Https, url: Option<&'a str>) -> Self {
        Self { access, https, url }
    }

    /// Every page of an answer, as XML.
    pub(super) async fn pages(
        &self,
        operation: &'static str,
        filters: &[Filter<'_>],
    ) -> Result<Vec<String>, DiscoveryError> {
        let mut pages = Vec::new();
        let mut token: Option<String> = None;
        while pages.len() < PAGES {
            let page = self.page(operation, &form(operation, filters, token.as_deref())).await?;
            token = answer::next_token(operation, &page)?;
            pages.push(page);
            if token.is_none() {
                return Ok(pages);
            }
        }
        Err(DiscoveryError::TooMuch { operation, most: PAGES })
    }

    async fn page(&self, operation: &'static str, form: &str) -> Result<String, AwsError> {
        let deadline = Deadline::after(PAGE_TIME);
        let unanswered =
            || AwsError::new(Service::Ec2, operation, ServiceFault::Unreachable).because("no answer in time");
        let attempt = || self.attempt(operation, form, deadline);
        let backoff = Backoff::attempts(ATTEMPTS).within(deadline);
        backoff.run(attempt, |error| error.fault.passes(), unanswered).await
    }

    async fn attempt(
        &self,
        operation: &'static str,
        form: &str,
        deadline: Deadline,
    ) -> Result<String, AwsError> {
        let unbuilt = || AwsError::new(Service::Ec2, operation, ServiceFault::Rejected);
        let region = self.access.region().ok_or_else(unbuilt)?;
        let request = request(self.url.ok_or_else(unbuilt)?, form).ok_or_else(unbuilt)?;
        let request = self.access.signed((Service::Ec2, operation), region, request).await?;
        let Answer { status, body } =
            self.https.send((Service::Ec2, operation), request, MOST, deadline).await?;
        let body = String::from_utf8(body)
            .map_err(|_| AwsError::new(Service::Ec2, operation, ServiceFault::Internal))?;
        if status == 200 { Ok(body) } else { Err(answer::refusal(operation, status, &body)) }
    }
}

/// The query as a form. Values are numbered as the query protocol requires.
fn form(operation: &str, filters: &[Filter<'_>], token: Option<&str>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", VERSION);
    form.append_pair("MaxResults", &PAGE.to_string());
    for ((name, values), number) in filters.iter().zip(1..) {
        form.append_pair(&format!("Filter.{number}.Name"), name);
        for (value, place) in values.iter().zip(1..) {
            form.append_pair(&format!("Filter.{number}.Value.{place}"), value);
        }
    }
    if let Some(token) = token {
        form.append_pair("NextToken", token);
    }
    form.finish()
}

fn request(url: &str, form: &str) -> Option<http::Request<Vec<u8>>> {
    let url = format!("{}/", url.trim_end_matches('/'));
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    http::Request::post(&url).header("content-type", kind).body(form.as_bytes().to_vec()).ok()
}
