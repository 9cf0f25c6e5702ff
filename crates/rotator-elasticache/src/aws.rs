//! ElastiCache and MemoryDB themselves. Two operations of each do not justify their SDKs: the SDKs' own
//! signer signs the requests, and libraries for XML and JSON read the answers.

mod call;
mod elasticache;
mod memorydb;

use std::{sync::Arc, time::Duration};

use crate::user_api::{ApiError, ApiFault, ManagedUser, UserApi, UserArn, UserService};
use rotation_aws::{
    Access, Answer, AwsError, Backoff, EndpointVariant, Https, Refusal, Service, regional_url,
};
use rotation_config::{ConfigError, EndpointUrl, Environment};
use rotation_core::{Deadline, Invocation, Password, ServiceFault};

use self::call::{Call, aws_service, fault_of};

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
        let code = (call.code)(&answer.body).unwrap_or_default();
        // The message is left out: it may quote what was asked.
        let refusal = Refusal { code: &code, message: None, status: answer.status };
        let error = AwsError::refused(service, operation, refusal);
        if error.fault.passes() { Err(error) } else { Ok(answer) }
    }

    fn url(&self, service: UserService, region: &str) -> String {
        let variant = EndpointVariant::default();
        let own = match service {
            UserService::ElastiCache => &self.elasticache,
            UserService::MemoryDb => &self.memorydb,
        };
        let url = match own {
            Some(url) => url.as_str().to_owned(),
            None => match service {
                UserService::ElastiCache => regional_url(Service::ElastiCache, region, variant),
                // The one service whose endpoints are not called as its actions.
                UserService::MemoryDb => {
                    regional_url(Service::MemoryDb, region, variant).replacen("memorydb", "memory-db", 1)
                }
            },
        };
        format!("{}/", url.trim_end_matches('/'))
    }
}

impl UserApi for Aws {
    async fn user(&self, arn: &UserArn) -> Result<ManagedUser, ApiError> {
        let call = match arn.service() {
            UserService::ElastiCache => elasticache::describe(arn),
            UserService::MemoryDb => memorydb::describe(arn),
        };
        let body = self.ask(&call, arn.region()).await?;
        let user = match arn.service() {
            UserService::ElastiCache => elasticache::user(&body, arn),
            UserService::MemoryDb => memorydb::user(&body, arn),
        };
        user.ok_or_else(|| ApiError::new(call.service, call.operation, ApiFault::NoSuchUser))
    }

    async fn set_passwords(&self, arn: &UserArn, passwords: [&Password; 2]) -> Result<(), ApiError> {
        let call = match arn.service() {
            UserService::ElastiCache => elasticache::modify(arn, passwords),
            UserService::MemoryDb => memorydb::update(arn, passwords),
        };
        self.ask(&call, arn.region()).await.map(drop)
    }
}
