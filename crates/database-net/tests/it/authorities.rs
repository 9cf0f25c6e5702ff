//! The built-in authorities: complete, valid, and the ones that the list next to them names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use std::fs;

use database_net::TlsSettings;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

/// An authority with less than this left must be renewed before a release.
const MARGIN_DAYS: i64 = 365;

/// Every Region in which RDS runs and whose authorities are available from a package.
const REGIONS: [&str; 34] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The authorities that RDS offers to choose from, by the end of their names.
const KINDS: [&str; 3] = ["ECC384 G1", "RSA2048 G1", "RSA4096 G1"];

const AMAZON: [&str; 5] = [
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
];

/// The certificates from which the anchors were taken: Amazon Trust Services' first, then those of RDS.
pub(crate) fn certificates() -> impl Iterator<Item = CertificateDer<'static>> {
    let files: [&'static [u8]; 2] =
        [include_bytes!("../../data/amazon.der"), include_bytes!("../../data/rds.der")];
    files.into_iter().flat_map(|mut rest| {
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (others, _) = X509Certificate::from_der(rest).unwrap();
            let (certificate, others) = rest.split_at(rest.len() - others.len());
            rest = others;
            Some(CertificateDer::from_slice(certificate))
        })
    })
}

/// Calls `look` with the common name of each authority, its DER and the certificate.
fn each(mut look: impl FnMut(&str, &[u8], &X509Certificate<'_>)) {
    for der in certificates() {
        let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
        assert!(rest.is_empty());
        let name = certificate.subject().iter_common_name().next().unwrap().as_str().unwrap();
        look(name, &der, &certificate);
    }
}

/// Every authority is valid for at least one more year.
#[test]
#[expect(clippy::print_stdout, reason = "the list of last days is this test's result")]
fn a_year_of_validity_left() {
    let today = ASN1Time::now().timestamp();
    each(|name, _, certificate| {
        let last = certificate.validity().not_after;
        let days = (last.timestamp() - today) / 86_400;
        println!("{name}: until {last} ({days} days)");
        assert!(days >= MARGIN_DAYS, "{name} expires in {days} days: run scripts/update-authorities");
        assert!(certificate.validity().not_before.timestamp() <= today, "{name} is not valid yet");
    });
}

/// Every authority is a root that signed itself.
#[test]
fn roots_are_self_signed() {
    each(|name, _, certificate| {
        assert!(certificate.is_ca(), "{name}");
        assert_eq!(certificate.subject().as_raw(), certificate.issuer().as_raw(), "{name}");
    });
}

/// Each Region has its three authorities, and Amazon has its five.
#[test]
fn three_per_region_five_of_amazon() {
    let mut found = BTreeMap::<String, usize>::new();
    each(|name, _, _| *found.entry(name.to_owned()).or_default() += 1);
    let regional = REGIONS.iter().copied().chain(["Beta us-east-1", "Preview us-east-2"]);
    let mut expected: BTreeMap<String, usize> = regional
        .flat_map(|region| KINDS.map(|kind| (format!("Amazon RDS {region} Root CA {kind}"), 1)))
        .collect();
    expected.extend(AMAZON.map(|name| (name.to_owned(), 1)));
    assert_eq!(found, expected);
}

/// The list next to the data has the hash, the last day and the name of each authority in it.
#[test]
fn list_matches_the_bundle() {
    let mut listing = String::new();
    each(|name, der, certificate| {
        for byte in ring::digest::digest(&ring::digest::SHA256, der).as_ref() {
            write!(listing, "{byte:02x}").unwrap();
        }
        let last = certificate.validity().not_after.to_datetime();
        let (year, month, day) = (last.year(), u8::from(last.month()), last.day());
        writeln!(listing, "  {year}-{month:02}-{day:02}  {name}").unwrap();
    });
    assert_eq!(listing, include_str!("../../data/authorities.txt"));
}

/// The trust anchors are the names and keys of the certificates.
/// `UPDATE_EXPECT=1` rewrites the file, like every generated file here.
#[test]
#[expect(clippy::disallowed_methods, reason = "the variable is this test's own, as it is expect-test's")]
fn anchors_match_the_certificates() {
    let mut expected = Vec::new();
    each(|_, _, certificate| {
        let parts = &certificate.tbs_certificate;
        expected.extend_from_slice(parts.subject.as_raw());
        expected.extend_from_slice(parts.subject_pki.raw);
    });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/anchors.der");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file, &expected).unwrap();
    }
    assert!(fs::read(file).unwrap() == expected, "data/anchors.der is out of date: run with UPDATE_EXPECT=1");
}

/// Every certificate is trusted exactly as rustls would trust it.
#[test]
fn trusted_as_by_rustls() {
    let mut standard = RootCertStore::empty();
    for certificate in certificates() {
        standard.add(certificate).unwrap();
    }
    assert_eq!(TlsSettings::default().authorities().roots, standard.roots);
}
