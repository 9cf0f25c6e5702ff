//! What to do about a function that cannot be placed.

use rotation_aws::AwsError;
use rotation_core::{Reader, ServiceFault};

use crate::error::DiscoveryError;

impl DiscoveryError {
    /// What to do next, in a few sentences.
    pub fn remediation(&self, reader: Reader) -> String {
        let (host, mode) = match reader {
            Reader::Operator => ("the property Host", "NetworkMode="),
            Reader::Person => ("--host", "--network "),
        };
        match self {
            Self::Property { property, rule } => format!("Set {property} in the template to {rule}."),
            Self::Secret(error) => error.remediation(reader),
            Self::NoHost => format!("Add `host` to the secret, or name the database's endpoint in {host}."),
            Self::Lookup(error) => lookup_hint(error, reader),
            Self::Incomplete { .. } => {
                "Wait until the database is available, and try again. A function for a \
                database outside of a VPC cannot be placed."
                    .into()
            }
            Self::TooMuch { .. } => EXPLICIT_NETWORK.into(),
            Self::NotFound { .. } => format!(
                "If the secret's host is an alias, name the database's own endpoint in {host}. If the \
                database is not of RDS, DocumentDB or Redshift, give the network by parameters, or \
                {mode}public if it can be reached from anywhere."
            ),
            Self::Proxy => format!("Name the endpoint of the database behind the proxy in {host}."),
            Self::OtherRegion { region } => {
                format!(
                    "Deploy in {region}, where the database is, for a secret whose primary is in that Region."
                )
            }
            Self::Engine { .. } => "Use a database of postgres, mysql, mariadb, docdb or redshift.".into(),
            Self::OtherEngine { .. } => {
                "Correct `engine` of the secret or of the template, or the host that leads \
                to another database."
                    .into()
            }
            Self::NoWriter => "Wait until the cluster has an instance that writes, and try again.".into(),
            Self::NotPublic => format!("Set {mode}auto or {mode}vpc."),
            Self::NoSubnet { vpc } => format!(
                "Add a subnet with free IPv4 addresses in an Availability Zone to {vpc}, or give the subnets \
                by parameters."
            ),
            Self::TimedOut => match reader {
                Reader::Operator => {
                    "Set the timeout of the function `network_discovery` to 60 seconds; if it runs \
                    in a VPC, let it reach the endpoints of RDS, Redshift and EC2."
                        .into()
                }
                Reader::Person => "Run the command again.".into(),
            },
            Self::Panicked => {
                "This is a defect of network discovery: report it with the function's log.".into()
            }
        }
    }
}

const EXPLICIT_NETWORK: &str = "Give the stacks their network by parameters (`scripts/deploy SECRET_ID \
    --parameter NetworkDiscovery=explicit`, and the parameters that deploy/README.md lists): this account \
    has more than is read.";

fn lookup_hint(error: &AwsError, reader: Reader) -> String {
    match error.fault {
        ServiceFault::AccessDenied => {
            format!("Allow `{}` in the policy of {}.", error.action(), reader.role())
        }
        ServiceFault::CredentialsRefused => "Log in again (`aws sts get-caller-identity` tests it): the \
            credentials are missing, have expired or are wrong."
            .into(),
        ServiceFault::Unreachable => {
            "Check the Region, AWS_ENDPOINT_URL and the proxies; a function of network discovery runs \
            outside of any VPC."
                .into()
        }
        ServiceFault::CertificateRefused => "Name the authority of the endpoint's certificate in \
            AWS_CA_BUNDLE (a proxy that inspects TLS has its own)."
            .into(),
        ServiceFault::Throttled | ServiceFault::Internal => "Try again in a few minutes.".into(),
        _ => "Fix what the error code at the end of this message names; the API reference of the service \
            lists the codes."
            .into(),
    }
}
