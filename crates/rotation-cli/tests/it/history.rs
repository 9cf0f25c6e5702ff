//! What `rotate explain` infers from dates, and what it does not.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its snapshots so")]

use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use rotation_cli::timeline::{Glyphs, History, history, text_lines};
use rotation_core::{StagingLabel, VersionId, VersionRecord, diagnosis::Access};
use rotation_doctor::{Dates, VersionSeen};

const DAY: u64 = 86_400;

/// That many seconds before 2026-11-30 14:02:05 UTC.
fn ago(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_047_325 - seconds)
}

fn id(number: u8) -> VersionId {
    VersionId::new(format!("{number:08}-0000-0000-0000-000000000000")).unwrap()
}

/// A version of that age with these labels, as the service lists it and, where it has an answer, as it was
/// tried.
struct Version(u8, u64, &'static [StagingLabel], Option<Access>);

fn look(versions: &[Version], rotated: Option<u64>) -> History {
    let record = |Version(number, age, labels, _): &Version| VersionRecord {
        id: id(*number),
        labels: labels.to_vec(),
        created: Some(ago(*age)),
    };
    let seen = |Version(number, age, labels, access): &Version| {
        Some(VersionSeen {
            id: id(*number),
            labels: labels.to_vec(),
            age: Some(Duration::from_secs(*age)),
            username: Some("app".to_owned()),
            access: (*access)?,
            code: None,
        })
    };
    let dates = Dates {
        looked_at: ago(0),
        last_rotated: rotated.map(ago),
        versions: versions.iter().map(record).collect(),
    };
    history(&dates, &versions.iter().filter_map(seen).collect::<Vec<_>>())
}

#[track_caller]
fn check(history: &History, expected: &Expect) {
    let lines = text_lines(&history.timeline, Glyphs::ASCII, &|_, text| text.to_owned());
    // The legend is the same everywhere.
    let lines: Vec<_> = lines.iter().take(lines.len() - 2).map(String::as_str).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

const CURRENT: &[StagingLabel] = &[StagingLabel::Current];
const PREVIOUS: &[StagingLabel] = &[StagingLabel::Previous];
const PENDING: &[StagingLabel] = &[StagingLabel::Pending];

/// The end of the last rotation is when AWSCURRENT moved.
#[test]
fn last_rotation_ends_as_awscurrent_moves() {
    let versions = [
        Version(3, DAY, CURRENT, Some(Access::LogsIn)),
        Version(2, 31 * DAY, PREVIOUS, Some(Access::Refused)),
        Version(1, 61 * DAY, &[], None),
    ];
    check(
        &look(&versions, Some(DAY - 3)),
        &expect![[r#"
                            created     created     created     rotated     now
                            2026-09-30  2026-10-30  2026-11-29              2026-11-30
            UTC             14:02:05    14:02:05    14:02:05    14:02:08    14:02:05
            00000001  -     +............................................... no label
            00000002  app               +CURRENT-----------------PREVIOUS---xPREVIOUS
            00000003  app                           +PENDING-----CURRENT----*CURRENT
        "#]],
    );
}

/// Without that date, the newer version counts from its creation.
#[test]
fn undated_version_counts_from_creation() {
    let versions = [
        Version(2, DAY, CURRENT, Some(Access::LogsIn)),
        Version(1, 31 * DAY, PREVIOUS, Some(Access::LogsIn)),
    ];
    check(
        &look(&versions, None),
        &expect![[r#"
                            created     created     now
                            2026-10-30  2026-11-29  2026-11-30
            UTC             14:02:05    14:02:05    14:02:05
            00000001  app   +CURRENT-----PREVIOUS---*PREVIOUS
            00000002  app               +CURRENT----*CURRENT
        "#]],
    );
    // A rotation that ended before the version came did not move the label to it.
    check(
        &look(&versions, Some(2 * DAY)),
        &expect![[r#"
                            created     rotated     created     now
                            2026-10-30  2026-11-28  2026-11-29  2026-11-30
            UTC             14:02:05    14:02:05    14:02:05    14:02:05
            00000001  app   +CURRENT-----------------PREVIOUS---*PREVIOUS
            00000002  app                           +CURRENT----*CURRENT
        "#]],
    );
}

/// A stuck rotation shows AWSPENDING since its creation.
#[test]
fn stuck_rotation_shows_awspending() {
    let versions =
        [Version(2, 600, PENDING, Some(Access::LogsIn)), Version(1, DAY, CURRENT, Some(Access::Refused))];
    check(
        &look(&versions, None),
        &expect![[r#"
                            created     created     now
                            2026-11-29  2026-11-30
            UTC             14:02:05    13:52:05    14:02:05
            00000001  app   +CURRENT----------------xCURRENT
            00000002  app               +PENDING----*PENDING
        "#]],
    );
}

/// Where labels were moved back, nothing is inferred.
#[test]
fn labels_moved_back_infer_nothing() {
    let versions = [
        Version(2, DAY, PREVIOUS, Some(Access::Refused)),
        Version(1, 31 * DAY, CURRENT, Some(Access::LogsIn)),
    ];
    let history = look(&versions, Some(DAY - 3));
    check(
        &history,
        &expect![[r#"
                        created     created     rotated     now
                        2026-10-30  2026-11-29              2026-11-30
        UTC             14:02:05    14:02:05    14:02:08    14:02:05
        00000001  app   +...................................*CURRENT
        00000002  app               +.......................xPREVIOUS
    "#]],
    );
}

/// A version without a value is not listed, and is still shown.
#[test]
fn unlisted_version_is_still_shown() {
    let mut pending = look(&[Version(1, DAY, CURRENT, Some(Access::LogsIn))], None);
    assert_eq!(pending.timeline.rows().len(), 1);
    let dates = Dates { looked_at: ago(0), last_rotated: None, versions: Vec::new() };
    let seen = VersionSeen {
        id: id(9),
        labels: PENDING.to_vec(),
        age: None,
        username: None,
        access: Access::NoValue,
        code: None,
    };
    pending = history(&dates, &[seen]);
    check(
        &pending,
        &expect![[r#"
                        now
        2026-11-30 UTC  14:02:05.000
        00000009  -     oPENDING
    "#]],
    );
}

/// Of many versions without labels, the newest are shown.
#[test]
fn newest_unlabeled_versions_are_shown() {
    let mut versions: Vec<_> =
        (0..20_u8).map(|number| Version(number, u64::from(100 - number) * DAY, &[], None)).collect();
    versions.push(Version(99, DAY, CURRENT, Some(Access::LogsIn)));
    let history = look(&versions, None);
    assert_eq!(history.left_out, 12);
    let shown: Vec<_> = history.timeline.rows().iter().map(|row| row.version.as_str()).collect();
    assert_eq!(shown.len(), 9);
    assert_eq!((shown[0], shown[8]), (id(12).as_str(), id(99).as_str()));
}

/// A clock that is behind that of the service puts nothing after now.
#[test]
fn late_clock_puts_nothing_after_now() {
    let dates = Dates {
        looked_at: ago(0),
        last_rotated: Some(ago(0) + Duration::from_secs(9)),
        versions: vec![VersionRecord {
            id: id(1),
            labels: CURRENT.to_vec(),
            created: Some(ago(0) + Duration::from_secs(8)),
        }],
    };
    let history = history(&dates, &[]);
    let names: Vec<_> = history.timeline.moments().iter().map(|moment| moment.name.as_str()).collect();
    assert_eq!(names, ["now, created"]);
}
