//! Every code is reached by a test that causes it.

use std::collections::BTreeSet;

use rotation_core::{Code, diagnosis::FindingCode};
use rotation_database::codes;
use rotator_elasticache::codes as caches;

use super::texts::texts_of;

/// A code, the test or the case of the conformance suite that causes it, and how that one names it in its
/// body.
type Row = (Code, &'static str, &'static str);

const EVENTS_AND_LABELS: &[Row] = &[
    (codes::CONFIG_INVALID, "answered", "CONFIG_INVALID"),
    (codes::EVENT_INVALID, "outsized", "EVENT_INVALID"),
    (codes::SECRET_DELETED, "deleted", "SECRET_DELETED"),
    (codes::SECRET_MANAGED, "findings_beyond_rotation_errors", "SECRET_MANAGED"),
    (codes::SECRET_REPLICA, "findings_beyond_rotation_errors", "SECRET_REPLICA"),
    (codes::SECRET_FOREIGN, "foreign", "SECRET_FOREIGN"),
    (codes::ROTATION_DISABLED, "disabled", "ROTATION_DISABLED"),
    (codes::ROTATION_OTHER_FUNCTION, "other_function", "ROTATION_OTHER_FUNCTION"),
    (codes::VERSION_NOT_FOUND, "unknown_version", "VERSION_NOT_FOUND"),
    (codes::VERSION_NOT_PENDING, "not_pending", "VERSION_NOT_PENDING"),
    (codes::SECRET_NO_CURRENT, "secret_without_awscurrent", "SECRET_NO_CURRENT"),
    (codes::DRY_RUN, "refused_as_dry_run", "DRY_RUN"),
    (codes::LABELS_MOVED, "overtaken", "LABELS_MOVED"),
    (codes::SECRET_NO_VALUE, "missing_value", "SECRET_NO_VALUE"),
    (codes::TIMED_OUT, "hang_is_named_by_its_cause", "TIMED_OUT"),
    (codes::INTERNAL, "panic_is_answered_as_an_error", "INTERNAL"),
];

const SECRETS: &[Row] = &[
    (codes::SECRET_FIELD_MISSING, "missing_field", "SECRET_FIELD_MISSING"),
    (codes::SECRET_FIELD_INVALID, "wrong_field", "SECRET_FIELD_INVALID"),
    (codes::SECRET_HOST_SRV, "members_are_never_resolved", "SECRET_HOST_SRV"),
    (codes::MASTER_MEMBER_MISSING, "master_secret_names_the_member", "MASTER_MEMBER_MISSING"),
    (codes::SECRET_ENGINE_MISMATCH, "wrong_engine", "SECRET_ENGINE_MISMATCH"),
    (codes::SECRET_MALFORMED, "not_an_object", "SECRET_MALFORMED"),
    (codes::SECRET_BINARY, "not_an_object", "SECRET_BINARY"),
    (codes::PENDING_HOST_DIFFERS, "other_server", "PENDING_HOST_DIFFERS"),
    (codes::PENDING_USER_DIFFERS, "other_user", "PENDING_USER_DIFFERS"),
    (codes::MASTER_INVALID, "malformed", "MASTER_INVALID"),
    (codes::RELATED_SECRET_INVALID, "unusable_related_secret_has_a_code", "RELATED_SECRET_INVALID"),
    (codes::RELATED_SECRET_UNREADABLE, "unusable_related_secret_has_a_code", "RELATED_SECRET_UNREADABLE"),
    (codes::NO_VERSION_OPENS_TARGET, "secret_that_opens_nothing_has_a_code", "NO_VERSION_OPENS_TARGET"),
    (codes::MASTER_HOST_DIFFERS, "other_server", "MASTER_HOST_DIFFERS"),
    (codes::MASTER_NOT_DEPLOYED, "not_deployed", "MASTER_NOT_DEPLOYED"),
    (codes::MASTER_SAME_AS_SECRET, "its_own_master", "MASTER_SAME_AS_SECRET"),
    (codes::NO_RANDOMNESS, "no_random_bytes_no_password", "NO_RANDOMNESS"),
];

const SERVICE: &[Row] = &[
    (codes::NET_SM_UNREACHABLE, "unserved_endpoint_is_unreachable", "StoreFault::Unreachable"),
    (codes::NET_SM_CERTIFICATE, "https_with_the_given_authority", "StoreFault::CertificateRefused"),
    (codes::SM_THROTTLED, "quotas_and_deleted_secrets", "StoreFault::Throttled"),
    (codes::SM_INTERNAL, "faults_by_who_can_fix_them", "StoreFault::Internal"),
    (codes::SM_REJECTED, "quotas_and_deleted_secrets", "StoreFault::Rejected"),
    (codes::IAM_DENIED, "key_is_blamed_by_the_service_only", "StoreFault::AccessDenied"),
    (codes::IAM_CREDENTIALS, "invalid_credentials", "StoreFault::CredentialsRefused"),
    (codes::KMS_DENIED, "faults_by_who_can_fix_them", "StoreFault::KeyDenied"),
    (codes::SECRET_NOT_FOUND, "unknown_secret", "SECRET_NOT_FOUND"),
    (codes::MASTER_UNREADABLE, "unknown", "MASTER_UNREADABLE"),
    (codes::TOKEN_REQUIRED, "rotation_token_is_passed_back", "StoreFault::TokenRequired"),
    (codes::PASSWORD_UNUSABLE, "random_password_against_the_policy", "StoreFault::Unusable"),
];

const LOOKUP: &[Row] = &[
    (codes::MASTER_OWNER_UNKNOWN, "managed_master_without_a_server", "MASTER_OWNER_UNKNOWN"),
    (codes::MASTER_OWNER_NOT_FOUND, "managed_master_without_a_server", "MASTER_OWNER_NOT_FOUND"),
    (codes::MASTER_ENGINE_DIFFERS, "managed_master_without_a_server", "MASTER_ENGINE_DIFFERS"),
    (codes::DBLOOKUP_UNREACHABLE, "unserved_or_untrusted_endpoint", "DBLOOKUP_UNREACHABLE"),
    (codes::DBLOOKUP_CERTIFICATE, "unserved_or_untrusted_endpoint", "DBLOOKUP_CERTIFICATE"),
    (codes::DBLOOKUP_THROTTLED, "refusals_are_distinct", "DBLOOKUP_THROTTLED"),
    (codes::DBLOOKUP_INTERNAL, "refusals_are_distinct", "DBLOOKUP_INTERNAL"),
    (codes::DBLOOKUP_DENIED, "refusals_are_distinct", "DBLOOKUP_DENIED"),
    (codes::DBLOOKUP_CREDENTIALS, "refusals_are_distinct", "DBLOOKUP_CREDENTIALS"),
    (codes::DBLOOKUP_REJECTED, "refusals_are_distinct", "DBLOOKUP_REJECTED"),
    (codes::REPLICA_SOURCE_NOT_FOUND, "replica_without_its_source", "REPLICA_SOURCE_NOT_FOUND"),
    (codes::REPLICA_LAGS, "set_waits_for_the_replica", "REPLICA_LAGS"),
];

const CONNECTIONS: &[Row] = &[
    (codes::NET_DB_DNS, "silent_or_nonexistent", "ConnectError::Dns"),
    (codes::NET_DB_FORBIDDEN, "name_of_no_database", "ConnectError::ForbiddenAddress"),
    (codes::NET_DB_UNREACHABLE, "silent_or_nonexistent", "ConnectError::Unreachable"),
    (codes::NET_DB_TIMED_OUT, "ten_failures_have_ten_codes", "NET_DB_TIMED_OUT"),
    (codes::TLS_UNAVAILABLE, "plaintext_only_on_request", "ConnectError::TlsUnavailable"),
    (codes::TLS_EXPIRED, "certificate_faults_stop_the_login", "TlsFault::Expired"),
    (codes::TLS_NOT_YET_VALID, "certificate_faults_stop_the_login", "TlsFault::NotYetValid"),
    (codes::TLS_SELF_SIGNED, "certificate_faults_stop_the_login", "TlsFault::SelfSigned"),
    (codes::TLS_HOSTNAME, "certificate_faults_stop_the_login", "TlsFault::WrongHost"),
    (codes::TLS_UNKNOWN_CA, "certificate_faults_stop_the_login", "TlsFault::UnknownAuthority"),
    (codes::TLS_NO_RESPONSE, "ten_failures_have_ten_codes", "TLS_NO_RESPONSE"),
    (codes::TLS_HANDSHAKE, "client_certificate_or_a_rule_error", "TlsFault::Handshake"),
];

const LOGINS: &[Row] = &[
    (codes::DB_REPLICA_SET_DIFFERS, "another_set_is_refused", "DB_REPLICA_SET_DIFFERS"),
    (codes::DB_PRIMARY_NOT_LISTED, "unlisted_primary_is_not_followed", "DB_PRIMARY_NOT_LISTED"),
    (codes::DB_AUTH_REFUSED, "current_refused", "DB_AUTH_REFUSED"),
    (codes::SECRET_PASSWORD_LINE_BREAK, "fault_of_the_login_comes_first", "SECRET_PASSWORD_LINE_BREAK"),
    (codes::DB_NO_CREDENTIAL_ACCEPTED, "nobody_knows", "DB_NO_CREDENTIAL_ACCEPTED"),
    (codes::DB_USER_NOT_FOUND, "access_rules_that_reject_or_trust", "NoSuchUser"),
    (codes::DB_LOCKED, "locked", "DB_LOCKED"),
    (codes::DB_EXPIRED, "expired_account_that_is_sent_away", "ConnectError::Expired"),
    (codes::DB_ACCESS_RULE, "access_rules_that_reject_or_trust", "ConnectError::AccessRule"),
    (codes::DB_TOO_MANY_CONNECTIONS, "refusals_of_a_real_server", "ConnectError::TooManyConnections"),
    (codes::DB_AUTH_METHOD, "access_rules_that_reject_or_trust", "ConnectError::AuthenticationMethod"),
    (codes::DB_DATABASE_CLOSED, "closed_database_is_opened", "DB_DATABASE_CLOSED"),
    (codes::DB_SESSION_REFUSED, "login_trigger_has_its_own_code", "DB_SESSION_REFUSED"),
    (codes::DB_NAME_NOT_FOUND, "refusals_of_a_real_server", "ConnectError::NoDatabase"),
    (codes::DB_NOT_READY, "shutdown_is_reported", "ConnectError::NotReady"),
    (codes::DB_UNSUPPORTED, "oldest_wire_version_is_6", "DB_UNSUPPORTED"),
    (codes::DB_PROTOCOL, "fault_on_the_way_comes_first", "DB_PROTOCOL"),
];

const STATEMENTS: &[Row] = &[
    (codes::DB_MAJORITY_MISSING, "retry_waits_for_the_majority", "DB_MAJORITY_MISSING"),
    (codes::DB_PROXY_ANSWER, "old_password_list_moves_nothing", "DB_PROXY_ANSWER"),
    (codes::DB_SESSION_NOT_ORIGINAL, "pooled_session_of_the_clone", "StatementFault::SessionDiffers"),
    (codes::MASTER_ENDPOINT_UNPROVEN, "second_server", "MASTER_ENDPOINT_UNPROVEN"),
    (codes::DB_HOST_IS_PROXY, "single_user_behind_an_rds_proxy", "DB_HOST_IS_PROXY"),
    (codes::DB_USERS_OF_ANOTHER_SECRET, "second_secret", "DB_USERS_OF_ANOTHER_SECRET"),
    (codes::DB_CLONE_EXCEEDS_ORIGINAL, "given_meanwhile", "DB_CLONE_EXCEEDS_ORIGINAL"),
    (codes::DB_OLD_PASSWORD_ACTIVE, "second_that_may_not_be_ended", "StatementFault::OldPasswordActive"),
    (codes::DB_USER_HAS_OTHER_ACCOUNTS, "same_password_is_refused", "StatementFault::OtherAccounts"),
    (codes::DB_READ_ONLY, "standby_is_read_only", "StatementFault::ReadOnly"),
    (codes::DB_PRIVILEGE_MISSING, "missing_privilege_with_its_statement", "StatementFault::PrivilegeMissing"),
    (codes::DB_PASSWORDS_RESTRICTED, "fault_in_the_database_comes_first", "DB_PASSWORDS_RESTRICTED"),
    (codes::DB_PASSWORD_POLICY, "password_against_the_policy", "StatementFault::PasswordPolicy"),
    (codes::DB_ORIGINAL_NOT_FOUND, "user_named_like_a_clone", "DB_ORIGINAL_NOT_FOUND"),
    (codes::DB_CLONE_NOT_RECOGNIZED, "unrelated_account_is_no_clone", "StatementFault::CloneNotRecognized"),
    (codes::DB_USER_NOT_ROTATABLE, "master_itself_does_not_alternate", "StatementFault::NotRotatable"),
    (codes::DB_LOCK_UNAVAILABLE, "cluster_that_gives_no_lock", "DB_LOCK_UNAVAILABLE"),
    (codes::DB_BUSY, "locked_row_and_lost_connection", "StatementFault::Busy"),
    (codes::DB_CONNECTION_LOST, "locked_row_and_lost_connection", "StatementFault::ConnectionLost"),
    (codes::DB_TIMED_OUT, "statement_stops_at_its_limit", "StatementFault::TimedOut"),
    (codes::DB_STATEMENT, "pipelined_first_error_counts", "StatementFault::Other"),
    (codes::TEST_QUERY_FAILED, "fails_until", "TEST_QUERY_FAILED"),
];

const ELASTICACHE: &[Row] = &[
    (caches::VALKEY_USERS_NOT_SAVED, "server_without_an_acl_file", "VALKEY_USERS_NOT_SAVED"),
    (caches::VALKEY_MORE_SERVERS, "server_that_is_not_alone", "VALKEY_MORE_SERVERS"),
    (caches::ELASTICACHE_USER_DIFFERS, "users_that_are_refused", "ELASTICACHE_USER_DIFFERS"),
    (caches::ELASTICACHE_USER_NOT_FOUND, "users_that_are_refused", "ELASTICACHE_USER_NOT_FOUND"),
    (
        caches::ELASTICACHE_USER_MODIFYING,
        "slow_change_is_waited_for_by_retries",
        "ELASTICACHE_USER_MODIFYING",
    ),
    (caches::ELASTICACHE_USER_NOT_ROTATABLE, "users_that_are_refused", "ELASTICACHE_USER_NOT_ROTATABLE"),
    (caches::ELASTICACHE_LOGIN_REQUIRED, "login_proof_is_a_setting", "ELASTICACHE_LOGIN_REQUIRED"),
    (caches::ELASTICACHE_DENIED, "faults_of_the_service", "ELASTICACHE_DENIED"),
    (caches::ELASTICACHE_UNAVAILABLE, "faults_of_the_service", "ELASTICACHE_UNAVAILABLE"),
    (caches::ELASTICACHE_REJECTED, "faults_of_the_service", "ELASTICACHE_REJECTED"),
];

/// Codes whose test plays the other side, because nothing real can be had here that gives them, and why. All
/// others are caused for real: by real servers, sockets, certificates and processes, and by the rules of the
/// local Secrets Manager.
const PLAYED: &[(Code, &str)] = &[
    (codes::SECRET_NO_CURRENT, "the service moves AWSCURRENT and never takes it away"),
    (codes::TIMED_OUT, "whoever really keeps a step waiting has a code of its own before its time is over"),
    (codes::SM_INTERNAL, "the service is set to fail"),
    (codes::KMS_DENIED, "the service is set to refuse, as there are no keys"),
    (codes::IAM_DENIED, "there is no IAM: moto's answers in a form that no service of JSON has"),
    (codes::IAM_CREDENTIALS, "there is no IAM that looks at a key"),
    (codes::PASSWORD_UNUSABLE, "a service that breaks its own rules"),
    (codes::DBLOOKUP_THROTTLED, "moto has no quota"),
    (codes::DBLOOKUP_INTERNAL, "moto does not fail"),
    (codes::DBLOOKUP_DENIED, "moto's IAM nests its errors otherwise than RDS does"),
    (codes::DBLOOKUP_CREDENTIALS, "the same"),
    (codes::DBLOOKUP_REJECTED, "what is asked is nothing that moto refuses"),
    (codes::REPLICA_LAGS, "no host of the machine has a name of RDS"),
    (codes::DB_UNSUPPORTED, "no server so old can be had"),
    (caches::ELASTICACHE_USER_DIFFERS, "no ElastiCache can be had: its double answers"),
    (caches::ELASTICACHE_USER_NOT_FOUND, "the same; MemoryDB's is moto's"),
    (caches::ELASTICACHE_USER_MODIFYING, "the same"),
    (caches::ELASTICACHE_USER_NOT_ROTATABLE, "the same"),
    (caches::ELASTICACHE_DENIED, "a service that refuses everything"),
    (caches::ELASTICACHE_UNAVAILABLE, "the same"),
    (caches::ELASTICACHE_REJECTED, "the same"),
];

/// What doctor finds beyond that.
const FINDINGS: &[(FindingCode, &str, &str)] = &[
    (finding_codes::OK, "findings_beyond_rotation_errors", "\"OK\""),
    (finding_codes::NOT_CHECKED, "findings_beyond_rotation_errors", "NOT_CHECKED"),
    (finding_codes::SECRET_PASSWORD_COPIED, "fault_of_the_secret_comes_first", "SECRET_PASSWORD_COPIED"),
    (finding_codes::TLS_EXPIRES_SOON, "fault_on_the_way_comes_first", "TLS_EXPIRES_SOON"),
    (finding_codes::TLS_OFF, "findings_beyond_rotation_errors", "TLS_OFF"),
    (finding_codes::PENDING_STUCK, "fault_of_the_login_comes_first", "PENDING_STUCK"),
    (finding_codes::CURRENT_REFUSED, "fault_of_the_login_comes_first", "CURRENT_REFUSED"),
    (finding_codes::GRANTS_DIFFER, "fault_in_the_database_comes_first", "GRANTS_DIFFER"),
    (finding_codes::DB_PASSWORD_NOT_ASKED, "passwordless_login_proves_nothing", "DB_PASSWORD_NOT_ASKED"),
    (finding_codes::SERVER_NOTE, "findings_beyond_rotation_errors", "SERVER_NOTE"),
    (finding_codes::ROTATION_NOT_CONFIGURED, "findings_beyond_rotation_errors", "ROTATION_NOT_CONFIGURED"),
    (finding_codes::FUNCTION_NOT_FOUND, "planted_fault_comes_first", "FUNCTION_NOT_FOUND"),
    (finding_codes::FUNCTION_NOT_INVOCABLE, "planted_fault_comes_first", "FUNCTION_NOT_INVOCABLE"),
    (
        finding_codes::FUNCTION_PERMISSION_TOO_BROAD,
        "planted_fault_comes_first",
        "FUNCTION_PERMISSION_TOO_BROAD",
    ),
    (finding_codes::FUNCTION_INACTIVE, "inactive_or_hidden_function", "FUNCTION_INACTIVE"),
    (finding_codes::FUNCTION_TIMEOUT_TOO_SHORT, "planted_fault_comes_first", "FUNCTION_TIMEOUT_TOO_SHORT"),
];

/// Why a function cannot be placed.
const NETWORK_DISCOVERY: &[(&str, &str)] = &[
    ("DISCOVERY_REQUEST_INVALID", "undelivered_answer_fails"),
    ("DISCOVERY_PROPERTY_INVALID", "template_properties"),
    ("SECRET_HOST_MISSING", "tags_only_without_a_host"),
    ("DISCOVERY_DENIED", "ec2_refusals"),
    ("DISCOVERY_CREDENTIALS", "ec2_refusals"),
    ("DISCOVERY_CERTIFICATE", "untrusted_service_gets_nothing"),
    ("DISCOVERY_UNREACHABLE", "silent_ec2_is_given_up"),
    ("DISCOVERY_THROTTLED", "ec2_refusals"),
    ("DISCOVERY_FAILED", "ec2_refusals"),
    ("DISCOVERY_INCOMPLETE", "ec2_answers_are_bounded"),
    ("DISCOVERY_TOO_LARGE", "ec2_answers_are_bounded"),
    ("DISCOVERY_TIMED_OUT", "silent_services_are_reported"),
    ("DATABASE_NOT_FOUND", "moto_databases_are_placed"),
    ("DATABASE_PROXY", "unplaceable_ends_early"),
    ("DATABASE_OTHER_REGION", "unplaceable_ends_early"),
    ("ENGINE_UNSUPPORTED", "moto_databases_are_placed"),
    ("ENGINE_MISMATCH", "unplaceable_ends_early"),
    ("DATABASE_NO_WRITER", "cluster_without_a_writer"),
    ("DATABASE_NOT_PUBLIC", "moto_databases_are_placed"),
    ("DISCOVERY_NO_SUBNET", "vpc_without_usable_subnets"),
    ("DISCOVERY_ANSWER_UNREACHABLE", "undelivered_answer_fails"),
    ("DISCOVERY_ANSWER_REFUSED", "undelivered_answer_fails"),
    ("DISCOVERY_ANSWER_TOO_LARGE", "answer_fits_cloudformation"),
    ("INTERNAL", "panic_becomes_a_failure_answer"),
];

/// The bodies of all functions of this name: a name may be that of cases in several files.
fn bodies<'a>(sources: &'a [(String, String)], function: &str) -> Vec<&'a str> {
    let heads = ["(", "<"].map(|after| format!("fn {function}{after}"));
    let found = sources
        .iter()
        .flat_map(|(_, text)| heads.iter().filter_map(|head| text.find(head.as_str()).map(|at| &text[at..])));
    found.map(|rest| rest.split("\n}\n").next().unwrap_or(rest)).collect()
}

/// Every code is reached by a test that exists.
#[test]
fn every_code_has_an_existing_test() {
    let tables = [EVENTS_AND_LABELS, SECRETS, SERVICE, LOOKUP, CONNECTIONS, LOGINS, STATEMENTS, ELASTICACHE];
    let rows: Vec<_> = tables.into_iter().flatten().collect();
    let sources: Vec<_> = texts_of("rs").collect();
    for (code, test, mark) in &rows {
        let bodies = bodies(&sources, test);
        assert!(!bodies.is_empty(), "{code}: there is no test {test}");
        assert!(bodies.iter().any(|body| body.contains(mark)), "{code}: {test} does not name {mark}");
    }
    let reached: BTreeSet<_> = rows.iter().map(|(code, ..)| *code).collect();
    let all = [rotation_core::codes::ALL, codes::ALL, caches::ALL].concat();
    for code in &all {
        assert!(reached.contains(code), "{code} is in no table");
    }
    assert_eq!(rows.len(), all.len(), "a code is in two tables");
    assert!(PLAYED.iter().all(|(_, why)| !why.is_empty()));
}

/// Every finding and every reason of network discovery is reached by a test, too.
#[test]
fn findings_and_network_reasons_too() {
    let sources: Vec<_> = texts_of("rs").collect();
    let reached = |name: &str, test: &str, mark: &str| {
        let bodies = bodies(&sources, test);
        assert!(bodies.iter().any(|body| body.contains(mark)), "{name}: {test} does not name {mark}");
    };
    for (code, test, mark) in FINDINGS {
        reached(code.name(), test, mark);
    }
    let found: BTreeSet<_> = FINDINGS.iter().map(|(code, ..)| code.name()).collect();
    let tables = [
        rotation_core::diagnosis::finding_codes::ALL,
        rotation_database::finding_codes::ALL,
        rotation_doctor::finding_codes::ALL,
    ];
    let all: BTreeSet<_> = tables.concat().iter().map(|code| code.name()).collect();
    assert_eq!(found, all);
    assert_eq!(found.len(), FINDINGS.len(), "a finding is in the table twice");

    for (name, test) in NETWORK_DISCOVERY {
        reached(name, test, name);
    }
    // The crate itself holds its group of the index to its codes. A panic is in another group.
    let document = std::fs::read_to_string(super::root().join("docs/errors.md")).expect("docs/errors.md");
    let (_, group) = document.split_once("\n## Network discovery\n").expect("a group");
    let listed: BTreeSet<_> = group.split("</a>[").skip(1).filter_map(|row| row.split(']').next()).collect();
    let found: BTreeSet<_> = NETWORK_DISCOVERY.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, listed.union(&BTreeSet::from(["INTERNAL"])).copied().collect());
}

/// The other direction, that each code has an article, is checked where the codes are.
#[test]
fn every_article_is_of_a_code() {
    let failures = [rotation_core::codes::ALL, codes::ALL, caches::ALL].concat();
    let known: BTreeSet<_> = failures
        .iter()
        .map(|code| code.name())
        .chain(FINDINGS.iter().map(|(code, ..)| code.name()))
        .chain(NETWORK_DISCOVERY.iter().map(|(name, _)| *name))
        .map(|name| format!("{name}.md"))
        .collect();
    let files = std::fs::read_dir(super::root().join("docs/errors")).expect("docs/errors");
    let files: BTreeSet<_> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
    assert_eq!(files, known);
}

/// The tables of all three crates.
mod finding_codes {
    pub(super) use rotation_database::finding_codes::*;
    pub(super) use rotation_doctor::finding_codes::*;
}
