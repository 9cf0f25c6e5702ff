//! The articles of this crate's codes in `docs/errors`. Their index is written by the crate
//! `rotation-database`.

use std::fs;

use rotation_core::{Class, Reader, TargetError};
use rotator_elasticache::{ApiError, ApiFault, Company, ElastiCacheError, UserService, codes::MEANINGS};

fn article(code: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
    let text =
        fs::read_to_string(format!("{path}/{code}.md")).unwrap_or_else(|_| panic!("{code}: no article"));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every code has an article with its class and its meaning.
#[test]
fn every_code_has_an_article() {
    for (code, meaning) in MEANINGS {
        let article = article(code.name());
        assert!(article.contains(&format!("class: {} ", code.class().name())), "{code}");
        assert!(article.contains(&format!("# {code} {} ## Symptom", meaning.trim())), "{code}");
        let retried = if code.class() == Class::Retryable { "yes" } else { "no" };
        assert!(article.contains(&format!("retried_by_service: {retried} ")), "{code}");
    }
}

/// Every hint is in the fix of its article.
#[test]
fn every_hint_is_in_the_fix() {
    let faults = [
        ApiFault::NoSuchUser,
        ApiFault::Modifying,
        ApiFault::Denied,
        ApiFault::Unavailable,
        ApiFault::Rejected,
    ];
    let faults = faults.map(|fault| ApiError::new(UserService::ElastiCache, "ModifyUser", fault).into());
    let errors = [
        ElastiCacheError::UsersNotSaved,
        ElastiCacheError::MoreServers(Company::Replicas),
        ElastiCacheError::UserDiffers,
        ElastiCacheError::Modifying,
        ElastiCacheError::NotRotatable("logs in without a password"),
        ElastiCacheError::LoginRequired,
    ];
    for error in errors.into_iter().chain(faults) {
        let article = article(error.code().name());
        let (_, fix) = article.split_once(" ## Fix ").unwrap();
        let hint = error.remediation(Reader::Operator);
        assert!(fix.contains(&hint), "{}: {hint}", error.code());
    }
}
