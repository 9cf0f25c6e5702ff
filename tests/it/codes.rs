//! Every code is reached by a test that causes it.

use std::collections::BTreeSet;

use rotation_core::Code;

use super::texts::texts_of;

/// A code, the test or the case of the conformance suite that causes it, and how that one names it in its body.
type Row = (Code, &'static str, &'static str);

const EVENTS_AND_LABELS: &[Row] = &[
    (Code::ConfigInvalid, "answered", "CONFIG_INVALID"),
    (Code::EventInvalid, "outsized", "EVENT_INVALID"),
    (Code::SecretDeleted, "deleted", "SECRET_DELETED"),
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
];

const SECRETS: &[Row] = &[
    (Code::SecretFieldMissing, "missing_field", "SECRET_FIELD_MISSING"),
    (Code::SecretFieldInvalid, "wrong_field", "SECRET_FIELD_INVALID"),
    (Code::SecretEngineMismatch, "wrong_engine", "SECRET_ENGINE_MISMATCH"),
    (Code::SecretMalformed, "not_an_object", "SECRET_MALFORMED"),
    (Code::PendingHostDiffers, "other_server", "PENDING_HOST_DIFFERS"),
    (Code::PendingUserDiffers, "other_user", "PENDING_USER_DIFFERS"),
    (Code::MasterInvalid, "malformed", "MASTER_INVALID"),
    (Code::MasterHostDiffers, "other_server", "MASTER_HOST_DIFFERS"),
    (Code::MasterNotDeployed, "not_deployed", "MASTER_NOT_DEPLOYED"),
    (Code::MasterIsSelf, "its_own_master", "MASTER_IS_SELF"),
];

const SERVICE: &[Row] = &[
    (Code::NetSmUnreachable, "an_endpoint_that_nobody_serves_is_unreachable", "StoreFault::Unreachable"),
    (
        Code::NetSmCertificate,
        "https_is_verified_against_the_given_authority",
        "StoreFault::CertificateRefused",
    ),
    (Code::SmThrottled, "faults_are_sorted_by_who_can_mend_them", "StoreFault::Throttled"),
    (Code::SmInternal, "faults_are_sorted_by_who_can_mend_them", "StoreFault::Internal"),
    (Code::SmRejected, "a_refusal_without_a_name_of_its_own_is_rejected", "StoreFault::Rejected"),
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
        "a_directory_that_does_not_answer_has_codes_of_its_own",
        "DIRECTORY_UNREACHABLE",
    ),
    (
        Code::DirectoryCertificate,
        "a_directory_that_does_not_answer_has_codes_of_its_own",
        "DIRECTORY_CERTIFICATE",
    ),
    (
        Code::DirectoryThrottled,
        "a_directory_that_does_not_answer_has_codes_of_its_own",
        "DIRECTORY_THROTTLED",
    ),
    (Code::DirectoryInternal, "a_directory_that_does_not_answer_has_codes_of_its_own", "DIRECTORY_INTERNAL"),
    (Code::DirectoryDenied, "a_directory_that_does_not_answer_has_codes_of_its_own", "DIRECTORY_DENIED"),
    (
        Code::DirectoryCredentials,
        "a_directory_that_does_not_answer_has_codes_of_its_own",
        "DIRECTORY_CREDENTIALS",
    ),
    (Code::DirectoryRejected, "a_directory_that_does_not_answer_has_codes_of_its_own", "DIRECTORY_REJECTED"),
    (Code::ReplicaSourceGone, "hosts_that_nothing_joins_stay_refused", "REPLICA_SOURCE_GONE"),
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
    (Code::DbAuthRefused, "current_refused", "DB_AUTH_REFUSED"),
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
    (Code::DbNoDatabase, "each_refusal_of_a_real_server_has_its_own_error", "ConnectError::NoDatabase"),
    (Code::DbNotReady, "refusals_are_told_apart_by_their_code", "ConnectError::NotReady"),
    (
        Code::DbUnsupported,
        "servers_from_wire_version_6_on_are_logged_in_to_and_older_ones_are_named",
        "DB_UNSUPPORTED",
    ),
    (Code::DbProtocol, "a_scram_bomb_is_refused_at_once", "ConnectError::Protocol"),
];

const STATEMENTS: &[Row] = &[
    (Code::DbReadOnly, "a_standby_is_read_only_whatever_is_asked_of_it", "StatementFault::ReadOnly"),
    (
        Code::DbPrivilegeMissing,
        "a_missing_privilege_comes_with_the_statement_that_gives_it",
        "StatementFault::PrivilegeMissing",
    ),
    (Code::DbPasswordsRestricted, "faults_of_statements_are_told_apart", "PasswordsRestricted"),
    (
        Code::DbPasswordPolicy,
        "a_password_that_the_policy_refuses_is_named_so_and_changes_nothing",
        "StatementFault::PasswordPolicy",
    ),
    (Code::DbNotKin, "somebody_else_s_account_is_not_taken_for_a_clone", "StatementFault::NotKin"),
    (Code::DbNotAlternating, "the_master_itself_is_no_user_to_alternate", "StatementFault::NotAlternating"),
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
    (Code::DbTimedOut, "what_hangs_is_named_by_who_kept_us_waiting", "DB_TIMED_OUT"),
    (Code::DbStatement, "faults_of_statements_are_told_apart", "Fault::Other"),
    (Code::TestStatementFailed, "fails_until", "TEST_STATEMENT_FAILED"),
];

/// What no test can cause: an operating system without randomness, and settings that are refused before a password is
/// made of them. Their texts alone are tested.
const NOT_CAUSED: &[Code] = &[Code::NoRandomness, Code::PasswordSettings];

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
        assert!(reached.contains(code) != NOT_CAUSED.contains(code), "{code} is in no table, or in two");
    }
}
