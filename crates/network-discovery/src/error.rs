//! Why a function cannot be placed, by who can fix it.

use aws_databases::LookupError;
use rotation_aws::AwsError;
use rotation_core::{RotationError, ServiceFault};
use thiserror::Error;

use crate::{code::DiscoveryCode, engine::Engine, identity::VpcId};

/// Nothing was changed anywhere: discovery only reads.
#[derive(Debug, Error)]
pub enum DiscoveryError {
    /// The caller: a property is invalid. Its value is not repeated.
    #[error("the property {property} must be {rule}")]
    Property {
        /// Its name.
        property: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The secret could not be read, or holds no document.
    #[error(transparent)]
    Secret(#[from] RotationError),
    /// The secret's owner: neither the value nor a tag names the database's address.
    #[error("the secret has no `host`, and no tag of rds or redshift")]
    NoHost,
    /// An AWS call failed.
    #[error(transparent)]
    Lookup(#[from] AwsError),
    /// The answer to a lookup lacks something that a database in a VPC has.
    #[error("{operation} answered without {what}")]
    Incomplete {
        /// The operation.
        operation: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// There is more than the function reads.
    #[error("{operation} has more than {most} pages")]
    TooMuch {
        /// The operation.
        operation: &'static str,
        /// How many pages are read.
        most: usize,
    },
    /// The secret's owner: no such database.
    #[error("no database of this account and region answers to {name}")]
    NotFound {
        /// The host or the identifier.
        name: String,
    },
    /// The secret's owner: the host is a proxy.
    #[error("the host is an RDS Proxy")]
    Proxy,
    /// The operator: the stacks are in another Region than the database.
    #[error("the database is in {region}, not in the region of this stack")]
    OtherRegion {
        /// The database's Region.
        region: String,
    },
    /// Nobody can fix it: there is no rotation function for this database.
    #[error("there is no rotation function for the engine {engine}")]
    Engine {
        /// As the lookup spells it.
        engine: String,
    },
    /// The secret's owner: it names another engine than the database has.
    #[error("the engine is given as {given}, but the database is {found}")]
    OtherEngine {
        /// From the property or the secret.
        given: String,
        /// From the lookup.
        found: Engine,
    },
    /// The database's administrator: a cluster without an instance that writes.
    #[error("the cluster has no writer at the moment")]
    NoWriter,
    /// The operator: nothing outside the VPC reaches this database.
    #[error("the database is not publicly accessible")]
    NotPublic,
    /// The administrator of the network: no subnet can hold a function.
    #[error("no subnet of {vpc} can hold a function")]
    NoSubnet {
        /// The VPC.
        vpc: VpcId,
    },
    /// The operator: the time ran out.
    #[error("the time for this lookup is over")]
    TimedOut,
    /// This project: a defect.
    #[error("the lookup panicked")]
    Panicked,
}

impl From<LookupError> for DiscoveryError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Call(error) => Self::Lookup(error),
            LookupError::TooMuch { operation, most } => Self::TooMuch { operation, most },
        }
    }
}

impl DiscoveryError {
    /// A stable name for this kind of failure: that of [`DiscoveryCode`], or of the secret's own failure.
    pub fn code(&self) -> &'static str {
        let own = match self {
            Self::Secret(error) => return error.code().name(),
            Self::Property { .. } => DiscoveryCode::PropertyInvalid,
            Self::NoHost => DiscoveryCode::SecretHostMissing,
            Self::Lookup(error) => match error.fault {
                ServiceFault::AccessDenied => DiscoveryCode::LookupDenied,
                ServiceFault::CredentialsRefused => DiscoveryCode::LookupCredentials,
                ServiceFault::CertificateRefused => DiscoveryCode::LookupCertificate,
                ServiceFault::Unreachable => DiscoveryCode::LookupUnreachable,
                ServiceFault::Throttled => DiscoveryCode::LookupThrottled,
                _ => DiscoveryCode::LookupFailed,
            },
            Self::Incomplete { .. } => DiscoveryCode::LookupIncomplete,
            Self::TooMuch { .. } => DiscoveryCode::LookupTooLarge,
            Self::NotFound { .. } => DiscoveryCode::DatabaseNotFound,
            Self::Proxy => DiscoveryCode::DatabaseProxy,
            Self::OtherRegion { .. } => DiscoveryCode::DatabaseOtherRegion,
            Self::Engine { .. } => DiscoveryCode::EngineUnsupported,
            Self::OtherEngine { .. } => DiscoveryCode::EngineMismatch,
            Self::NoWriter => DiscoveryCode::DatabaseNoWriter,
            Self::NotPublic => DiscoveryCode::DatabaseNotPublic,
            Self::NoSubnet { .. } => DiscoveryCode::NetworkNoSubnet,
            Self::TimedOut => DiscoveryCode::LookupTimedOut,
            Self::Panicked => DiscoveryCode::Internal,
        };
        own.name()
    }
}
