//! The chapter "Network discovery" of `docs/errors.md`, which is written from the table of codes:
//! `UPDATE_EXPECT=1 cargo test -p network-discovery document`.

use std::fmt::Write;

use expect_test::expect_file;
use network_discovery::DiscoveryCode;

const HEAD: &str = "
# Network discovery

Why a function cannot be placed: codes of the artifact `network_discovery`, in CloudFormation's `Reason` and
in its log, and of `rotate network`. Those of reading the secret are the ones above. Written from
`crates/network-discovery/src/code.rs`.
";

fn chapter() -> String {
    let mut text = String::from(HEAD);
    for code in DiscoveryCode::ALL {
        let (name, meaning) = (code.name(), code.meaning());
        // One name, one heading: the earlier chapter has a panic.
        let heading = if *code == DiscoveryCode::Internal { "INTERNAL (network discovery)" } else { name };
        write!(text, "\n## {heading}\n\n{meaning}\n\n").unwrap();
        writeln!(text, "- Causes: {}\n- Fix: {}", code.causes(), code.remediation()).unwrap();
    }
    text
}

#[test]
fn the_document_of_errors_has_the_codes_of_network_discovery() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    // What stands before is written and tested by the crate `rotation-core`.
    let written = std::fs::read_to_string(FILE).unwrap();
    let before = written.find("\n# Network discovery\n").map_or(&written[..], |at| &written[..at]);
    expect_file!["../../../../docs/errors.md"].assert_eq(&(before.to_owned() + &chapter()));
    for code in DiscoveryCode::ALL {
        for text in [code.meaning(), code.causes(), code.remediation()] {
            assert!(
                text.ends_with('.') && text.is_ascii() && !text.contains("  "),
                "{}: {text}",
                code.name()
            );
        }
    }
}
