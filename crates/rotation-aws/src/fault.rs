//! The SDK's errors, classified by who can fix them.

use std::{error::Error as StdError, io};

use aws_sdk_secretsmanager::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rotation_core::ServiceFault;

use crate::{
    access::{Access, Origin},
    error::{AwsError, Cause, Refusal, Service, UNREADABLE},
};

impl Access {
    /// Classifies a failed call of any service. The error contains the service's code and message.
    pub fn failed<E>(
        &self,
        service: Service,
        operation: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> AwsError
    where
        E: ProvideErrorMetadata,
    {
        self.origin.failed(service, operation, error)
    }

    /// Classifies the failure of a connection that was made without an SDK.
    pub(crate) fn unconnected(
        &self,
        service: Service,
        operation: &'static str,
        error: &ConnectorError,
    ) -> AwsError {
        let (fault, cause) = self.origin.unconnected(error);
        AwsError { cause: Some(cause), ..AwsError::new(service, operation, fault) }
    }
}

impl Origin {
    pub(crate) fn failed<E>(
        self,
        service: Service,
        operation: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> AwsError
    where
        E: ProvideErrorMetadata,
    {
        let (fault, cause) = match error {
            SdkError::ServiceError(refused) => {
                let refusal = Refusal {
                    code: refused.err().code().unwrap_or_default(),
                    message: refused.err().message(),
                    status: refused.raw().status().as_u16(),
                };
                return AwsError::refused(service, operation, refusal);
            }
            SdkError::TimeoutError(_) => (ServiceFault::Unreachable, Cause::new("no answer in time")),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => self.unconnected(error),
                None => (ServiceFault::Unreachable, Cause::new("no connection")),
            },
            SdkError::ResponseError(_) => (ServiceFault::Internal, Cause::new(UNREADABLE)),
            _ => (ServiceFault::Rejected, Cause::new("the request could not be built: is AWS_REGION set?")),
        };
        AwsError { cause: Some(cause), ..AwsError::new(service, operation, fault) }
    }

    fn unconnected(self, error: &ConnectorError) -> (ServiceFault, Cause) {
        let root = root_of(error);
        // An error of no kind at all comes from before the connection: where no key was passed, there was
        // nothing to sign with.
        let kindless = error.is_other() && error.as_other().is_none();
        match self {
            Origin::Missing if kindless => {
                (ServiceFault::CredentialsRefused, Cause::new("no usable credentials"))
            }
            Origin::Sought if kindless => {
                (ServiceFault::CredentialsRefused, Cause::new(&format!("no usable credentials: {root}")))
            }
            _ if is_certificate(error) => (ServiceFault::CertificateRefused, Cause::new(&root.to_string())),
            _ => (ServiceFault::Unreachable, Cause::new(&root.to_string())),
        }
    }
}

/// Whether the connection failed because the server's certificate is not trusted.
pub(crate) fn is_certificate(error: &ConnectorError) -> bool {
    matches!(root_of(error).downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// The last cause of a failed connection: `connection refused`, `invalid peer certificate: UnknownIssuer`. A
/// layer that shows its content as its own message, as an I/O error does, is also unwrapped.
fn root_of<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut error = error;
    loop {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let Some(next) = inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
        else {
            return error;
        };
        error = next;
    }
}
