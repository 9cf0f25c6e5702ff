//! Cron expressions in the form of Secrets Manager: six fields, minutes 0, year `*`, in UTC.

use time::{Date, Month, OffsetDateTime, Weekday, util::days_in_month};

use super::super::Timestamp;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// How far ahead the next date is searched: past one leap day in any century.
const DAYS_AHEAD: usize = 9 * 366;

/// A parsed expression. An empty list of days stands for "any".
pub(super) struct Cron {
    hours: Vec<u8>,
    month_days: Vec<MonthDay>,
    months: Vec<u8>,
    week_days: Vec<WeekDay>,
}

enum MonthDay {
    Day(u8),
    /// `L`
    Last,
    /// `nW`: the working day nearest to the n-th.
    Working(u8),
}

/// Sunday is 1.
enum WeekDay {
    Each(u8),
    /// `nL`: the last of its month.
    Last(u8),
    /// `n#k`: the k-th of its month.
    Nth(u8, u8),
}

impl Cron {
    pub(super) fn parse(fields: &str) -> Option<Self> {
        let fields: Vec<_> = fields.split_ascii_whitespace().collect();
        let [minutes, hours, month_days, months, week_days, year] = fields[..] else {
            return None;
        };
        // A day can be named by only one of the two fields.
        let named = [month_days, week_days].iter().filter(|field| !matches!(**field, "*" | "?")).count();
        if minutes != "0" || year != "*" || named > 1 {
            return None;
        }
        let hours = numbers(hours, 0, 23, &[])?;
        // At most once every four hours.
        if hours.windows(2).any(|pair| pair[1] - pair[0] < 4) {
            return None;
        }
        Some(Self {
            hours,
            month_days: parse_month_days(month_days)?,
            months: numbers(months, 1, 12, &MONTHS)?,
            week_days: parse_week_days(week_days)?,
        })
    }

    /// The first full hour after `last` that matches.
    pub(super) fn next_after(&self, last: Timestamp) -> Option<Timestamp> {
        let last = i64::try_from(last.seconds()).ok()?;
        let mut date = OffsetDateTime::from_unix_timestamp(last).ok()?.date();
        for _ in 0..DAYS_AHEAD {
            if self.fits(date) {
                let midnight = date.midnight().assume_utc().unix_timestamp();
                let hours = self.hours.iter().map(|hour| midnight + i64::from(*hour) * 3600);
                if let Some(next) = hours.into_iter().find(|next| *next > last) {
                    let elapsed = std::time::Duration::from_secs(u64::try_from(next).ok()?);
                    return Some(Timestamp::since_epoch(elapsed));
                }
            }
            date = date.next_day()?;
        }
        None
    }

    fn fits(&self, date: Date) -> bool {
        self.months.contains(&u8::from(date.month()))
            && (self.month_days.is_empty() || self.month_days.iter().any(|day| day.fits(date)))
            && (self.week_days.is_empty() || self.week_days.iter().any(|day| day.fits(date)))
    }
}

impl MonthDay {
    fn fits(&self, date: Date) -> bool {
        match *self {
            Self::Day(day) => date.day() == day,
            Self::Last => date.day() == last_day(date.year(), date.month()),
            Self::Working(day) => working_day(date, day) == Some(date),
        }
    }
}

impl WeekDay {
    fn fits(&self, date: Date) -> bool {
        let today = date.weekday().number_days_from_sunday() + 1;
        match *self {
            Self::Each(day) => today == day,
            Self::Last(day) => today == day && date.day() + 7 > last_day(date.year(), date.month()),
            Self::Nth(day, nth) => today == day && (date.day() - 1) / 7 + 1 == nth,
        }
    }
}

fn last_day(year: i32, month: Month) -> u8 {
    days_in_month(month, year)
}

/// The working day nearest to `day` in the month of `date`, without leaving the month.
fn working_day(date: Date, day: u8) -> Option<Date> {
    let meant = date.replace_day(day).ok()?;
    let nearest = match meant.weekday() {
        Weekday::Saturday if day == 1 => day + 2,
        Weekday::Saturday => day - 1,
        Weekday::Sunday if day == last_day(date.year(), date.month()) => day - 2,
        Weekday::Sunday => day + 1,
        _ => day,
    };
    date.replace_day(nearest).ok()
}

fn parse_month_days(field: &str) -> Option<Vec<MonthDay>> {
    match field {
        "*" | "?" => Some(Vec::new()),
        "L" => Some(vec![MonthDay::Last]),
        _ => match field.strip_suffix('W') {
            Some(day) => Some(vec![MonthDay::Working(number(day, 1, 31, &[])?)]),
            None => Some(numbers(field, 1, 31, &[])?.into_iter().map(MonthDay::Day).collect()),
        },
    }
}

fn parse_week_days(field: &str) -> Option<Vec<WeekDay>> {
    if matches!(field, "*" | "?") {
        return Some(Vec::new());
    }
    if let Some((day, nth)) = field.split_once('#') {
        return Some(vec![WeekDay::Nth(number(day, 1, 7, &WEEKDAYS)?, number(nth, 1, 5, &[])?)]);
    }
    match field.strip_suffix('L') {
        Some("") => Some(vec![WeekDay::Each(7)]),
        Some(day) => Some(vec![WeekDay::Last(number(day, 1, 7, &WEEKDAYS)?)]),
        None => Some(numbers(field, 1, 7, &WEEKDAYS)?.into_iter().map(WeekDay::Each).collect()),
    }
}

/// A list of numbers, ranges and steps, sorted.
fn numbers(field: &str, low: u8, high: u8, names: &[&str]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(number(step, 1, high.max(1), &[])?)),
            None => (item, None),
        };
        let (first, last) = match (range, range.split_once('-')) {
            ("*" | "", _) if step.is_some() || range == "*" => (low, high),
            (_, Some((first, last))) => (number(first, low, high, names)?, number(last, low, high, names)?),
            (_, None) => {
                let first = number(range, low, high, names)?;
                (first, if step.is_some() { high } else { first })
            }
        };
        if first > last {
            return None;
        }
        all.extend((first..=last).step_by(usize::from(step.unwrap_or(1))));
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// A number within its bounds, or a name, of which the first one means `low`.
fn number(text: &str, low: u8, high: u8, names: &[&str]) -> Option<u8> {
    let place = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let number = match place {
        Some(place) => low + u8::try_from(place).ok()?,
        None => text.parse().ok()?,
    };
    (low..=high).contains(&number).then_some(number)
}
