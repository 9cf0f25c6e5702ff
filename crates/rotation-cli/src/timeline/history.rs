//! The timeline of a secret out of what Secrets Manager still knows: dates of versions, and the labels of
//! today.

use std::time::SystemTime;

use rotation_core::{StagingLabel, VersionId, diagnosis::Access};
use rotation_doctor::{Dates, VersionSeen};

use super::{Event, Login, LoginOutcome, Mark, Source, Timeline, What};

/// As many versions without labels as are shown, the newest.
const MOST_UNLABELED: usize = 8;

/// What is known of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The versions over time, the last moment being that of the look.
    pub timeline: Timeline,
    /// How many older versions without labels are not shown.
    pub left_out: usize,
}

/// A version with everything that is known of it.
struct Known<'a> {
    id: &'a VersionId,
    labels: &'a [StagingLabel],
    /// Not after the look, whatever the clocks say.
    created: Option<SystemTime>,
    seen: Option<&'a VersionSeen>,
}

impl Known<'_> {
    fn event(&self, at: SystemTime, what: What) -> Event {
        Event { at, version: self.id.as_str().to_owned(), what }
    }

    fn inferred(&self, at: SystemTime, label: &StagingLabel) -> Event {
        self.event(at, What::Labels(vec![label.name().to_owned()], Source::Inferred))
    }
}

/// Draws together what a look at a secret found. Labels of the past are inferred from dates where these leave
/// one order: AWSPREVIOUS was AWSCURRENT until the version that has it now came. Where AWSPREVIOUS is the
/// younger one, the labels were moved back, and nothing is inferred.
pub fn history(dates: &Dates, seen: &[VersionSeen]) -> History {
    let now = dates.looked_at;
    let (versions, left_out) = known(dates, seen);
    let mut marks = vec![Mark { at: now, name: "now".to_owned() }];
    let mut events = Vec::new();
    for version in &versions {
        if let Some(created) = version.created {
            marks.push(Mark { at: created, name: "created".to_owned() });
            events.push(version.event(created, What::Created));
        }
    }
    if let Some(at) = dates.last_rotated.filter(|at| *at <= now) {
        marks.push(Mark { at, name: "rotated".to_owned() });
    }
    events.extend(past(&versions, dates));
    for version in &versions {
        let labels = version.labels.iter().map(|label| label.name().to_owned()).collect();
        events.push(version.event(now, What::Labels(labels, Source::Read)));
        let Some(seen) = version.seen else { continue };
        if let Some(username) = &seen.username {
            events.push(version.event(now, What::User(username.clone())));
        }
        events.push(version.event(now, What::Login(login(seen))));
    }
    History { timeline: Timeline::new(marks, events), left_out }
}

/// The versions, oldest first; those without a date, which have no value yet, last.
fn known<'a>(dates: &'a Dates, seen: &'a [VersionSeen]) -> (Vec<Known<'a>>, usize) {
    let mut versions: Vec<Known<'a>> = Vec::new();
    for record in &dates.versions {
        let seen = seen.iter().find(|seen| seen.id == record.id);
        let labels = seen.map_or(&record.labels, |seen| &seen.labels);
        let created = record.created.map(|created| created.min(dates.looked_at));
        versions.push(Known { id: &record.id, labels, created, seen });
    }
    for version in seen {
        if !dates.versions.iter().any(|record| record.id == version.id) {
            versions.push(Known {
                id: &version.id,
                labels: &version.labels,
                created: None,
                seen: Some(version),
            });
        }
    }
    versions.sort_by_key(|version| (version.created.is_none(), version.created));
    let unlabeled = versions.iter().filter(|version| version.labels.is_empty()).count();
    let left_out = unlabeled.saturating_sub(MOST_UNLABELED);
    let mut surplus = left_out;
    versions.retain(|version| {
        let keep = !version.labels.is_empty() || surplus == 0;
        surplus -= usize::from(!keep);
        keep
    });
    (versions, left_out)
}

/// The labels that follow from dates.
fn past(versions: &[Known<'_>], dates: &Dates) -> Vec<Event> {
    let holder = |label: StagingLabel| versions.iter().find(|version| version.labels.contains(&label));
    let (current, previous) = (holder(StagingLabel::Current), holder(StagingLabel::Previous));
    let mut events = Vec::new();
    if let Some(pending) = holder(StagingLabel::Pending)
        && !pending.labels.contains(&StagingLabel::Current)
        && let Some(created) = pending.created
    {
        events.push(pending.inferred(created, &StagingLabel::Pending));
    }
    let Some((current, born)) = current.and_then(|version| Some((version, version.created?))) else {
        return events;
    };
    // The end of the last rotation is when AWSCURRENT moved, unless the version came after it without one.
    let rotated = dates.last_rotated.filter(|at| (born..=dates.looked_at).contains(at));
    let Some(previous) = previous else {
        events.push(current.inferred(born, &StagingLabel::Current));
        return events;
    };
    let Some(older) = previous.created.filter(|older| *older < born) else { return events };
    events.push(previous.inferred(older, &StagingLabel::Current));
    events.push(previous.inferred(rotated.unwrap_or(born), &StagingLabel::Previous));
    if rotated.is_some() {
        events.push(current.inferred(born, &StagingLabel::Pending));
    }
    events.push(current.inferred(rotated.unwrap_or(born), &StagingLabel::Current));
    events
}

fn login(seen: &VersionSeen) -> Login {
    let outcome = match seen.access {
        Access::LogsIn => LoginOutcome::LogsIn,
        Access::Refused | Access::Unusable => LoginOutcome::Refused,
        Access::NoValue => LoginOutcome::NoValue,
        Access::NoSession | Access::Unknown | Access::NotTried => LoginOutcome::Unknown,
    };
    let words = match seen.code {
        Some(code) => format!("{} ({code})", seen.access.words()),
        None => seen.access.words().to_owned(),
    };
    Login { outcome, words }
}
