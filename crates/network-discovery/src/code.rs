//! The stable codes of the artifact `network_discovery` and of `rotate network`. What causes each and how to
//! fix it is in `docs/errors/CODE.md`.

use rotation_core::Class;

/// Makes the enumeration and what is known of its variants from one row each.
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $class:ident;)+) => {
        /// A stable name for a reason why a function cannot be placed. A name is never given to another
        /// failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum DiscoveryCode {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl DiscoveryCode {
            /// All of them, in the order in which a lookup meets them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name, as it stands in answers and lines: `DATABASE_NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it asks of the caller: another property or secret, another attempt, or a fix outside of
            /// both.
            pub const fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning,)+).trim(),)+ }
            }
        }
    };
}

codes! {
    /// The event is no request of a custom resource.
    RequestInvalid = "DISCOVERY_REQUEST_INVALID", Refused;
    /// A property of the custom resource cannot be used.
    PropertyInvalid = "DISCOVERY_PROPERTY_INVALID", Refused;
    /// Neither the value nor the tags of the secret name the database.
    SecretHostMissing = "SECRET_HOST_MISSING", Refused;
    /// IAM does not allow a lookup.
    LookupDenied = "DISCOVERY_DENIED", Failed;
    /// The credentials for AWS are missing, expired or wrong.
    LookupCredentials = "DISCOVERY_CREDENTIALS", Failed;
    /// The certificate of a service's endpoint is not trusted.
    LookupCertificate = "DISCOVERY_CERTIFICATE", Failed;
    /// A service does not answer.
    LookupUnreachable = "DISCOVERY_UNREACHABLE", Retryable;
    /// A service takes no more requests for the moment.
    LookupThrottled = "DISCOVERY_THROTTLED", Retryable;
    /// A service failed, or refused a request, in a way that has no code of its own.
    LookupFailed = "DISCOVERY_FAILED", Failed;
    /// A service answered without something that a database in a VPC has.
    LookupIncomplete = "DISCOVERY_INCOMPLETE", Retryable;
    /// There are more objects of a kind than are read.
    LookupTooLarge = "DISCOVERY_TOO_LARGE", Failed;
    /// The lookup did not finish in time.
    LookupTimedOut = "DISCOVERY_TIMED_OUT", Retryable;
    /// No database of the account and Region has this endpoint.
    DatabaseNotFound = "DATABASE_NOT_FOUND", Failed;
    /// The host is an RDS proxy.
    DatabaseProxy = "DATABASE_PROXY", Refused;
    /// The database is in another Region than the stack.
    DatabaseOtherRegion = "DATABASE_OTHER_REGION", Refused;
    /// There is no rotation function for the database's engine.
    EngineUnsupported = "ENGINE_UNSUPPORTED", Refused;
    /// The database has another engine than the secret or the template names.
    EngineMismatch = "ENGINE_MISMATCH", Refused;
    /// The cluster has no instance that writes.
    DatabaseNoWriter = "DATABASE_NO_WRITER", Retryable;
    /// The function was to be placed outside of any VPC, where it cannot reach the database.
    DatabaseNotPublic = "DATABASE_NOT_PUBLIC", Refused;
    /// No subnet of the VPC can hold a function.
    NetworkNoSubnet = "DISCOVERY_NO_SUBNET", Failed;
    /// CloudFormation could not be given the answer.
    AnswerUnreachable = "DISCOVERY_ANSWER_UNREACHABLE", Failed;
    /// The URL for the answer refuses it.
    AnswerRefused = "DISCOVERY_ANSWER_REFUSED", Failed;
    /// The answer does not fit into the 4096 bytes that CloudFormation takes.
    AnswerTooLarge = "DISCOVERY_ANSWER_TOO_LARGE", Failed;
    /// The function has a defect: it panicked.
    Internal = "INTERNAL", Failed;
}
