//! Moments as a person reads them, in UTC.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;

use super::Moment;

/// How much of a moment is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    Seconds,
    Milliseconds,
}

impl Precision {
    /// Milliseconds where all moments lie within ten minutes, as the steps of a rotation do.
    pub(super) fn of(moments: &[Moment]) -> Self {
        let span = match moments {
            [first, .., last] => last.at.duration_since(first.at).unwrap_or_default(),
            _ => Duration::ZERO,
        };
        if span < Duration::from_mins(10) { Self::Milliseconds } else { Self::Seconds }
    }
}

/// `2026-11-30`
pub(super) fn date(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())
}

/// `14:02:05`, or `14:02:05.123`
pub(super) fn time(at: SystemTime, precision: Precision) -> String {
    let at = OffsetDateTime::from(at);
    let seconds = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    match precision {
        Precision::Seconds => seconds,
        Precision::Milliseconds => format!("{seconds}.{:03}", at.millisecond()),
    }
}
