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

#[test]
fn a_code_is_its_name_in_every_print_and_comparison() {
    for code in all_codes() {
        assert_eq!(format!("{code:?}"), format!("{:?}", code.name()));
        assert_eq!(format!("{code:>40}"), format!("{:>40}", code.name()));
        assert!(code == code.name());
        assert_eq!(code == "DB_BUSY", code.name() == "DB_BUSY", "{code}");
    }
}

#[test]
fn the_server_has_said_no_by_five_codes() {
    let refused = codes::REFUSED_LOGINS.map(Code::name);
    let names =
        ["DB_AUTH_REFUSED", "SECRET_PASSWORD_LINE_BREAK", "DB_USER_NOT_FOUND", "DB_LOCKED", "DB_EXPIRED"];
    assert_eq!(refused, names);
}

/// The adapters ask for it before they call again; the class of the code has the same meaning.
#[test]
fn what_passes_by_itself_in_the_store_is_retryable() {
    for fault in STORE_FAULTS {
        let error = RotationError::from(StoreError::new("GetSecretValue", fault));
        assert_eq!(fault.passes(), error.class() == Class::Retryable, "{fault}");
    }
}
