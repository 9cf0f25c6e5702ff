//! Codes of failures as values.

use rotation_core::{Class, Code, RotationError, StoreError};

use crate::error_texts::STORE_FAULTS;

#[test]
fn a_code_is_its_name_in_every_print_and_comparison() {
    for code in Code::ALL {
        assert_eq!(format!("{code:?}"), format!("{:?}", code.name()));
        assert_eq!(format!("{code:>40}"), format!("{:>40}", code.name()));
        assert!(*code == code.name());
        assert_eq!(*code == "DB_BUSY", code.name() == "DB_BUSY", "{code}");
    }
}

#[test]
fn the_codes_of_tls_are_those_that_its_failures_have() {
    for code in Code::ALL {
        assert_eq!(code.is_tls(), code.name().starts_with("TLS_"), "{code}");
    }
}

#[test]
fn the_server_has_said_no_by_five_codes() {
    let refused: Vec<_> =
        Code::ALL.iter().filter(|code| code.is_refused_login()).map(|code| code.name()).collect();
    let mut names =
        ["DB_AUTH_REFUSED", "SECRET_PASSWORD_LINE_BREAK", "DB_USER_MISSING", "DB_LOCKED", "DB_EXPIRED"];
    names.sort_by_key(|name| Code::ALL.iter().position(|code| code.name() == *name));
    assert_eq!(refused, names);
}

/// The adapters ask for it before they call again; whoever reads the code is told the same.
#[test]
fn what_passes_by_itself_in_the_store_is_retryable() {
    for fault in STORE_FAULTS {
        let error = RotationError::from(StoreError::new("GetSecretValue", fault));
        assert_eq!(fault.passes(), error.class() == Class::Retryable, "{fault}");
    }
}
