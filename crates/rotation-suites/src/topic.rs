//! The parts of the suite, and the tests that an engine makes of them.

/// A part of the suite; the parts together are the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Healthy rotations, and their cost.
    Healthy,
    /// Steps and rotations that are repeated or left unfinished.
    Repetition,
    /// Every call of Secrets Manager fails in every way.
    Faults,
    /// The process is killed at many moments of every step.
    Kills,
    /// Old invocations that resume, and masters that change.
    Races,
    /// Credentials that the server refuses.
    Credentials,
    /// A master secret that an AWS service manages, and that service's description of the server.
    Managed,
    /// Events, labels and documents that must be refused.
    Refusals,
    /// Settings that must be refused, dry runs, test statements, and log lines.
    Operation,
}

/// A module with one test for each [`Topic`], from a function that takes the topic and panics where a case
/// fails:
///
/// ```text
/// function_suite!(mariadb_single_user: |topic| check(MysqlFlavor::MariaDb, SingleUser, topic));
/// function_suite!(further_version postgres_14_single_user: |topic| check(V14, SingleUser, topic));
/// function_suite!(version_in_between postgres_15_single_user: |topic| check(V15, SingleUser, topic));
/// ```
///
/// Every program has a module of the first kind, so no engine can skip a topic, and a topic without a test
/// does not compile. The second kind is for other versions of a server: it has the topics that change or read
/// users. The handling of a killed process, a failing store or a wrong event does not depend on the version.
/// The third kind has only the healthy rotations, for versions between two others.
#[macro_export]
macro_rules! function_suite {
    (further_version $name:ident: $check:expr) => {
        $crate::function_suite! {
            @tests $name, $check;
            good_days_are_as_promised Healthy,
            steps_may_be_repeated Repetition,
            changed_credentials_are_recovered_or_named Credentials,
            old_invocations_change_nothing Races,
        }
    };
    (version_in_between $name:ident: $check:expr) => {
        $crate::function_suite! { @tests $name, $check; good_days_are_as_promised Healthy, }
    };
    ($name:ident: $check:expr) => {
        $crate::function_suite! {
            @every_topic $name, $check;
            good_days_are_as_promised Healthy,
            steps_may_be_repeated Repetition,
            changed_credentials_are_recovered_or_named Credentials,
            a_managed_master_leads_to_its_server_and_to_the_writer Managed,
            old_invocations_change_nothing Races,
            faults_of_secrets_manager_are_outlived Faults,
            a_killed_process_leaves_nothing_broken Kills,
            bad_events_and_documents_are_refused Refusals,
            settings_are_checked_and_lines_are_written Operation,
        }
    };
    (@every_topic $name:ident, $check:expr; $($test:ident $topic:ident,)+) => {
        $crate::function_suite! { @tests $name, $check; $($test $topic,)+ }

        const _: fn($crate::Topic) = |topic| match topic {
            $($crate::Topic::$topic => (),)+
        };
    };
    (@tests $name:ident, $check:expr; $($test:ident $topic:ident,)+) => {
        mod $name {
            use super::*;

            $(
                #[test]
                fn $test() {
                    ($check)($crate::Topic::$topic);
                }
            )+
        }
    };
}
