//! Every code is reached by a test that causes it.

use std::collections::BTreeSet;

use rotation_core::{Code, diagnosis::FindingCode};
use rotation_database::codes;

use super::texts::texts_of;

/// A code, the test or the case of the conformance suite that causes it, and how that one names it in its
/// body.
type Row = (Code, &'static str, &'static str);

const EVENTS_AND_LABELS: &[Row] = &[
    (codes::CONFIG_INVALID, "answered", "CONFIG_INVALID"),
    (codes::EVENT_INVALID, "outsized", "EVENT_INVALID"),
    (codes::SECRET_DELETED, "deleted", "SECRET_DELETED"),
    (codes::SECRET_MANAGED, "what_no_rotation_fails_by_has_codes_of_its_own", "SECRET_MANAGED"),
    (codes::SECRET_REPLICA, "what_no_rotation_fails_by_has_codes_of_its_own", "SECRET_REPLICA"),
    (codes::SECRET_FOREIGN, "foreign", "SECRET_FOREIGN"),
    (codes::ROTATION_DISABLED, "disabled", "ROTATION_DISABLED"),
    (codes::ROTATION_OTHER_FUNCTION, "other_function", "ROTATION_OTHER_FUNCTION"),
    (codes::VERSION_NOT_FOUND, "unknown_version", "VERSION_NOT_FOUND"),
    (codes::VERSION_NOT_PENDING, "not_pending", "VERSION_NOT_PENDING"),
    (codes::SECRET_NO_CURRENT, "a_secret_without_awscurrent_is_refused", "SECRET_NO_CURRENT"),
    (codes::DRY_RUN, "refused_as_dry_run", "DRY_RUN"),
    (codes::LABELS_MOVED, "overtaken", "LABELS_MOVED"),
    (codes::SECRET_NO_VALUE, "missing_value", "SECRET_NO_VALUE"),
    (codes::TIMED_OUT, "what_hangs_is_named_by_who_kept_us_waiting", "TIMED_OUT"),
    (codes::INTERNAL, "a_panic_is_answered_as_an_error_by_a_process_that_lives_on", "INTERNAL"),
];

const SECRETS: &[Row] = &[
    (codes::SECRET_FIELD_MISSING, "missing_field", "SECRET_FIELD_MISSING"),
    (codes::SECRET_FIELD_INVALID, "wrong_field", "SECRET_FIELD_INVALID"),
    (codes::SECRET_HOST_SRV, "members_are_not_looked_up", "SECRET_HOST_SRV"),
    (codes::MASTER_MEMBER_MISSING, "a_master_secret_names_the_member_itself", "MASTER_MEMBER_MISSING"),
    (codes::SECRET_ENGINE_MISMATCH, "wrong_engine", "SECRET_ENGINE_MISMATCH"),
    (codes::SECRET_MALFORMED, "not_an_object", "SECRET_MALFORMED"),
    (codes::PENDING_HOST_DIFFERS, "other_server", "PENDING_HOST_DIFFERS"),
    (codes::PENDING_USER_DIFFERS, "other_user", "PENDING_USER_DIFFERS"),
    (codes::MASTER_INVALID, "malformed", "MASTER_INVALID"),
    (
        codes::RELATED_SECRET_INVALID,
        "a_related_secret_that_cannot_be_used_has_a_code",
        "RELATED_SECRET_INVALID",
    ),
    (
        codes::RELATED_SECRET_UNREADABLE,
        "a_related_secret_that_cannot_be_used_has_a_code",
        "RELATED_SECRET_UNREADABLE",
    ),
    (
        codes::NO_VERSION_OPENS_TARGET,
        "a_secret_of_which_no_version_opens_its_target_has_a_code",
        "NO_VERSION_OPENS_TARGET",
    ),
    (codes::MASTER_HOST_DIFFERS, "other_server", "MASTER_HOST_DIFFERS"),
    (codes::MASTER_NOT_DEPLOYED, "not_deployed", "MASTER_NOT_DEPLOYED"),
    (codes::MASTER_SAME_AS_SECRET, "its_own_master", "MASTER_SAME_AS_SECRET"),
    (
        codes::NO_RANDOMNESS,
        "a_process_to_which_the_kernel_gives_no_random_bytes_makes_no_password",
        "NO_RANDOMNESS",
    ),
];

const SERVICE: &[Row] = &[
    (codes::NET_SM_UNREACHABLE, "an_endpoint_that_nobody_serves_is_unreachable", "StoreFault::Unreachable"),
    (
        codes::NET_SM_CERTIFICATE,
        "https_is_verified_against_the_given_authority",
        "StoreFault::CertificateRefused",
    ),
    (
        codes::SM_THROTTLED,
        "a_quota_that_is_used_up_throttles_and_a_secret_that_goes_rejects",
        "StoreFault::Throttled",
    ),
    (codes::SM_INTERNAL, "faults_are_sorted_by_who_can_fix_them", "StoreFault::Internal"),
    (
        codes::SM_REJECTED,
        "a_quota_that_is_used_up_throttles_and_a_secret_that_goes_rejects",
        "StoreFault::Rejected",
    ),
    (codes::IAM_DENIED, "a_key_is_blamed_only_where_the_service_blames_it", "StoreFault::AccessDenied"),
    (
        codes::IAM_CREDENTIALS,
        "credentials_that_are_not_taken_are_no_missing_permission",
        "StoreFault::CredentialsRefused",
    ),
    (codes::KMS_DENIED, "faults_are_sorted_by_who_can_fix_them", "StoreFault::KeyDenied"),
    (codes::SECRET_NOT_FOUND, "unknown_secret", "SECRET_NOT_FOUND"),
    (codes::MASTER_UNREADABLE, "unknown", "MASTER_UNREADABLE"),
    (codes::TOKEN_REQUIRED, "the_rotation_token_is_passed_back", "StoreFault::TokenRequired"),
    (
        codes::PASSWORD_UNUSABLE,
        "a_random_password_that_breaks_the_policy_is_not_used",
        "StoreFault::Unusable",
    ),
];

const LOOKUP: &[Row] = &[
    (
        codes::MASTER_OWNER_UNKNOWN,
        "a_managed_master_whose_server_nobody_names_is_refused",
        "MASTER_OWNER_UNKNOWN",
    ),
    (
        codes::MASTER_OWNER_NOT_FOUND,
        "a_managed_master_whose_server_nobody_names_is_refused",
        "MASTER_OWNER_NOT_FOUND",
    ),
    (
        codes::MASTER_ENGINE_DIFFERS,
        "a_managed_master_whose_server_nobody_names_is_refused",
        "MASTER_ENGINE_DIFFERS",
    ),
    (
        codes::DBLOOKUP_UNREACHABLE,
        "a_lookup_that_nobody_serves_or_vouches_for_is_named_so",
        "DBLOOKUP_UNREACHABLE",
    ),
    (
        codes::DBLOOKUP_CERTIFICATE,
        "a_lookup_that_nobody_serves_or_vouches_for_is_named_so",
        "DBLOOKUP_CERTIFICATE",
    ),
    (codes::DBLOOKUP_THROTTLED, "refusals_are_told_apart", "DBLOOKUP_THROTTLED"),
    (codes::DBLOOKUP_INTERNAL, "refusals_are_told_apart", "DBLOOKUP_INTERNAL"),
    (codes::DBLOOKUP_DENIED, "refusals_are_told_apart", "DBLOOKUP_DENIED"),
    (codes::DBLOOKUP_CREDENTIALS, "refusals_are_told_apart", "DBLOOKUP_CREDENTIALS"),
    (codes::DBLOOKUP_REJECTED, "refusals_are_told_apart", "DBLOOKUP_REJECTED"),
    (
        codes::REPLICA_SOURCE_NOT_FOUND,
        "a_replica_whose_source_is_gone_is_named_so",
        "REPLICA_SOURCE_NOT_FOUND",
    ),
    (codes::REPLICA_LAGS, "set_secret_waits_until_the_replica_lets_the_new_user_in", "REPLICA_LAGS"),
];

const CONNECTIONS: &[Row] = &[
    (codes::NET_DB_DNS, "what_does_not_answer_is_told_from_what_does_not_exist", "ConnectError::Dns"),
    (
        codes::NET_DB_FORBIDDEN,
        "a_name_that_leads_to_no_database_is_refused",
        "ConnectError::ForbiddenAddress",
    ),
    (
        codes::NET_DB_UNREACHABLE,
        "what_does_not_answer_is_told_from_what_does_not_exist",
        "ConnectError::Unreachable",
    ),
    (codes::NET_DB_TIMED_OUT, "ten_failures_have_ten_codes_each_within_its_deadline", "NET_DB_TIMED_OUT"),
    (
        codes::TLS_UNAVAILABLE,
        "a_server_without_tls_says_so_itself_and_is_reached_in_plaintext_only_when_asked",
        "ConnectError::TlsUnavailable",
    ),
    (codes::TLS_EXPIRED, "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried", "TlsFault::Expired"),
    (
        codes::TLS_NOT_YET_VALID,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::NotYetValid",
    ),
    (
        codes::TLS_SELF_SIGNED,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::SelfSigned",
    ),
    (
        codes::TLS_HOSTNAME,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::WrongHost",
    ),
    (
        codes::TLS_UNKNOWN_CA,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::UnknownAuthority",
    ),
    (codes::TLS_NO_RESPONSE, "ten_failures_have_ten_codes_each_within_its_deadline", "TLS_NO_RESPONSE"),
    (
        codes::TLS_HANDSHAKE,
        "a_server_that_asks_for_our_certificate_gets_it_or_is_an_error_of_its_rules",
        "TlsFault::Handshake",
    ),
];

const LOGINS: &[Row] = &[
    (codes::DB_REPLICA_SET_DIFFERS, "another_set_is_refused", "DB_REPLICA_SET_DIFFERS"),
    (codes::DB_PRIMARY_NOT_LISTED, "a_primary_that_is_not_listed_is_not_followed", "DB_PRIMARY_NOT_LISTED"),
    (codes::DB_AUTH_REFUSED, "current_refused", "DB_AUTH_REFUSED"),
    (
        codes::SECRET_PASSWORD_LINE_BREAK,
        "the_planted_fault_of_the_login_stands_first",
        "SECRET_PASSWORD_LINE_BREAK",
    ),
    (codes::DB_NO_CREDENTIAL_ACCEPTED, "nobody_knows", "DB_NO_CREDENTIAL_ACCEPTED"),
    (
        codes::DB_USER_NOT_FOUND,
        "access_rules_that_reject_or_trust_are_told_from_wrong_passwords",
        "NoSuchUser",
    ),
    (codes::DB_LOCKED, "locked", "DB_LOCKED"),
    (
        codes::DB_EXPIRED,
        "an_expired_account_is_named_so_where_the_server_sends_it_away",
        "ConnectError::Expired",
    ),
    (
        codes::DB_ACCESS_RULE,
        "access_rules_that_reject_or_trust_are_told_from_wrong_passwords",
        "ConnectError::AccessRule",
    ),
    (
        codes::DB_TOO_MANY_CONNECTIONS,
        "each_refusal_of_a_real_server_has_its_own_error",
        "ConnectError::TooManyConnections",
    ),
    (
        codes::DB_AUTH_METHOD,
        "access_rules_that_reject_or_trust_are_told_from_wrong_passwords",
        "ConnectError::AuthenticationMethod",
    ),
    (codes::DB_DATABASE_CLOSED, "a_closed_database_is_opened_to_whom_it_keeps_out", "DB_DATABASE_CLOSED"),
    (codes::DB_SESSION_REFUSED, "a_login_that_a_trigger_refuses_has_a_code_of_its_own", "DB_SESSION_REFUSED"),
    (codes::DB_NAME_NOT_FOUND, "each_refusal_of_a_real_server_has_its_own_error", "ConnectError::NoDatabase"),
    (codes::DB_NOT_READY, "a_server_that_is_going_down_says_so", "ConnectError::NotReady"),
    (
        codes::DB_UNSUPPORTED,
        "servers_from_wire_version_6_on_are_logged_in_to_and_older_ones_are_named",
        "DB_UNSUPPORTED",
    ),
    (codes::DB_PROTOCOL, "the_planted_fault_of_the_way_stands_first", "DB_PROTOCOL"),
];

const STATEMENTS: &[Row] = &[
    (codes::DB_MAJORITY_MISSING, "a_retry_waits_for_the_majority_too", "DB_MAJORITY_MISSING"),
    (codes::DB_PROXY_ANSWER, "a_pooler_that_keeps_the_old_password_moves_nothing", "DB_PROXY_ANSWER"),
    (
        codes::DB_SESSION_NOT_ORIGINAL,
        "a_pooled_session_of_the_clone_is_proved_as_any",
        "StatementFault::SessionDiffers",
    ),
    (codes::MASTER_ENDPOINT_UNPROVEN, "second_server", "MASTER_ENDPOINT_UNPROVEN"),
    (codes::DB_HOST_IS_PROXY, "a_single_user_behind_an_rds_proxy_is_refused_at_once", "DB_HOST_IS_PROXY"),
    (codes::DB_USERS_OF_ANOTHER_SECRET, "second_secret", "DB_USERS_OF_ANOTHER_SECRET"),
    (codes::DB_CLONE_EXCEEDS_ORIGINAL, "given_meanwhile", "DB_CLONE_EXCEEDS_ORIGINAL"),
    (
        codes::DB_OLD_PASSWORD_ACTIVE,
        "a_second_password_that_nobody_may_end_is_refused",
        "StatementFault::OldPasswordActive",
    ),
    (
        codes::DB_USER_HAS_OTHER_ACCOUNTS,
        "an_account_for_another_host_with_the_same_password_is_refused",
        "StatementFault::OtherAccounts",
    ),
    (codes::DB_READ_ONLY, "a_standby_is_read_only_whatever_is_asked_of_it", "StatementFault::ReadOnly"),
    (
        codes::DB_PRIVILEGE_MISSING,
        "a_missing_privilege_comes_with_the_statement_that_gives_it",
        "StatementFault::PrivilegeMissing",
    ),
    (
        codes::DB_PASSWORDS_RESTRICTED,
        "the_planted_fault_inside_the_database_stands_first",
        "DB_PASSWORDS_RESTRICTED",
    ),
    (
        codes::DB_PASSWORD_POLICY,
        "a_password_that_the_policy_refuses_is_named_so_and_changes_nothing",
        "StatementFault::PasswordPolicy",
    ),
    (codes::DB_ORIGINAL_NOT_FOUND, "a_user_named_like_a_clone_is_told_so", "DB_ORIGINAL_NOT_FOUND"),
    (
        codes::DB_CLONE_NOT_RECOGNIZED,
        "somebody_else_s_account_is_not_taken_for_a_clone",
        "StatementFault::CloneNotRecognized",
    ),
    (
        codes::DB_USER_NOT_ROTATABLE,
        "the_master_itself_is_no_user_to_alternate",
        "StatementFault::NotRotatable",
    ),
    (
        codes::DB_LOCK_UNAVAILABLE,
        "a_cluster_that_gives_no_lock_is_named_so_and_changes_nothing",
        "DB_LOCK_UNAVAILABLE",
    ),
    (
        codes::DB_BUSY,
        "a_row_that_somebody_else_holds_is_busy_and_a_lost_connection_is_lost",
        "StatementFault::Busy",
    ),
    (
        codes::DB_CONNECTION_LOST,
        "a_row_that_somebody_else_holds_is_busy_and_a_lost_connection_is_lost",
        "StatementFault::ConnectionLost",
    ),
    (codes::DB_TIMED_OUT, "a_real_server_stops_a_statement_at_its_limit", "StatementFault::TimedOut"),
    (codes::DB_STATEMENT, "statements_travel_together_and_the_first_error_counts", "StatementFault::Other"),
    (codes::TEST_STATEMENT_FAILED, "fails_until", "TEST_STATEMENT_FAILED"),
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
];

/// What doctor finds beyond that.
const FINDINGS: &[(FindingCode, &str, &str)] = &[
    (finding_codes::OK, "what_no_rotation_fails_by_has_codes_of_its_own", "\"OK\""),
    (finding_codes::NOT_CHECKED, "what_no_rotation_fails_by_has_codes_of_its_own", "NOT_CHECKED"),
    (
        finding_codes::SECRET_PASSWORD_COPIED,
        "the_planted_fault_of_the_secret_stands_first",
        "SECRET_PASSWORD_COPIED",
    ),
    (finding_codes::TLS_EXPIRES_SOON, "the_planted_fault_of_the_way_stands_first", "TLS_EXPIRES_SOON"),
    (finding_codes::TLS_OFF, "what_no_rotation_fails_by_has_codes_of_its_own", "TLS_OFF"),
    (finding_codes::PENDING_STUCK, "the_planted_fault_of_the_login_stands_first", "PENDING_STUCK"),
    (finding_codes::CURRENT_REFUSED, "the_planted_fault_of_the_login_stands_first", "CURRENT_REFUSED"),
    (finding_codes::GRANTS_DIFFER, "the_planted_fault_inside_the_database_stands_first", "GRANTS_DIFFER"),
    (
        finding_codes::DB_PASSWORD_NOT_ASKED,
        "where_no_password_is_asked_for_no_login_proves_one",
        "DB_PASSWORD_NOT_ASKED",
    ),
    (finding_codes::SERVER_NOTE, "what_no_rotation_fails_by_has_codes_of_its_own", "SERVER_NOTE"),
    (
        finding_codes::ROTATION_NOT_CONFIGURED,
        "what_no_rotation_fails_by_has_codes_of_its_own",
        "ROTATION_NOT_CONFIGURED",
    ),
    (
        finding_codes::FUNCTION_NOT_FOUND,
        "the_planted_fault_of_the_function_stands_first",
        "FUNCTION_NOT_FOUND",
    ),
    (
        finding_codes::FUNCTION_NOT_INVOCABLE,
        "the_planted_fault_of_the_function_stands_first",
        "FUNCTION_NOT_INVOCABLE",
    ),
    (
        finding_codes::FUNCTION_PERMISSION_TOO_BROAD,
        "the_planted_fault_of_the_function_stands_first",
        "FUNCTION_PERMISSION_TOO_BROAD",
    ),
    (
        finding_codes::FUNCTION_INACTIVE,
        "a_function_that_is_not_active_or_not_to_be_seen_is_told",
        "FUNCTION_INACTIVE",
    ),
    (
        finding_codes::FUNCTION_TIMEOUT_TOO_SHORT,
        "the_planted_fault_of_the_function_stands_first",
        "FUNCTION_TIMEOUT_TOO_SHORT",
    ),
];

/// Why a function cannot be placed.
const NETWORK_DISCOVERY: &[(&str, &str)] = &[
    (
        "DISCOVERY_REQUEST_INVALID",
        "an_answer_that_nobody_takes_fails_the_invocation_so_that_lambda_repeats_it",
    ),
    ("DISCOVERY_PROPERTY_INVALID", "properties_are_read_as_a_template_gives_them"),
    ("SECRET_HOST_MISSING", "the_tags_are_asked_only_where_the_value_has_no_host"),
    ("DISCOVERY_DENIED", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("DISCOVERY_CREDENTIALS", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("DISCOVERY_CERTIFICATE", "a_service_whose_certificate_is_not_trusted_is_told_nothing"),
    ("DISCOVERY_UNREACHABLE", "a_silent_ec2_is_given_up"),
    ("DISCOVERY_THROTTLED", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("DISCOVERY_FAILED", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("DISCOVERY_INCOMPLETE", "answers_without_end_or_sense_are_bounded"),
    ("DISCOVERY_TOO_LARGE", "answers_without_end_or_sense_are_bounded"),
    ("DISCOVERY_TIMED_OUT", "services_that_never_answer_are_reported_before_lambda_ends_the_function"),
    ("DATABASE_NOT_FOUND", "databases_and_networks_of_moto_are_placed_as_they_stand"),
    ("DATABASE_PROXY", "what_cannot_be_placed_is_named_before_more_is_asked"),
    ("DATABASE_OTHER_REGION", "what_cannot_be_placed_is_named_before_more_is_asked"),
    ("ENGINE_UNSUPPORTED", "databases_and_networks_of_moto_are_placed_as_they_stand"),
    ("ENGINE_MISMATCH", "what_cannot_be_placed_is_named_before_more_is_asked"),
    ("DATABASE_NO_WRITER", "a_cluster_without_a_writer_is_named"),
    ("DATABASE_NOT_PUBLIC", "databases_and_networks_of_moto_are_placed_as_they_stand"),
    ("DISCOVERY_NO_SUBNET", "a_vpc_without_a_usable_subnet_is_named"),
    (
        "DISCOVERY_ANSWER_UNREACHABLE",
        "an_answer_that_nobody_takes_fails_the_invocation_so_that_lambda_repeats_it",
    ),
    (
        "DISCOVERY_ANSWER_REFUSED",
        "an_answer_that_nobody_takes_fails_the_invocation_so_that_lambda_repeats_it",
    ),
    ("DISCOVERY_ANSWER_TOO_LARGE", "an_answer_never_exceeds_what_cloudformation_takes"),
    ("INTERNAL", "a_panic_is_answered"),
];

/// The bodies of all functions of this name: a name may be that of cases in several files.
fn bodies<'a>(sources: &'a [(String, String)], function: &str) -> Vec<&'a str> {
    let heads = ["(", "<"].map(|after| format!("fn {function}{after}"));
    let found = sources
        .iter()
        .flat_map(|(_, text)| heads.iter().filter_map(|head| text.find(head.as_str()).map(|at| &text[at..])));
    found.map(|rest| rest.split("\n}\n").next().unwrap_or(rest)).collect()
}

#[test]
fn every_code_is_reached_by_a_test_that_exists() {
    let tables = [EVENTS_AND_LABELS, SECRETS, SERVICE, LOOKUP, CONNECTIONS, LOGINS, STATEMENTS];
    let rows: Vec<_> = tables.into_iter().flatten().collect();
    let sources: Vec<_> = texts_of("rs").collect();
    for (code, test, mark) in &rows {
        let bodies = bodies(&sources, test);
        assert!(!bodies.is_empty(), "{code}: there is no test {test}");
        assert!(bodies.iter().any(|body| body.contains(mark)), "{code}: {test} does not name {mark}");
    }
    let reached: BTreeSet<_> = rows.iter().map(|(code, ..)| *code).collect();
    let all = [rotation_core::codes::ALL, codes::ALL].concat();
    for code in &all {
        assert!(reached.contains(code), "{code} is in no table");
    }
    assert_eq!(rows.len(), all.len(), "a code is in two tables");
    assert!(PLAYED.iter().all(|(_, why)| !why.is_empty()));
}

#[test]
fn every_finding_and_every_reason_of_network_discovery_is_reached_too() {
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
    let failures = [rotation_core::codes::ALL, codes::ALL].concat();
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
