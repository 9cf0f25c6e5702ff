//! ElastiCache and MemoryDB themselves. Two operations of each do not justify their SDKs: the SDKs' own signer
//! signs the requests, and libraries for XML and JSON read the answers.

mod elasticache;
mod memorydb;

use std::{sync::Arc, time::Duration};

use rotation_aws::{Access, Answer, AwsError, Backoff, Https, Refusal, Service, regional_url};
use rotation_config::{ConfigError, EndpointUrl, Environment};
use rotation_core::{Deadline, Invocation, Password, ServiceFault};
use zeroize::Zeroizing;

use crate::user_api::{ApiError, ApiFault, ManagedUser, UserApi, UserArn, UserService};

/// The largest answer that is read, in bytes: it is the description of one user.
const MOST: usize = 256 * 1024;
/// Attempts at one call.
const ATTEMPTS: u32 = 3;
/// The longest that a call may take, its attempts together.
const CALL_TIME: Duration = Duration::from_secs(12);

/// ElastiCache and MemoryDB, each in the Region of the user.
#[derive(Clone, Debug)]
pub struct Aws {
    access: Access,
    https: Arc<Https>,
    /// URLs other than the Region's own.
    elasticache: Option<EndpointUrl>,
    memorydb: Option<EndpointUrl>,
    deadline: Option<Deadline>,
}

/// One request of one operation.
struct Call {
    service: UserService,
    operation: &'static str,
    request: Request,
}

/// The parts of a request in which the two protocols differ.
struct Request {
    headers: Vec<(&'static str, String)>,
    /// It may hold passwords.
    body: Zeroizing<String>,
}

impl Aws {
    /// Both services, over this access, with the URLs of `AWS_ENDPOINT_URL_ELASTICACHE`,
    /// `AWS_ENDPOINT_URL_MEMORYDB` or `AWS_ENDPOINT_URL` where they are set.
    ///
    /// # Errors
    /// [`ConfigError`] names the first URL that is none.
    pub fn new(access: &Access, environment: &Environment) -> Result<Self, ConfigError> {
        let url = |name: &'static str| {
            let text = environment.text(name).or_else(|| environment.text("AWS_ENDPOINT_URL"));
            let url = text.map(EndpointUrl::parse).transpose();
            url.map_err(|error| ConfigError::new(name, error.to_string()))
        };
        Ok(Self {
            https: Https::new(access).into(),
            access: access.clone(),
            elasticache: url("AWS_ENDPOINT_URL_ELASTICACHE")?,
            memorydb: url("AWS_ENDPOINT_URL_MEMORYDB")?,
            deadline: None,
        })
    }

    /// The same, within the deadline of an invocation.
    #[must_use]
    pub fn within(&self, invocation: &Invocation) -> Self {
        Self { deadline: Some(invocation.deadline), ..self.clone() }
    }

    /// The body of an answer that does not refuse.
    async fn ask(&self, call: &Call, region: &str) -> Result<Vec<u8>, ApiError> {
        let (service, operation) = (aws_service(call.service), call.operation);
        let deadline = self.deadline.unwrap_or_else(|| Deadline::after(CALL_TIME)).at_most(CALL_TIME);
        let unanswered =
            || AwsError::new(service, operation, ServiceFault::Unreachable).because("no answer in time");
        let attempt = || self.attempt(call, region, deadline);
        let backoff = Backoff::attempts(ATTEMPTS).within(deadline);
        let answer = backoff.run(attempt, |error: &AwsError| error.fault.passes(), unanswered).await;
        let answer = answer.map_err(|error| ApiError {
            fault: fault_of(error.fault),
            source: Some(error.into()),
            ..ApiError::new(call.service, operation, ApiFault::Rejected)
        })?;
        match answer {
            Answer { status: 200, body } => Ok(body),
            Answer { status, body } => Err(call.refusal(status, &body)),
        }
    }

    /// One attempt. A refusal that may pass is an error here, so that it is tried again.
    async fn attempt(&self, call: &Call, region: &str, deadline: Deadline) -> Result<Answer, AwsError> {
        let (service, operation) = (aws_service(call.service), call.operation);
        let unbuilt = || AwsError::new(service, operation, ServiceFault::Rejected);
        let url = self.url(call.service, region);
        let request = call.request.build(&url).ok_or_else(unbuilt)?;
        let request = self.access.signed((service, operation), region, request).await?;
        let answer = self.https.send((service, operation), request, MOST, deadline).await?;
        if answer.status == 200 {
            return Ok(answer);
        }
        let code = call.code(&answer.body).unwrap_or_default();
        // The message is left out: it may quote what was asked.
        let refusal = Refusal { code: &code, message: None, status: answer.status };
        let error = AwsError::refused(service, operation, refusal);
        if error.fault.passes() { Err(error) } else { Ok(answer) }
    }

    fn url(&self, service: UserService, region: &str) -> String {
        let own = match service {
            UserService::ElastiCache => &self.elasticache,
            UserService::MemoryDb => &self.memorydb,
        };
        let url = match own {
            Some(url) => url.as_str().to_owned(),
            None => match service {
                UserService::ElastiCache => regional_url(Service::ElastiCache, region),
                // The one service whose endpoints are not called as its actions.
                UserService::MemoryDb => {
                    regional_url(Service::MemoryDb, region).replacen("memorydb", "memory-db", 1)
                }
            },
        };
        format!("{}/", url.trim_end_matches('/'))
    }
}

impl UserApi for Aws {
    async fn user(&self, arn: &UserArn) -> Result<ManagedUser, ApiError> {
        let (call, read): (_, fn(&[u8], &UserArn) -> Option<ManagedUser>) = match arn.service() {
            UserService::ElastiCache => (elasticache::describe(arn), elasticache::user),
            UserService::MemoryDb => (memorydb::describe(arn), memorydb::user),
        };
        let body = self.ask(&call, arn.region()).await?;
        read(&body, arn).ok_or_else(|| ApiError::new(call.service, call.operation, ApiFault::NoSuchUser))
    }

    async fn set_passwords(&self, arn: &UserArn, passwords: [&Password; 2]) -> Result<(), ApiError> {
        let call = match arn.service() {
            UserService::ElastiCache => elasticache::modify(arn, passwords),
            UserService::MemoryDb => memorydb::update(arn, passwords),
        };
        self.ask(&call, arn.region()).await.map(drop)
    }
}

impl Call {
    /// The code of a refusal.
    fn code(&self, body: &[u8]) -> Option<String> {
        match self.service {
            UserService::ElastiCache => elasticache::code(body),
            UserService::MemoryDb => memorydb::code(body),
        }
    }

    fn refusal(&self, status: u16, body: &[u8]) -> ApiError {
        let code = self.code(body).unwrap_or_default();
        let error = AwsError::refused(
            aws_service(self.service),
            self.operation,
            Refusal { code: &code, message: None, status },
        );
        let fault = match code.trim_end_matches("Fault") {
            "UserNotFound" => ApiFault::NoSuchUser,
            "InvalidUserState" => ApiFault::Modifying,
            _ => fault_of(error.fault),
        };
        ApiError { source: Some(error.into()), ..ApiError::new(self.service, self.operation, fault) }
    }
}

impl Request {
    fn build(&self, url: &str) -> Option<http::Request<Vec<u8>>> {
        let request = self
            .headers
            .iter()
            .fold(http::Request::post(url), |request, (name, value)| request.header(*name, value.as_str()));
        request.body(self.body.as_bytes().to_vec()).ok()
    }
}

fn aws_service(service: UserService) -> Service {
    match service {
        UserService::ElastiCache => Service::ElastiCache,
        UserService::MemoryDb => Service::MemoryDb,
    }
}

fn fault_of(fault: ServiceFault) -> ApiFault {
    match fault {
        ServiceFault::Unreachable | ServiceFault::Throttled | ServiceFault::Internal => ApiFault::Unavailable,
        ServiceFault::AccessDenied => ApiFault::Denied,
        ServiceFault::NotFound => ApiFault::NoSuchUser,
        ServiceFault::CertificateRefused | ServiceFault::CredentialsRefused | ServiceFault::Rejected => {
            ApiFault::Rejected
        }
    }
}
