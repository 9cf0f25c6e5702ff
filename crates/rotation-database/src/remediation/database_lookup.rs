//! The stable code of a failed lookup of a server, and what to do about it.

use rotation_core::{Code, Reader, ServiceFault};

use crate::{DatabaseLookupError, codes};

pub(super) fn lookup_code(fault: ServiceFault) -> Code {
    match fault {
        ServiceFault::Unreachable => codes::DBLOOKUP_UNREACHABLE,
        ServiceFault::CertificateRefused => codes::DBLOOKUP_CERTIFICATE,
        ServiceFault::Throttled => codes::DBLOOKUP_THROTTLED,
        ServiceFault::Internal => codes::DBLOOKUP_INTERNAL,
        ServiceFault::AccessDenied => codes::DBLOOKUP_DENIED,
        ServiceFault::CredentialsRefused => codes::DBLOOKUP_CREDENTIALS,
        ServiceFault::NotFound | ServiceFault::Rejected => codes::DBLOOKUP_REJECTED,
    }
}

pub(super) fn lookup_hint(error: &DatabaseLookupError, reader: Reader) -> String {
    let (service, role) = (error.service, reader.role());
    match (error.fault, reader) {
        (ServiceFault::Unreachable, Reader::Operator) => format!(
            "Give the function's VPC an interface endpoint for the API of {} or a NAT gateway, and let the \
            function's security group reach port 443. Without that API: use a master secret of your own with \
            `engine`, `host`, `username` and `password`, and name the writer's host in both secrets.",
            service.name
        ),
        (ServiceFault::Unreachable, Reader::Person) => format!(
            "Check that this machine reaches the API of {} on port 443, and AWS_ENDPOINT_URL if it is set.",
            service.name
        ),
        (ServiceFault::CertificateRefused, _) => "Name the authority of the endpoint's certificate in \
            AWS_CA_BUNDLE (a proxy that inspects TLS has its own), and check the Region, the endpoint and \
            the clock."
            .into(),
        (ServiceFault::Throttled | ServiceFault::Internal, _) => {
            format!("Nothing is lost. {}", reader.again())
        }
        (ServiceFault::AccessDenied, _) => format!(
            "Add this statement to the policy of {role}: {{\"Effect\": \"Allow\", \"Action\": [{}], \
            \"Resource\": \"*\"}}.",
            service.actions.iter().map(|action| format!("\"{action}\"")).collect::<Vec<_>>().join(", ")
        ),
        (ServiceFault::CredentialsRefused, Reader::Operator) => "Lambda gives a function its credentials: \
            remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from its environment, \
            check that its role exists, and deploy it again."
            .into(),
        (ServiceFault::CredentialsRefused, Reader::Person) => {
            "Log in again (`aws sts get-caller-identity` tests it): the credentials are missing, have \
            expired or are wrong."
                .into()
        }
        (ServiceFault::NotFound | ServiceFault::Rejected, _) => format!(
            "Fix what the error code at the end of this message names; the API reference of {} lists the \
                codes.",
            error.operation
        ),
    }
}
