//! The articles of network discovery's codes in `docs/errors`, and their group in the index `docs/errors.md`,
//! which the crate `rotation-database` writes.

use std::{collections::BTreeSet, fs};

use network_discovery::{DiscoveryCode, DiscoveryError, Engine};
use rotation_aws::{AwsError, Service};
use rotation_core::{Reader, ServiceFault};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

fn article(code: &str) -> String {
    fs::read_to_string(format!("{DOCS}/errors/{code}.md")).unwrap_or_else(|_| panic!("{code} has no article"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The document of errors has the codes of network discovery.
#[test]
fn document_lists_every_code() {
    let index = fs::read_to_string(format!("{DOCS}/errors.md")).unwrap();
    let (_, group) = index.split_once("\n## Network discovery\n").expect("a group");
    let listed: BTreeSet<_> = group.split("</a>[").skip(1).filter_map(|row| row.split(']').next()).collect();
    let own = DiscoveryCode::ALL.iter().filter(|code| **code != DiscoveryCode::Internal);
    assert_eq!(listed, own.clone().map(|code| code.name()).collect());
    for code in own {
        let (name, article) = (code.name(), article(code.name()));
        assert!(article.contains(&format!("\nclass: {}\n", code.class().name())), "{name}");
        assert!(one_line(&article).contains(&format!("# {name} {} ## Symptom", code.meaning())), "{name}");
    }
}

/// One of each kind, with slots in place of what it is about.
fn errors() -> Vec<DiscoveryError> {
    let faults = [
        ServiceFault::AccessDenied,
        ServiceFault::CredentialsRefused,
        ServiceFault::CertificateRefused,
        ServiceFault::Unreachable,
        ServiceFault::Throttled,
        ServiceFault::Internal,
        ServiceFault::Rejected,
    ];
    let lookups =
        faults.map(|fault| DiscoveryError::Lookup(AwsError::new(Service::Ec2, "DescribeRouteTables", fault)));
    let rest = [
        DiscoveryError::Property { property: "PROPERTY", rule: "RULE" },
        DiscoveryError::NoHost,
        DiscoveryError::Incomplete { operation: "OPERATION", what: "a subnet group" },
        DiscoveryError::TooMuch { operation: "OPERATION", most: 10 },
        DiscoveryError::NotFound { name: "HOST".into() },
        DiscoveryError::Proxy,
        DiscoveryError::OtherRegion { region: "REGION".into() },
        DiscoveryError::Engine { engine: "oracle-ee".into() },
        DiscoveryError::OtherEngine { given: "postgres".into(), found: Engine::Mysql },
        DiscoveryError::NoWriter,
        DiscoveryError::NotPublic,
        DiscoveryError::TimedOut,
        DiscoveryError::Panicked,
    ];
    lookups.into_iter().chain(rest).collect()
}

#[test]
fn every_hint_of_network_discovery_is_in_the_fix() {
    let mut missing = Vec::new();
    for error in errors() {
        let article = article(error.code());
        let (_, fix) = article.split_once("\n## Fix\n").expect("a fix");
        for reader in [Reader::Operator, Reader::Person] {
            let hint = error.remediation(reader).replace("ec2:DescribeRouteTables", "ACTION");
            let hint = one_line(&hint.replace(Reader::Person.role(), Reader::Operator.role()));
            if !one_line(fix).contains(&hint) {
                missing.push(format!("{}: {hint}", error.code()));
            }
        }
    }
    assert!(missing.is_empty(), "fixes without their hints:\n{}", missing.join("\n"));
}
