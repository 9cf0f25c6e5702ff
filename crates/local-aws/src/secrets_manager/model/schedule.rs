//! `RotationRules`: validated, kept, and used to compute the next date. The clock starts no rotation.

mod cron;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::cron::Cron;
use super::{ServiceError, Timestamp};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;
/// The shortest time between two rotations that AWS accepts.
const SHORTEST: u64 = 4 * HOUR;

/// `RotationRules` as they were received.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RotationRules {
    #[serde(skip_serializing_if = "Option::is_none")]
    automatically_after_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
}

/// When a secret is rotated.
enum Schedule {
    Every(Duration),
    Cron(Cron),
}

impl RotationRules {
    pub(super) fn check(&self) -> Result<(), ServiceError> {
        if self.automatically_after_days.is_some() && self.schedule_expression.is_some() {
            return Err(ServiceError::invalid_parameter(
                "RotationRules can have AutomaticallyAfterDays or ScheduleExpression, not both.",
            ));
        }
        if self.automatically_after_days.is_some_and(|days| !(1..=1000).contains(&days)) {
            return Err(ServiceError::invalid_parameter(
                "RotationRules.AutomaticallyAfterDays must be within 1-1000.",
            ));
        }
        if self.schedule_expression.is_some() && self.schedule().is_none() {
            return Err(ServiceError::invalid_parameter(
                "RotationRules.ScheduleExpression must be rate(N hours), rate(N days) or cron(0 H D M W *), \
                 at most once every 4 hours.",
            ));
        }
        if self.duration.as_deref().is_some_and(|duration| !is_window(duration)) {
            return Err(ServiceError::invalid_parameter(
                "RotationRules.Duration must be a number of hours, such as 3h.",
            ));
        }
        Ok(())
    }

    pub(super) fn next_after(&self, last: Timestamp) -> Option<Timestamp> {
        match self.schedule()? {
            Schedule::Every(pause) => Some(last.plus(pause)),
            Schedule::Cron(cron) => cron.next_after(last),
        }
    }

    fn schedule(&self) -> Option<Schedule> {
        if let Some(days) = self.automatically_after_days {
            return Some(Schedule::Every(Duration::from_secs(u64::try_from(days).ok()? * DAY)));
        }
        let expression = self.schedule_expression.as_deref()?;
        let inside = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        match (inside("rate"), inside("cron")) {
            (Some(rate), _) => parse_rate(rate).map(Schedule::Every),
            (None, Some(fields)) => Cron::parse(fields).map(Schedule::Cron),
            (None, None) => None,
        }
    }
}

/// `N hours` or `N days`.
fn parse_rate(rate: &str) -> Option<Duration> {
    let (number, unit) = rate.split_once(' ')?;
    let unit = match unit {
        "hour" | "hours" => HOUR,
        "day" | "days" => DAY,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (SHORTEST..=1000 * DAY).contains(&seconds).then(|| Duration::from_secs(seconds))
}

/// `[0-9]+h`, from one hour to a day.
fn is_window(duration: &str) -> bool {
    duration
        .strip_suffix('h')
        .filter(|hours| hours.chars().all(|c| c.is_ascii_digit()))
        .and_then(|hours| hours.parse::<u8>().ok())
        .is_some_and(|hours| (1..=24).contains(&hours))
}
