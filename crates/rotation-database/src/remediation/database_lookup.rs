//! The stable code of a failed look-up of a server, and what to do about it.

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
            "From inside a VPC the API of {} needs an interface endpoint of its own or a NAT gateway, and a \
            security group that lets the function reach port 443. A master secret of your own with engine, \
            host, username and password, and the writer's host in it and in this secret, does without.",
            service.name
        ),
        (ServiceFault::Unreachable, Reader::Person) => format!(
            "Check that this machine reaches the API of {} on port 443, and AWS_ENDPOINT_URL if it is set.",
            service.name
        ),
        (ServiceFault::CertificateRefused, _) => "Name the authority of the endpoint's certificate in \
            AWS_CA_BUNDLE (a proxy that looks into TLS has one of its own), and check the region, the endpoint and the clock."
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
            check that its role exists, and deploy it again."
            .into(),
        (ServiceFault::CredentialsRefused, Reader::Person) => {
            "Log in again: the credentials are missing, have expired or are wrong.".into()
        }
        (ServiceFault::NotFound | ServiceFault::Rejected, _) => format!("See the cause that {} gives in this error.", error.operation),
    }
}
