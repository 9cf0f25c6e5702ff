//! The port to ElastiCache and MemoryDB: a user by its ARN, and its passwords.

use std::{error::Error as StdError, fmt};

use rotation_core::{DocumentError, Password, Reader};
use rotation_database::ServerArn;
use thiserror::Error;

/// ElastiCache and MemoryDB, or a fake of them. Every method is one call of the service, repeated where that
/// makes sense, and may be dropped at any await; a dropped change may have been made.
pub trait UserApi {
    /// `DescribeUsers`.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiFault::NoSuchUser`] where there is none.
    async fn user(&self, arn: &UserArn) -> Result<ManagedUser, ApiError>;

    /// `ModifyUser`, or MemoryDB's `UpdateUser`: afterwards the user has these passwords and no other, once
    /// it is active again.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiFault::Modifying`] where an earlier change is in progress.
    async fn set_passwords(&self, arn: &UserArn, passwords: [&Password; 2]) -> Result<(), ApiError>;
}

/// The service that has a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserService {
    /// Amazon ElastiCache.
    ElastiCache,
    /// Amazon MemoryDB.
    MemoryDb,
}

/// The ARN of a user: `arn:aws:elasticache:REGION:ACCOUNT:user:ID`, or
/// `arn:aws:memorydb:REGION:ACCOUNT:user/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserArn {
    arn: ServerArn,
    service: UserService,
    id: String,
}

impl UserArn {
    /// # Errors
    /// [`DocumentError::Invalid`] for anything but the ARN of a user of one of the two services.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let parse = || {
            let arn = ServerArn::parse(text)?;
            let (service, prefix) = match arn.service() {
                "elasticache" => (UserService::ElastiCache, "user:"),
                "memorydb" => (UserService::MemoryDb, "user/"),
                _ => return None,
            };
            let id = arn.resource().strip_prefix(prefix)?.to_owned();
            let plain = |text: &str| {
                (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            // The Region becomes a part of a host name.
            (plain(&id) && plain(arn.region())).then_some(Self { arn, service, id })
        };
        parse().ok_or(DocumentError::Invalid {
            field: "user_arn",
            rule: "the ARN of a user of ElastiCache or MemoryDB",
        })
    }

    /// The service that has the user.
    pub fn service(&self) -> UserService {
        self.service
    }

    /// The Region in which the service has it.
    pub fn region(&self) -> &str {
        self.arn.region()
    }

    /// The id of an ElastiCache user, or the name of a MemoryDB user.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        self.arn.as_str()
    }
}

/// What the service returns about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedUser {
    /// The ARN, as the service writes it.
    pub arn: String,
    /// The name with which it logs in.
    pub name: String,
    /// Whether it can be changed.
    pub state: UserState,
    /// The number of its passwords; `None` where it logs in otherwise.
    pub passwords: Option<u32>,
}

/// The state of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// All changes are in effect.
    Active,
    /// A change is in progress.
    Modifying,
    /// It is being deleted, or a state that is not known.
    Other,
}

impl UserState {
    /// As `Status` names it.
    pub fn of(status: &str) -> Self {
        match status {
            "active" => Self::Active,
            "modifying" => Self::Modifying,
            _ => Self::Other,
        }
    }
}

/// A call of the service failed. It contains no value of a secret.
#[derive(Debug, Error)]
#[error("{operation} of {} failed: {fault}", .service.name())]
pub struct ApiError {
    /// The service.
    pub service: UserService,
    /// The operation, as the service names it.
    pub operation: &'static str,
    /// Why it failed.
    pub fault: ApiFault,
    /// The adapter's own error. It must not contain values.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Why a call failed, by who can fix it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ApiFault {
    /// The secret's owner: there is no such user.
    #[error("there is no such user")]
    NoSuchUser,
    /// The service, for the moment: the user is being modified.
    #[error("the user is being modified")]
    Modifying,
    /// The administrator of the role.
    #[error("access was denied")]
    Denied,
    /// The service or the network, for the moment.
    #[error("the service is not available")]
    Unavailable,
    /// Anything else.
    #[error("the request was refused")]
    Rejected,
}

impl UserService {
    /// The name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::ElastiCache => "Amazon ElastiCache",
            Self::MemoryDb => "Amazon MemoryDB",
        }
    }

    /// The prefix of IAM actions.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::ElastiCache => "elasticache",
            Self::MemoryDb => "memorydb",
        }
    }
}

impl ApiError {
    /// An error without a source.
    pub fn new(service: UserService, operation: &'static str, fault: ApiFault) -> Self {
        Self { service, operation, fault, source: None }
    }

    /// The IAM action that allows the operation: `elasticache:ModifyUser`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.operation)
    }

    pub(crate) fn remediation(&self, reader: Reader) -> String {
        let command = format!("aws {} describe-users", self.service.prefix());
        match self.fault {
            ApiFault::NoSuchUser => format!("Correct `user_arn` in the secret: `{command}` lists all users."),
            ApiFault::Modifying => format!("Wait until the user is active (`{command}`). {}", reader.again()),
            ApiFault::Denied => format!("Allow {} on the user's ARN to {}.", self.action(), reader.role()),
            ApiFault::Unavailable => format!(
                "Check that {} reaches {} (a route to the internet, or an interface endpoint). {}",
                reader.caller(),
                self.service.name(),
                reader.again()
            ),
            ApiFault::Rejected => format!(
                "See the code of the service in this message, and whether the user exists and is active: \
                `{command}`."
            ),
        }
    }
}

impl fmt::Display for UserArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
