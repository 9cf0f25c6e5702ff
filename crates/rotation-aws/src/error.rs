//! A failed call of AWS: whose call, which one, and what was wrong.

use std::fmt;

use thiserror::Error;

/// A call of AWS failed. It holds no value of a secret.
#[derive(Debug, Error)]
#[error("{operation} of {service} failed: {fault}")]
pub struct AwsError {
    /// Whose operation.
    pub service: Service,
    /// The operation, as the service names it.
    pub operation: &'static str,
    /// What was wrong.
    pub fault: AwsFault,
    /// The words of the service or of the connection, where there are any.
    #[source]
    pub(crate) cause: Option<Cause>,
}

impl AwsError {
    /// An error without a cause of its own.
    pub fn new(service: Service, operation: &'static str, fault: AwsFault) -> Self {
        Self { service, operation, fault, cause: None }
    }

    /// The error of an answer that refuses: by its code and, where that says nothing, by its HTTP status.
    pub fn refused(service: Service, operation: &'static str, refusal: Refusal<'_>) -> Self {
        let Refusal { code, message, status } = refusal;
        let fault = AwsFault::of_code(code).unwrap_or_else(|| AwsFault::of_status(status));
        let code = if code.is_empty() { format!("HTTP {status}") } else { code.to_owned() };
        let cause = Cause { code, message: message.map(str::to_owned) };
        Self { cause: Some(cause), ..Self::new(service, operation, fault) }
    }

    /// The same error with its cause in words.
    #[must_use]
    pub fn because(self, words: &str) -> Self {
        Self { cause: Some(Cause::new(words)), ..self }
    }

    /// The action of IAM that allows the operation: `ec2:DescribeSubnets`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.operation)
    }
}

/// What an answer that refuses has in it.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// The error code, or nothing.
    pub code: &'a str,
    /// The words beside it.
    pub message: Option<&'a str>,
    /// The HTTP status.
    pub status: u16,
}

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// AWS Secrets Manager.
    SecretsManager,
    /// Amazon RDS, which describes Aurora and DocumentDB as well.
    Rds,
    /// Amazon Redshift.
    Redshift,
    /// Amazon Redshift Serverless.
    RedshiftServerless,
    /// Amazon EC2.
    Ec2,
    /// AWS Lambda.
    Lambda,
    /// Amazon S3, where CloudFormation takes the answers of custom resources.
    S3,
}

impl Service {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "AWS Secrets Manager",
            Self::Rds => "Amazon RDS",
            Self::Redshift => "Amazon Redshift",
            Self::RedshiftServerless => "Amazon Redshift Serverless",
            Self::Ec2 => "Amazon EC2",
            Self::Lambda => "AWS Lambda",
            Self::S3 => "Amazon S3",
        }
    }

    /// The service prefix of IAM actions, which the names of endpoints and signatures have, too.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsmanager",
            Self::Rds => "rds",
            Self::Redshift => "redshift",
            Self::RedshiftServerless => "redshift-serverless",
            Self::Ec2 => "ec2",
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

/// Why a call of AWS failed, by who can fix it. What a single service alone says is sorted by that service's adapter.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AwsFault {
    /// The network: nothing answered.
    #[error("the endpoint did not answer")]
    Unreachable,
    /// The network, or whoever intercepts it: the endpoint's certificate is not trusted.
    #[error("the endpoint's certificate is not trusted")]
    CertificateRefused,
    /// The service, for the moment.
    #[error("too many requests")]
    Throttled,
    /// The service, for the moment.
    #[error("the service has a fault of its own")]
    Internal,
    /// The administrator of the role.
    #[error("access was denied")]
    AccessDenied,
    /// Whoever gave the credentials: there are none, or they have expired or do not sign rightly.
    #[error("the credentials are missing, expired or wrong")]
    CredentialsRefused,
    /// The caller: there is no such thing.
    #[error("there is no such resource")]
    NotFound,
    /// Anything else.
    #[error("the request was refused")]
    Rejected,
}

impl AwsFault {
    /// Whether the same call may succeed a moment later, with nobody having fixed anything.
    pub fn passes(self) -> bool {
        matches!(self, Self::Unreachable | Self::Throttled | Self::Internal)
    }

    /// What a code of any of the services means; `None` for those that say something of their own.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "ResourceNotFoundException" => Self::NotFound,
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "SlowDown" => Self::Throttled,
            "InternalServiceError"
            | "InternalServiceErrorException"
            | "InternalFailure"
            | "InternalServerException"
            | "RequestTimeout"
            | "RequestTimeoutException"
            | "ServiceUnavailable"
            | "ServiceUnavailableException" => Self::Internal,
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => Self::AccessDenied,
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
            | "SignatureDoesNotMatch" => Self::CredentialsRefused,
            _ => return None,
        })
    }

    /// What stands before a service answers with a status and maybe without a code.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            429 => Self::Throttled,
            500.. => Self::Internal,
            _ => Self::Rejected,
        }
    }
}

/// What the service or the SDK answered, without values.
#[derive(Debug)]
pub(crate) struct Cause {
    pub(crate) code: String,
    pub(crate) message: Option<String>,
}

impl Cause {
    pub(crate) fn new(code: &str) -> Self {
        Self { code: code.to_owned(), message: None }
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
