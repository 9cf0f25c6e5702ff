//! What the three settings accept, and what is reported about the rest.

use std::fs;
use std::io::ErrorKind;

use database_net::{SettingFault, TlsSetting, TlsSettings, TlsSettingsError, client_config};
use tempfile::TempDir;

use crate::authorities::certificates;
use crate::fixture::{Authority, handshake, pem, server};

/// Stands for a secret that was put into the wrong variable.
const CANARY: &str = "canary-7f3a";

#[track_caller]
fn check(
    settings: Result<TlsSettings, TlsSettingsError>,
    setting: TlsSetting,
    fault: SettingFault,
    message: &str,
) {
    let error = settings.unwrap_err();
    assert_eq!(error, TlsSettingsError { setting, fault });
    assert_eq!(error.to_string(), message);
    assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
}

#[track_caller]
fn check_bundle(value: &str, fault: SettingFault, message: &str) {
    check(TlsSettings::parse(Some(value), None, None), TlsSetting::CaBundle, fault, message);
}

/// A bundle is accepted as text and as a path.
#[tokio::test]
async fn bundle_as_text_or_path() {
    let known = Authority::named("known");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bundle.pem");
    let commented = format!("# two authorities\n{}\n{}", Authority::named("another").pem(), known.pem());
    fs::write(&path, &commented).unwrap();
    for value in [commented.as_str(), path.to_str().unwrap()] {
        let settings = TlsSettings::parse(Some(value), None, None).unwrap();
        handshake(server(&known.issue("localhost")), client_config(&settings), "localhost").await.unwrap();
    }
}

/// Two bundles together trust the authorities of both.
#[tokio::test]
async fn two_bundles_add_up() {
    let (first, second) = (Authority::named("first"), Authority::named("second"));
    let settings = TlsSettings::default().with_ca_bundle(&first.pem()).unwrap();
    let settings = settings.with_ca_bundle(&second.pem()).unwrap();
    for authority in [first, second] {
        handshake(server(&authority.issue("localhost")), client_config(&settings), "localhost")
            .await
            .unwrap();
    }
}

/// A bundle adds to the built-in authorities and does not replace them.
#[test]
fn bundle_adds_to_built_in_roots() {
    let built_in = TlsSettings::default().authorities().roots;
    assert_eq!(built_in.len(), certificates().count());
    let settings = TlsSettings::default().with_ca_bundle(&Authority::named("extra").pem()).unwrap();
    let roots = settings.authorities().roots;
    assert_eq!(roots[..built_in.len()], built_in);
    assert_eq!(roots.len(), built_in.len() + 1);
}

/// An empty value counts as absent.
#[test]
fn empty_values_are_absent() {
    TlsSettings::parse(None, None, None).unwrap();
    TlsSettings::parse(Some(""), Some("  "), Some("\n")).unwrap();
}

/// A bundle that cannot be used is refused by the name of its setting.
#[test]
fn unusable_bundle_is_named() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let no_file = "TLS_CA_BUNDLE: neither PEM text nor the path of a readable file (entity not found)";
    check_bundle(CANARY, SettingFault::Unreadable(ErrorKind::NotFound), no_file);
    let folder_path = folder.path().to_str().unwrap();
    check_bundle(
        folder_path,
        SettingFault::NotAFile,
        "TLS_CA_BUNDLE: the path does not lead to a regular file",
    );
    check_bundle(
        "/dev/zero",
        SettingFault::NotAFile,
        "TLS_CA_BUNDLE: the path does not lead to a regular file",
    );
    let huge = write("huge", &vec![b'x'; 1024 * 1024 + 1]);
    check_bundle(&huge, SettingFault::TooLarge, "TLS_CA_BUNDLE: the file has more than 1 MiB");
    let none = "TLS_CA_BUNDLE: no CERTIFICATE section was found";
    check_bundle(&write("empty", b""), SettingFault::NoCertificate, none);
    check_bundle(&write("text", CANARY.as_bytes()), SettingFault::NoCertificate, none);
    check_bundle(&Authority::named("a").issue("b").key_pem(), SettingFault::NoCertificate, none);
    let damaged = "TLS_CA_BUNDLE: the PEM text is damaged";
    check_bundle(&format!("-----BEGIN CERTIFICATE-----\n{CANARY}"), SettingFault::DamagedPem, damaged);
    let not_base64 = format!("-----BEGIN CERTIFICATE-----\n!{CANARY}\n-----END CERTIFICATE-----\n");
    check_bundle(&not_base64, SettingFault::DamagedPem, damaged);
    let second = format!("{}{}", Authority::named("a").pem(), pem("CERTIFICATE", CANARY.as_bytes()));
    let unparsed = "TLS_CA_BUNDLE: certificate number 2 cannot be parsed";
    check_bundle(&second, SettingFault::DamagedCertificate { position: 2 }, unparsed);
}

/// Half a client identity is refused, and the error names the missing half.
#[test]
fn half_an_identity() {
    let identity = Authority::named("known").issue("client");
    check(
        TlsSettings::parse(None, Some(&identity.certificate_pem()), None),
        TlsSetting::ClientKey,
        SettingFault::Missing,
        "TLS_CLIENT_KEY: missing, although its counterpart is set",
    );
    check(
        TlsSettings::parse(None, Some(""), Some(&identity.key_pem())),
        TlsSetting::ClientCertificate,
        SettingFault::Missing,
        "TLS_CLIENT_CERT: missing, although its counterpart is set",
    );
}

/// A client identity that cannot be used is refused by the name of its setting.
#[test]
fn unusable_identity_is_named() {
    let authority = Authority::named("known");
    let identity = authority.issue("client");
    let (certificate, key) = (identity.certificate_pem(), identity.key_pem());
    let check_key = |key: &str, fault, message: &str| {
        check(TlsSettings::parse(None, Some(&certificate), Some(key)), TlsSetting::ClientKey, fault, message);
    };
    let other = authority.issue("other").key_pem();
    let another = "TLS_CLIENT_KEY: the private key does not belong to the client certificate";
    check_key(&other, SettingFault::KeyOfAnotherCertificate, another);
    check_key(&certificate, SettingFault::NoKey, "TLS_CLIENT_KEY: no PRIVATE KEY section was found");
    let encrypted =
        "TLS_CLIENT_KEY: the private key is encrypted, only keys without a passphrase are supported";
    check_key(&pem("ENCRYPTED PRIVATE KEY", b"x"), SettingFault::EncryptedKey, encrypted);
    let old =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\neA==\n-----END RSA PRIVATE KEY-----\n";
    check_key(old, SettingFault::EncryptedKey, encrypted);
    let unusable = "TLS_CLIENT_KEY: the private key is damaged or of an unsupported kind";
    check_key(&pem("PRIVATE KEY", CANARY.as_bytes()), SettingFault::UnusableKey, unusable);
    let damaged = "TLS_CLIENT_KEY: the PEM text is damaged";
    check_key(&format!("-----BEGIN PRIVATE KEY-----\n!{CANARY}\n"), SettingFault::DamagedPem, damaged);
    check(
        TlsSettings::parse(None, Some(&pem("CERTIFICATE", CANARY.as_bytes())), Some(&key)),
        TlsSetting::ClientCertificate,
        SettingFault::DamagedCertificate { position: 1 },
        "TLS_CLIENT_CERT: certificate number 1 cannot be parsed",
    );
}

/// A client identity is read from one file, and its key is never printed.
#[test]
fn identity_in_one_file() {
    let identity = Authority::named("known").issue("client");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("client.pem");
    fs::write(&path, format!("{}{}", identity.key_pem(), identity.certificate_pem())).unwrap();
    let path = path.to_str().unwrap();
    let printed = format!("{:?}", TlsSettings::parse(None, Some(path), Some(path)).unwrap());
    let secret = identity.key_pem();
    let line = secret.lines().nth(1).unwrap();
    assert!(!printed.contains(line), "{printed}");
}
