//! Every code is reached by a test that causes it.

use std::collections::BTreeSet;

use rotation_core::{Code, FindingCode};

use super::texts::texts_of;

/// A code, the test or the case of the conformance suite that causes it, and how that one names it in its body.
type Row = (Code, &'static str, &'static str);

const EVENTS_AND_LABELS: &[Row] = &[
    (Code::ConfigInvalid, "answered", "CONFIG_INVALID"),
    (Code::EventInvalid, "outsized", "EVENT_INVALID"),
    (Code::SecretDeleted, "deleted", "SECRET_DELETED"),
    (Code::SecretManaged, "what_no_rotation_fails_by_has_codes_of_its_own", "SECRET_MANAGED"),
    (Code::SecretReplica, "what_no_rotation_fails_by_has_codes_of_its_own", "SECRET_REPLICA"),
    (Code::SecretForeign, "foreign", "SECRET_FOREIGN"),
    (Code::RotationDisabled, "disabled", "ROTATION_DISABLED"),
    (Code::RotationOtherFunction, "other_function", "ROTATION_OTHER_FUNCTION"),
    (Code::VersionUnknown, "unknown_version", "VERSION_UNKNOWN"),
    (Code::VersionNotPending, "not_pending", "VERSION_NOT_PENDING"),
    (Code::SecretNoCurrent, "a_secret_without_awscurrent_is_refused", "SECRET_NO_CURRENT"),
    (Code::DryRun, "refused_as_dry_run", "DRY_RUN"),
    (Code::LabelsMoved, "overtaken", "LABELS_MOVED"),
    (Code::SecretNoValue, "missing_value", "SECRET_NO_VALUE"),
    (Code::TimedOut, "what_hangs_is_named_by_who_kept_us_waiting", "TIMED_OUT"),
    (Code::Panicked, "a_panic_is_answered_as_an_error_by_a_process_that_lives_on", "INTERNAL"),
];

const SECRETS: &[Row] = &[
    (Code::SecretFieldMissing, "missing_field", "SECRET_FIELD_MISSING"),
    (Code::SecretFieldInvalid, "wrong_field", "SECRET_FIELD_INVALID"),
    (Code::SecretHostSrv, "members_are_not_looked_up", "DocumentError::Srv"),
    (Code::MasterMemberMissing, "a_master_secret_names_the_member_itself", "MASTER_MEMBER_MISSING"),
    (Code::SecretEngineMismatch, "wrong_engine", "SECRET_ENGINE_MISMATCH"),
    (Code::SecretMalformed, "not_an_object", "SECRET_MALFORMED"),
    (Code::PendingHostDiffers, "other_server", "PENDING_HOST_DIFFERS"),
    (Code::PendingUserDiffers, "other_user", "PENDING_USER_DIFFERS"),
    (Code::MasterInvalid, "malformed", "MASTER_INVALID"),
    (Code::MasterHostDiffers, "other_server", "MASTER_HOST_DIFFERS"),
    (Code::MasterNotDeployed, "not_deployed", "MASTER_NOT_DEPLOYED"),
    (Code::MasterIsSelf, "its_own_master", "MASTER_IS_SELF"),
    (
        Code::NoRandomness,
        "a_process_to_which_the_kernel_gives_no_random_bytes_makes_no_password",
        "NO_RANDOMNESS",
    ),
];

const SERVICE: &[Row] = &[
    (Code::NetSmUnreachable, "an_endpoint_that_nobody_serves_is_unreachable", "StoreFault::Unreachable"),
    (
        Code::NetSmCertificate,
        "https_is_verified_against_the_given_authority",
        "StoreFault::CertificateRefused",
    ),
    (
        Code::SmThrottled,
        "a_quota_that_is_used_up_throttles_and_a_secret_that_goes_rejects",
        "StoreFault::Throttled",
    ),
    (Code::SmInternal, "faults_are_sorted_by_who_can_mend_them", "StoreFault::Internal"),
    (
        Code::SmRejected,
        "a_quota_that_is_used_up_throttles_and_a_secret_that_goes_rejects",
        "StoreFault::Rejected",
    ),
    (Code::IamDenied, "a_key_is_blamed_only_where_the_service_blames_it", "StoreFault::AccessDenied"),
    (
        Code::IamCredentials,
        "credentials_that_are_not_taken_are_no_missing_permission",
        "StoreFault::CredentialsRefused",
    ),
    (Code::KmsDenied, "faults_are_sorted_by_who_can_mend_them", "StoreFault::KeyDenied"),
    (Code::SecretUnknown, "unknown_secret", "SECRET_UNKNOWN"),
    (Code::MasterUnreadable, "unknown", "MASTER_UNREADABLE"),
    (Code::TokenRequired, "the_rotation_token_is_passed_back", "StoreFault::TokenRequired"),
    (Code::PasswordUnusable, "a_random_password_that_breaks_the_policy_is_not_used", "StoreFault::Unusable"),
];

const DIRECTORY: &[Row] = &[
    (
        Code::MasterOwnerUnknown,
        "a_managed_master_whose_server_nobody_names_is_refused",
        "MASTER_OWNER_UNKNOWN",
    ),
    (Code::MasterOwnerGone, "a_managed_master_whose_server_nobody_names_is_refused", "MASTER_OWNER_GONE"),
    (
        Code::MasterEngineDiffers,
        "a_managed_master_whose_server_nobody_names_is_refused",
        "MASTER_ENGINE_DIFFERS",
    ),
    (
        Code::DirectoryUnreachable,
        "a_directory_that_nobody_serves_or_vouches_for_is_named_so",
        "DIRECTORY_UNREACHABLE",
    ),
    (
        Code::DirectoryCertificate,
        "a_directory_that_nobody_serves_or_vouches_for_is_named_so",
        "DIRECTORY_CERTIFICATE",
    ),
    (Code::DirectoryThrottled, "refusals_are_told_apart", "DIRECTORY_THROTTLED"),
    (Code::DirectoryInternal, "refusals_are_told_apart", "DIRECTORY_INTERNAL"),
    (Code::DirectoryDenied, "refusals_are_told_apart", "DIRECTORY_DENIED"),
    (Code::DirectoryCredentials, "refusals_are_told_apart", "DIRECTORY_CREDENTIALS"),
    (Code::DirectoryRejected, "refusals_are_told_apart", "DIRECTORY_REJECTED"),
    (Code::ReplicaSourceGone, "a_replica_whose_source_is_gone_is_named_so", "REPLICA_SOURCE_GONE"),
    (Code::ReplicaLags, "set_secret_waits_until_the_replica_lets_the_new_user_in", "REPLICA_LAGS"),
];

const CONNECTIONS: &[Row] = &[
    (Code::NetDbDns, "what_does_not_answer_is_told_from_what_does_not_exist", "ConnectError::Dns"),
    (Code::NetDbForbidden, "a_name_that_leads_to_no_database_is_refused", "ConnectError::ForbiddenAddress"),
    (
        Code::NetDbUnreachable,
        "what_does_not_answer_is_told_from_what_does_not_exist",
        "ConnectError::Unreachable",
    ),
    (Code::NetDbTimedOut, "ten_failures_have_ten_codes_each_within_its_deadline", "NET_DB_TIMED_OUT"),
    (
        Code::TlsUnavailable,
        "a_server_without_tls_says_so_itself_and_is_reached_in_plaintext_only_when_asked",
        "ConnectError::TlsUnavailable",
    ),
    (Code::TlsExpired, "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried", "TlsFault::Expired"),
    (
        Code::TlsNotYetValid,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::NotYetValid",
    ),
    (
        Code::TlsSelfSigned,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::SelfSigned",
    ),
    (
        Code::TlsHostname,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::WrongHost",
    ),
    (
        Code::TlsUnknownCa,
        "each_fault_of_a_certificate_has_a_name_and_no_login_is_tried",
        "TlsFault::UnknownAuthority",
    ),
    (Code::TlsNotSpoken, "ten_failures_have_ten_codes_each_within_its_deadline", "TLS_NOT_SPOKEN"),
    (
        Code::TlsHandshake,
        "a_server_that_asks_for_our_certificate_gets_it_or_is_an_error_of_its_rules",
        "TlsFault::Handshake",
    ),
];

const LOGINS: &[Row] = &[
    (Code::DbReplicaSetDiffers, "another_set_is_refused", "DB_REPLICA_SET_DIFFERS"),
    (Code::DbPrimaryNotListed, "a_primary_that_is_not_listed_is_not_followed", "DB_PRIMARY_NOT_LISTED"),
    (Code::DbAuthRefused, "current_refused", "DB_AUTH_REFUSED"),
    (
        Code::SecretPasswordLineBreak,
        "the_planted_fault_of_the_login_stands_first",
        "SECRET_PASSWORD_LINE_BREAK",
    ),
    (Code::DbAllRefused, "nobody_knows", "DB_ALL_REFUSED"),
    (Code::DbUserMissing, "access_rules_that_reject_or_trust_are_told_from_wrong_passwords", "NoSuchUser"),
    (Code::DbLocked, "locked", "DB_LOCKED"),
    (
        Code::DbExpired,
        "an_expired_account_is_named_so_where_the_server_sends_it_away",
        "ConnectError::Expired",
    ),
    (
        Code::DbAccessRule,
        "access_rules_that_reject_or_trust_are_told_from_wrong_passwords",
        "ConnectError::AccessRule",
    ),
    (
        Code::DbTooManyConnections,
        "each_refusal_of_a_real_server_has_its_own_error",
        "ConnectError::TooManyConnections",
    ),
    (
        Code::DbAuthMethod,
        "access_rules_that_reject_or_trust_are_told_from_wrong_passwords",
        "ConnectError::AuthenticationMethod",
    ),
    (Code::DbDatabaseClosed, "a_closed_database_is_opened_to_whom_it_keeps_out", "DB_DATABASE_CLOSED"),
    (Code::DbSessionRefused, "a_login_that_a_trigger_refuses_has_a_code_of_its_own", "DB_SESSION_REFUSED"),
    (Code::DbNoDatabase, "each_refusal_of_a_real_server_has_its_own_error", "ConnectError::NoDatabase"),
    (Code::DbNotReady, "a_server_that_is_going_down_says_so", "ConnectError::NotReady"),
    (
        Code::DbUnsupported,
        "servers_from_wire_version_6_on_are_logged_in_to_and_older_ones_are_named",
        "DB_UNSUPPORTED",
    ),
    (Code::DbProtocol, "the_planted_fault_of_the_way_stands_first", "DB_PROTOCOL"),
];

const STATEMENTS: &[Row] = &[
    (Code::DbMajorityMissing, "a_retry_waits_for_the_majority_too", "DB_MAJORITY_MISSING"),
    (Code::DbProxyAnswer, "a_pooler_that_keeps_the_old_password_moves_nothing", "DB_PROXY_ANSWER"),
    (
        Code::DbSessionNotOriginal,
        "a_pooled_session_of_the_clone_is_proved_as_any",
        "StatementFault::SessionDiffers",
    ),
    (Code::MasterEndpointUnproven, "second_server", "MASTER_ENDPOINT_UNPROVEN"),
    (Code::DbHostIsProxy, "a_single_user_behind_an_rds_proxy_is_refused_at_once", "DB_HOST_IS_PROXY"),
    (Code::DbUsersOfAnotherSecret, "second_secret", "DB_USERS_OF_ANOTHER_SECRET"),
    (Code::DbCloneExceedsOriginal, "given_meanwhile", "DB_CLONE_EXCEEDS_ORIGINAL"),
    (
        Code::DbOldPasswordActive,
        "a_second_password_that_nobody_may_end_is_refused",
        "StatementFault::OldPasswordActive",
    ),
    (
        Code::DbUserHasOtherAccounts,
        "an_account_for_another_host_with_the_same_password_is_refused",
        "StatementFault::OtherAccounts",
    ),
    (Code::DbReadOnly, "a_standby_is_read_only_whatever_is_asked_of_it", "StatementFault::ReadOnly"),
    (
        Code::DbPrivilegeMissing,
        "a_missing_privilege_comes_with_the_statement_that_gives_it",
        "StatementFault::PrivilegeMissing",
    ),
    (
        Code::DbPasswordsRestricted,
        "the_planted_fault_inside_the_database_stands_first",
        "DB_PASSWORDS_RESTRICTED",
    ),
    (
        Code::DbPasswordPolicy,
        "a_password_that_the_policy_refuses_is_named_so_and_changes_nothing",
        "StatementFault::PasswordPolicy",
    ),
    (Code::DbOriginalMissing, "a_user_named_like_a_clone_is_told_so", "DB_ORIGINAL_MISSING"),
    (
        Code::DbCloneNotRecognized,
        "somebody_else_s_account_is_not_taken_for_a_clone",
        "StatementFault::CloneNotRecognized",
    ),
    (Code::DbUserNotRotatable, "the_master_itself_is_no_user_to_alternate", "StatementFault::NotRotatable"),
    (
        Code::DbLockUnavailable,
        "a_cluster_that_gives_no_lock_is_named_so_and_changes_nothing",
        "DB_LOCK_UNAVAILABLE",
    ),
    (
        Code::DbBusy,
        "a_row_that_somebody_else_holds_is_busy_and_a_lost_connection_is_lost",
        "StatementFault::Busy",
    ),
    (
        Code::DbConnectionLost,
        "a_row_that_somebody_else_holds_is_busy_and_a_lost_connection_is_lost",
        "StatementFault::ConnectionLost",
    ),
    (Code::DbTimedOut, "a_real_server_stops_a_statement_at_its_limit", "StatementFault::TimedOut"),
    (Code::DbStatement, "statements_travel_together_and_the_first_error_counts", "StatementFault::Other"),
    (Code::TestStatementFailed, "fails_until", "TEST_STATEMENT_FAILED"),
];

/// Codes whose test plays the other side, because nothing real can be had here that gives them, and why. All others are
/// caused for real: by real servers, sockets, certificates and processes, and by the rules of the local Secrets Manager.
const PLAYED: &[(Code, &str)] = &[
    (Code::SecretNoCurrent, "the service moves AWSCURRENT and never takes it away"),
    (Code::TimedOut, "whoever really keeps a step waiting has a code of its own before its time is over"),
    (Code::SmInternal, "the service is told to fail"),
    (Code::KmsDenied, "the service is told to refuse, as there are no keys"),
    (Code::IamDenied, "there is no IAM: moto's answers in a form that no service of JSON has"),
    (Code::IamCredentials, "there is no IAM that looks at a key"),
    (Code::PasswordUnusable, "a service that breaks its own rules"),
    (Code::DirectoryThrottled, "moto has no quota"),
    (Code::DirectoryInternal, "moto does not fail"),
    (Code::DirectoryDenied, "moto's IAM nests its errors otherwise than RDS does"),
    (Code::DirectoryCredentials, "the same"),
    (Code::DirectoryRejected, "what is asked is nothing that moto refuses"),
    (Code::ReplicaLags, "no host of the machine has a name of RDS"),
    (Code::DbUnsupported, "no server so old can be had"),
];

/// What doctor finds beyond that.
const FINDINGS: &[(FindingCode, &str, &str)] = &[
    (FindingCode::Ok, "what_no_rotation_fails_by_has_codes_of_its_own", "\"OK\""),
    (FindingCode::NotLookedAt, "what_no_rotation_fails_by_has_codes_of_its_own", "NOT_LOOKED_AT"),
    (FindingCode::PasswordCopied, "the_planted_fault_of_the_secret_stands_first", "SECRET_PASSWORD_COPIED"),
    (FindingCode::TlsExpiresSoon, "the_planted_fault_of_the_way_stands_first", "TLS_EXPIRES_SOON"),
    (FindingCode::TlsOff, "what_no_rotation_fails_by_has_codes_of_its_own", "TLS_OFF"),
    (FindingCode::PendingStuck, "the_planted_fault_of_the_login_stands_first", "PENDING_STUCK"),
    (FindingCode::CurrentRefused, "the_planted_fault_of_the_login_stands_first", "CURRENT_REFUSED"),
    (FindingCode::GrantsDiffer, "the_planted_fault_inside_the_database_stands_first", "GRANTS_DIFFER"),
    (
        FindingCode::PasswordNotAsked,
        "where_no_password_is_asked_for_no_login_proves_one",
        "DB_PASSWORD_NOT_ASKED",
    ),
    (FindingCode::ServerNote, "what_no_rotation_fails_by_has_codes_of_its_own", "SERVER_NOTE"),
    (FindingCode::RotationUnset, "what_no_rotation_fails_by_has_codes_of_its_own", "ROTATION_UNSET"),
    (FindingCode::FunctionMissing, "the_planted_fault_of_the_function_stands_first", "FUNCTION_MISSING"),
    (FindingCode::FunctionClosed, "the_planted_fault_of_the_function_stands_first", "FUNCTION_CLOSED"),
    (FindingCode::FunctionOpen, "the_planted_fault_of_the_function_stands_first", "FUNCTION_OPEN"),
    (
        FindingCode::FunctionInactive,
        "a_function_that_is_not_active_or_not_to_be_seen_is_told",
        "FUNCTION_INACTIVE",
    ),
    (FindingCode::FunctionHurried, "the_planted_fault_of_the_function_stands_first", "FUNCTION_HURRIED"),
];

/// Why a function cannot be placed.
const NETWORK_DISCOVERY: &[(&str, &str)] = &[
    ("REQUEST_INVALID", "an_answer_that_nobody_takes_fails_the_invocation_so_that_lambda_repeats_it"),
    ("PROPERTY_INVALID", "properties_are_read_as_a_template_gives_them"),
    ("SECRET_HOST_MISSING", "the_tags_are_asked_only_where_the_value_has_no_host"),
    ("LOOKUP_DENIED", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("LOOKUP_CREDENTIALS", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("LOOKUP_CERTIFICATE", "a_service_whose_certificate_is_not_trusted_is_told_nothing"),
    ("LOOKUP_UNREACHABLE", "a_silent_ec2_is_given_up"),
    ("LOOKUP_THROTTLED", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("LOOKUP_FAILED", "refusals_of_ec2_are_named_and_repeated_only_where_that_may_help"),
    ("LOOKUP_INCOMPLETE", "answers_without_end_or_sense_are_bounded"),
    ("LOOKUP_TOO_LARGE", "answers_without_end_or_sense_are_bounded"),
    ("LOOKUP_TIMED_OUT", "services_that_never_answer_are_reported_before_lambda_ends_the_function"),
    ("DATABASE_NOT_FOUND", "databases_and_networks_of_moto_are_placed_as_they_stand"),
    ("DATABASE_PROXY", "what_cannot_be_placed_is_named_before_more_is_asked"),
    ("DATABASE_OTHER_REGION", "what_cannot_be_placed_is_named_before_more_is_asked"),
    ("ENGINE_UNSUPPORTED", "databases_and_networks_of_moto_are_placed_as_they_stand"),
    ("ENGINE_MISMATCH", "what_cannot_be_placed_is_named_before_more_is_asked"),
    ("DATABASE_NO_WRITER", "a_cluster_without_a_writer_is_named"),
    ("DATABASE_NOT_PUBLIC", "databases_and_networks_of_moto_are_placed_as_they_stand"),
    ("NETWORK_NO_SUBNET", "a_vpc_without_a_usable_subnet_is_named"),
    ("ANSWER_UNREACHABLE", "an_answer_that_nobody_takes_fails_the_invocation_so_that_lambda_repeats_it"),
    ("ANSWER_REFUSED", "an_answer_that_nobody_takes_fails_the_invocation_so_that_lambda_repeats_it"),
    ("ANSWER_TOO_LARGE", "an_answer_never_exceeds_what_cloudformation_takes"),
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
    let tables = [EVENTS_AND_LABELS, SECRETS, SERVICE, DIRECTORY, CONNECTIONS, LOGINS, STATEMENTS];
    let rows: Vec<_> = tables.into_iter().flatten().collect();
    let sources: Vec<_> = texts_of("rs").collect();
    for (code, test, mark) in &rows {
        let bodies = bodies(&sources, test);
        assert!(!bodies.is_empty(), "{code}: there is no test {test}");
        assert!(bodies.iter().any(|body| body.contains(mark)), "{code}: {test} does not name {mark}");
    }
    let reached: BTreeSet<_> = rows.iter().map(|(code, ..)| *code).collect();
    for code in Code::ALL {
        assert!(reached.contains(code), "{code} is in no table");
    }
    assert_eq!(rows.len(), Code::ALL.len(), "a code is in two tables");
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
    let found: Vec<_> = FINDINGS.iter().map(|(code, ..)| code.name()).collect();
    let all: Vec<_> = FindingCode::OWN.iter().map(|code| code.name()).collect();
    assert_eq!(found, all);

    for (name, test) in NETWORK_DISCOVERY {
        reached(name, test, name);
    }
    // The crate itself holds its chapter to its codes.
    let document = std::fs::read_to_string(super::root().join("docs/errors.md")).expect("docs/errors.md");
    let (_, chapter) = document.split_once("\n# Network discovery\n").expect("a chapter");
    let headings = chapter.lines().filter_map(|line| line.strip_prefix("## "));
    let headings: Vec<_> = headings.filter_map(|heading| heading.split_whitespace().next()).collect();
    let found: Vec<_> = NETWORK_DISCOVERY.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, headings);
}
