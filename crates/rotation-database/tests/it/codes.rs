//! Codes of failures as values.

use rotation_core::{Class, Code, RotationError, StoreError};
use rotation_database::codes;

use crate::error_texts::STORE_FAULTS;

/// Those of the protocol, then those of databases.
pub(crate) fn all_codes() -> Vec<Code> {
    [rotation_core::codes::ALL, codes::ALL].concat()
}

/// What each of them means.
pub(crate) fn all_meanings() -> Vec<(Code, &'static str)> {
    [rotation_core::codes::MEANINGS, codes::MEANINGS].concat()
}

/// A code is its name wherever it is printed or compared.
#[test]
fn code_equals_its_name() {
    for code in all_codes() {
        assert_eq!(format!("{code:?}"), format!("{:?}", code.name()));
        assert_eq!(format!("{code:>40}"), format!("{:>40}", code.name()));
        assert!(code == code.name());
        assert_eq!(code == "DB_BUSY", code.name() == "DB_BUSY", "{code}");
    }
}

/// Exactly five codes mean that the server itself has refused.
#[test]
fn five_codes_mean_a_server_refusal() {
    let refused = codes::REFUSED_LOGINS.map(Code::name);
    let names =
        ["DB_AUTH_REFUSED", "SECRET_PASSWORD_LINE_BREAK", "DB_USER_NOT_FOUND", "DB_LOCKED", "DB_EXPIRED"];
    assert_eq!(refused, names);
}

/// What passes by itself in the store is retryable.
/// The adapters ask for it before they call again; the class of the code has the same meaning.
#[test]
fn transient_store_faults_are_retryable() {
    for fault in STORE_FAULTS {
        let error = RotationError::from(StoreError::new("GetSecretValue", fault));
        assert_eq!(fault.passes(), error.class() == Class::Retryable, "{fault}");
    }
}
