//! Endpoints and bundles of authorities: what is accepted, and what is refused before the first call.

use rotation_config::{CaBundle, CaBundleError, EndpointUrl};
use test_servers::TestAuthority;

#[track_caller]
fn check(text: &str, good: bool) {
    assert_eq!(EndpointUrl::parse(text).is_ok(), good, "{text:?}");
}

/// An endpoint is a host or an HTTP URL.
#[test]
fn host_or_http_url() {
    for text in [
        "https://secretsmanager.us-east-1.amazonaws.com",
        "https://secretsmanager.us-east-1.amazonaws.com/",
        "vpce-0123456789abcdef0-abcdefgh.secretsmanager.us-east-1.vpce.amazonaws.com",
        "http://127.0.0.1:4584",
        "http://[::1]:4584/",
        "localhost:4566",
    ] {
        check(text, true);
    }
    for text in [
        "https://secretsmanager us-east-1",
        "secretsmanager us-east-1",
        "https://",
        "https://:443",
        "ftp://secretsmanager.us-east-1.amazonaws.com",
        "file:///etc/hosts",
        "https://user@secretsmanager.us-east-1.amazonaws.com",
        "https://localhost:port",
        "https://localhost?x=y",
        "",
        " ",
        "/",
    ] {
        check(text, false);
    }
}

/// A bundle holds at least one certificate, and every one of them can be read.
#[test]
fn every_certificate_is_readable() {
    let authority = TestAuthority::new();
    let pem = authority.certificate_pem();
    let refusal = |text: &str| CaBundle::parse(text.into()).err();
    assert_eq!(refusal(pem), None);
    assert_eq!(refusal(&format!("# two\n{pem}\n{pem}")), None);
    assert_eq!(refusal(""), Some(CaBundleError::Empty));
    assert_eq!(refusal("no certificate"), Some(CaBundleError::Empty));
    let cut = &pem[..pem.len() / 2];
    assert_eq!(refusal(cut), Some(CaBundleError::NotPem));
    let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(refusal(other), Some(CaBundleError::NotACertificate));
    assert_eq!(refusal(&format!("{pem}\n{other}")), Some(CaBundleError::NotACertificate));
}
