//! The topics of the engine suite, and the tests that an engine makes of them.

/// A part of the engine suite; the parts together are the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineTopic {
    /// What a plan shows is what the server then receives, and a plan changes nothing.
    Plans,
    /// The connection cut at every message of setSecret.
    Interruptions,
    /// Random users and their clones.
    Equality,
    /// What a clone lacks or has too much is corrected and counted.
    Drift,
    /// Stage, commit and rollback.
    Staging,
}

/// A module with one test for each [`EngineTopic`], by a function that takes the topic and panics where the
/// engine fails:
///
/// ```text
/// engine_suite!(mysql_9: |topic| check(MySql9, topic));
/// ```
///
/// Every engine has one for each server that it is tested on. A topic without a test does not compile.
#[macro_export]
macro_rules! engine_suite {
    ($name:ident: $check:expr) => {
        $crate::engine_suite! {
            @every_topic $name, $check;
            // What is planned is exactly what is run.
            what_is_planned_is_what_is_run Plans,
            // A cut at any message leaves a credential that works, and the next attempt completes.
            cut_anywhere_leaves_a_working_login Interruptions,
            // Random users and their clones are equal.
            random_users_and_clones_are_equal Equality,
            // What drifted is corrected and counted.
            drift_is_corrected_and_counted Drift,
            // What is staged is seen by other sessions only after the commit.
            staged_is_seen_only_after_the_commit Staging,
        }
    };
    (@every_topic $name:ident, $check:expr; $($test:ident $topic:ident,)+) => {
        mod $name {
            use super::*;

            $(
                #[test]
                fn $test() {
                    ($check)($crate::EngineTopic::$topic);
                }
            )+
        }

        const _: fn($crate::EngineTopic) = |topic| match topic {
            $($crate::EngineTopic::$topic => (),)+
        };
    };
}
