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
    /// Settings that must be refused, dry runs, test queries, and log lines.
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
            healthy_rotations_as_documented Healthy,
            steps_may_be_repeated Repetition,
            changed_logins_recover_or_are_named Credentials,
            old_invocations_change_nothing Races,
        }
    };
    (version_in_between $name:ident: $check:expr) => {
        $crate::function_suite! { @tests $name, $check; healthy_rotations_as_documented Healthy, }
    };
    ($name:ident: $check:expr) => {
        $crate::function_suite! {
            @every_topic $name, $check;
            // A healthy rotation does what the documents promise, at the cost that they name.
            healthy_rotations_as_documented Healthy,
            // Steps and rotations may be repeated, and what was left over is completed.
            steps_may_be_repeated Repetition,
            // Credentials that were changed meanwhile are recovered, or named in the error.
            changed_logins_recover_or_are_named Credentials,
            // A managed master secret leads to its server, and to the writer of a cluster.
            managed_master_finds_its_server Managed,
            // An old invocation that wakes up changes nothing.
            old_invocations_change_nothing Races,
            // Every call of Secrets Manager may fail in every way, and the rotation survives it.
            secrets_manager_faults_are_survived Faults,
            // A process that is killed at any moment of a step leaves nothing broken.
            killed_process_breaks_nothing Kills,
            // Bad events, labels and documents are refused.
            bad_events_and_documents_are_refused Refusals,
            // Settings are checked, and the log has the lines that it should.
            settings_are_checked_and_logs_written Operation,
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
