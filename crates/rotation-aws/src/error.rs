//! A failed call of AWS: the service, the operation, and the fault.

use std::fmt;

use rotation_core::ServiceFault;
use thiserror::Error;

/// A call of AWS failed. It contains no value of a secret.
#[derive(Debug, Error)]
#[error("{operation} of {service} failed: {fault}")]
pub struct AwsError {
    /// The service that has this operation.
    pub service: Service,
    /// The operation, as the service names it.
    pub operation: &'static str,
    /// Why it failed.
    pub fault: ServiceFault,
    /// The message of the service or of the connection, where there is one.
    #[source]
    pub(crate) cause: Option<Cause>,
}

impl AwsError {
    /// An error without a cause.
    pub fn new(service: Service, operation: &'static str, fault: ServiceFault) -> Self {
        Self { service, operation, fault, cause: None }
    }

    /// The error for an answer that refuses, classified by its code or, where the code is unknown, by its
    /// HTTP status.
    pub fn refused(service: Service, operation: &'static str, refusal: Refusal<'_>) -> Self {
        let Refusal { code, message, status } = refusal;
        let fault = fault_of_code(code).unwrap_or_else(|| fault_of_status(status));
        let coded = !code.is_empty();
        let code = if coded { code.to_owned() } else { format!("HTTP {status}") };
        let cause = Cause { code, coded, message: message.map(str::to_owned) };
        Self { cause: Some(cause), ..Self::new(service, operation, fault) }
    }

    /// The same error, with its cause in words.
    #[must_use]
    pub fn because(self, words: &str) -> Self {
        Self { cause: Some(Cause::new(words)), ..self }
    }

    /// The error code with which the service refused the call; `None` where the service did not answer, or
    /// answered without a code.
    pub fn code(&self) -> Option<&str> {
        self.cause.as_ref().filter(|cause| cause.coded).map(|cause| cause.code.as_str())
    }

    /// Whether the service answered something that cannot be read as the answer of the operation.
    pub fn is_unreadable(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.code == UNREADABLE)
    }

    /// The IAM action that allows the operation: `ec2:DescribeSubnets`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.operation)
    }
}

/// The cause of an error for an answer that cannot be read.
pub(crate) const UNREADABLE: &str = "an unreadable answer";

/// The content of an answer that refuses.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The error code, or an empty text.
    pub code: &'a str,
    /// The message of the answer.
    pub message: Option<&'a str>,
    /// The HTTP status.
    pub status: u16,
}

/// An AWS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// AWS Secrets Manager.
    SecretsManager,
    /// Amazon RDS, which also describes Aurora and DocumentDB.
    Rds,
    /// Amazon Redshift.
    Redshift,
    /// Amazon Redshift Serverless.
    RedshiftServerless,
    /// Amazon EC2.
    Ec2,
    /// Amazon ElastiCache.
    ElastiCache,
    /// Amazon MemoryDB.
    MemoryDb,
    /// AWS Lambda.
    Lambda,
    /// Amazon S3, where CloudFormation receives the answers of custom resources.
    S3,
}

impl Service {
    /// The name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "AWS Secrets Manager",
            Self::Rds => "Amazon RDS",
            Self::Redshift => "Amazon Redshift",
            Self::RedshiftServerless => "Amazon Redshift Serverless",
            Self::Ec2 => "Amazon EC2",
            Self::ElastiCache => "Amazon ElastiCache",
            Self::MemoryDb => "Amazon MemoryDB",
            Self::Lambda => "AWS Lambda",
            Self::S3 => "Amazon S3",
        }
    }

    /// The service prefix of IAM actions, which endpoint names and signatures also use.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsmanager",
            Self::Rds => "rds",
            Self::Redshift => "redshift",
            Self::RedshiftServerless => "redshift-serverless",
            Self::Ec2 => "ec2",
            Self::ElastiCache => "elasticache",
            Self::MemoryDb => "memorydb",
            Self::Lambda => "lambda",
            Self::S3 => "s3",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The fault for a code that all services share; `None` for other codes.
pub(crate) fn fault_of_code(code: &str) -> Option<ServiceFault> {
    Some(match code {
        "ResourceNotFoundException" => ServiceFault::NotFound,
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown" => ServiceFault::Throttled,
        "InternalServiceError"
        | "InternalServiceErrorException"
        | "InternalFailure"
        | "InternalServerException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => ServiceFault::Internal,
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => ServiceFault::AccessDenied,
        "AuthFailure"
        | "UnrecognizedClientException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "SignatureDoesNotMatch" => ServiceFault::CredentialsRefused,
        _ => return None,
    })
}

/// A proxy or gateway in front of a service may answer with a status but without a code.
pub(crate) fn fault_of_status(status: u16) -> ServiceFault {
    match status {
        429 => ServiceFault::Throttled,
        500.. => ServiceFault::Internal,
        _ => ServiceFault::Rejected,
    }
}

/// What the service or the SDK answered, without values.
#[derive(Debug)]
pub(crate) struct Cause {
    /// The service's error code, or else words.
    pub(crate) code: String,
    pub(crate) coded: bool,
    pub(crate) message: Option<String>,
}

impl Cause {
    pub(crate) fn new(code: &str) -> Self {
        Self { code: code.to_owned(), coded: false, message: None }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.code),
            None => f.write_str(&self.code),
        }
    }
}

impl std::error::Error for Cause {}
