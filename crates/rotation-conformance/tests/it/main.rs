//! The kit with correct targets and issuers, which pass, and with wrong ones, whose defects it names.

#[path = "../../examples/access_keys.rs"]
mod access_keys;
mod plain;
mod right;
#[path = "../../examples/token_service.rs"]
mod token_service;
mod wrong;
mod wrong_issuers;
