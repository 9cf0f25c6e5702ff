//! What the demo saw of a secret, as a timeline.

use std::collections::BTreeSet;

use rotation_cli::timeline::{Event, Login, LoginOutcome, Mark, Source, Timeline, What};

use crate::local_environment::Access;

use super::watch::{Sighting, View};

/// Every view of one secret becomes a moment. A version that has been seen and is not any more has lost its
/// labels.
pub(super) fn timeline<'a>(views: impl IntoIterator<Item = &'a (String, View)>) -> Timeline {
    let (mut marks, mut events) = (Vec::new(), Vec::new());
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (name, View { at, versions }) in views {
        marks.push(Mark { at: *at, name: name.clone() });
        let mut event =
            |version: &str, what| events.push(Event { at: *at, version: version.to_owned(), what });
        for lost in &known {
            if versions.iter().all(|sighting| sighting.version != *lost) {
                event(lost, What::Labels(Vec::new(), Source::Read));
            }
        }
        for sighting in versions {
            event(&sighting.version, What::Labels(sighting.labels.clone(), Source::Read));
            if !sighting.username.is_empty() {
                event(&sighting.version, What::User(sighting.username.clone()));
            }
            event(&sighting.version, What::Login(login(sighting)));
        }
        known.extend(versions.iter().map(|sighting| sighting.version.clone()));
    }
    Timeline::new(marks, events)
}

fn login(sighting: &Sighting) -> Login {
    let outcome = match sighting.access {
        Access::LogsIn => LoginOutcome::LogsIn,
        Access::Refused(_) => LoginOutcome::Refused,
        Access::Nobody => LoginOutcome::NoValue,
    };
    Login { outcome, words: sighting.words() }
}
