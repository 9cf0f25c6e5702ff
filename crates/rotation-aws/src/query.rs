//! The Query protocol, in which RDS, Redshift and EC2 are called without their SDKs: a form asks, XML
//! answers.

mod element;
mod shape;

use std::time::Duration;

use rotation_config::EndpointUrl;
use rotation_core::{Deadline, ServiceFault};
use roxmltree::{Document, ParsingOptions};

pub use self::element::{Element, Unreadable};
use crate::{
    access::Access,
    error::{AwsError, Refusal, Service, UNREADABLE},
    https::{Answer, Https},
};

/// The longest that a call may take, its attempts together. The caller's deadline bounds all calls.
const CALL_TIME: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes, unless the caller chooses another size. The description of one
/// database has some 10 KiB.
const MOST: usize = 1024 * 1024;
/// The bytes of an answer for each of its nodes, at least. A node takes a few times its bytes of memory.
const LEAST_OF_NODE: usize = 16;

/// A service that is called in the Query protocol. The constructor opens no connection.
#[derive(Clone, Debug)]
pub struct QueryApi {
    access: Access,
    service: Service,
    version: &'static str,
    url: Option<String>,
    most: usize,
}

/// One operation with its parameters.
#[derive(Clone, Debug)]
pub struct Query {
    operation: &'static str,
    parameters: Vec<(String, String)>,
}

impl Query {
    /// An operation, as the service names it.
    pub fn new(operation: &'static str) -> Self {
        Self { operation, parameters: Vec::new() }
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    fn form(&self, version: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", self.operation).append_pair("Version", version);
        form.extend_pairs(&self.parameters).finish()
    }
}

impl QueryApi {
    /// The service in the version whose elements are read; at this URL, else at its Region's own endpoint.
    pub fn new(access: &Access, service: Service, version: &'static str, url: Option<&EndpointUrl>) -> Self {
        let url = url.map(EndpointUrl::as_str).or(access.sdk_config().endpoint_url()).map(str::to_owned);
        Self { access: access.clone(), service, version, url, most: MOST }
    }

    /// The same with another size of the largest answer, in bytes.
    #[must_use]
    pub fn with_largest_answer(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Makes a call with the lookups' backoff, and reads the answer from its root element. May be dropped at
    /// any await.
    ///
    /// # Errors
    /// The error of the last attempt. An answer that is no XML, larger than the limit, or that `read` refuses
    /// is [`ServiceFault::Internal`].
    pub async fn ask<T>(
        &self,
        region: &str,
        query: &Query,
        read: impl Fn(Element<'_, '_>) -> Result<T, Unreadable>,
    ) -> Result<T, AwsError> {
        let deadline = Deadline::after(CALL_TIME);
        let unanswered = || self.failed(query, ServiceFault::Unreachable).because("no answer in time");
        let attempt = || async {
            let body = self.attempt(region, query, deadline).await?;
            self.parsed(&body, &read).map_err(|Unreadable| self.unreadable(query))
        };
        let backoff = self.access.lookup_backoff.within(deadline);
        backoff.run(attempt, |error| error.fault.passes(), unanswered).await
    }

    /// The same for something that may not exist: `None` where the service refuses with a code that means so.
    ///
    /// # Errors
    /// As [`QueryApi::ask`].
    pub async fn find<T>(
        &self,
        region: &str,
        query: &Query,
        absent: impl Fn(&str) -> bool,
        read: impl Fn(Element<'_, '_>) -> Result<Option<T>, Unreadable>,
    ) -> Result<Option<T>, AwsError> {
        match self.ask(region, query, read).await {
            Err(error) if error.code().is_some_and(absent) => Ok(None),
            answered => answered,
        }
    }

    async fn attempt(&self, region: &str, query: &Query, deadline: Deadline) -> Result<String, AwsError> {
        let call = (self.service, query.operation);
        let request =
            self.request(region, query).ok_or_else(|| self.failed(query, ServiceFault::Rejected))?;
        let request = self.access.signed(call, region, request).await?;
        let Answer { status, body } =
            Https::new(&self.access).send(call, request, self.most, deadline).await?;
        if status != 200 {
            return Err(self.refused(query, status, &String::from_utf8_lossy(&body)));
        }
        String::from_utf8(body).map_err(|_| self.unreadable(query))
    }

    fn request(&self, region: &str, query: &Query) -> Option<http::Request<Vec<u8>>> {
        let own = || self.access.regional_url(self.service, region);
        let url = self.url.clone().unwrap_or_else(own);
        let url = format!("{}/", url.trim_end_matches('/'));
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        http::Request::post(&url).header("content-type", kind).body(query.form(self.version).into()).ok()
    }

    /// A refusal with its code and message, which contain no values except names. RDS and Redshift answer
    /// `ErrorResponse/Error/Code`, EC2 `Response/Errors/Error/Code`.
    fn refused(&self, query: &Query, status: u16, body: &str) -> AwsError {
        let texts = |root: Element<'_, '_>| {
            let error = root.child("Error").or_else(|| root.child("Errors")?.child("Error"));
            let text = |name| error.and_then(|error| error.text(name)).map(str::to_owned);
            Ok((text("Code"), text("Message")))
        };
        // What is no XML comes from a proxy or gateway in front of the service.
        let (code, message) = self.parsed(body, texts).unwrap_or_default();
        let refusal =
            Refusal { code: code.as_deref().unwrap_or_default(), message: message.as_deref(), status };
        AwsError::refused(self.service, query.operation, refusal)
    }

    /// Without a DTD, and so without entities. Neither the parser nor [`Element`] recurses.
    fn parsed<T>(
        &self,
        body: &str,
        read: impl Fn(Element<'_, '_>) -> Result<T, Unreadable>,
    ) -> Result<T, Unreadable> {
        shape::check(body)?;
        let nodes_limit = u32::try_from(self.most / LEAST_OF_NODE).unwrap_or(u32::MAX);
        let options = ParsingOptions { nodes_limit, allow_dtd: false, ..ParsingOptions::default() };
        let document = Document::parse_with_options(body, options).map_err(|_| Unreadable)?;
        read(Element::of(document.root_element()))
    }

    fn failed(&self, query: &Query, fault: ServiceFault) -> AwsError {
        AwsError::new(self.service, query.operation, fault)
    }

    fn unreadable(&self, query: &Query) -> AwsError {
        self.failed(query, ServiceFault::Internal).because(UNREADABLE)
    }
}
