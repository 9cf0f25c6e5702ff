//! The kit on right targets and issuers, which pass, and on wrong ones, of which it names the defect.

#[path = "../../examples/access_keys.rs"]
mod access_keys;
mod right;
#[path = "../../examples/token_service.rs"]
mod token_service;
mod wrong;
mod wrong_issuers;
