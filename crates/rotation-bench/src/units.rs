//! Numbers for people, and the middle of many.

use std::time::Duration;

/// How a number is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Of time.
    Milliseconds,
    /// What Lambda bills: a gigabyte of memory for a millisecond.
    GbMilliseconds,
    /// Of memory or of a file.
    Mebibytes,
    /// Of anything that is counted.
    Count,
}

impl Unit {
    /// The unit for people.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::GbMilliseconds => "GB-ms",
            Self::Mebibytes => "MiB",
            Self::Count => "",
        }
    }
}

/// Bytes as MiB, for people.
pub fn mib(bytes: u64) -> f64 {
    number(bytes) / f64::from(1 << 20)
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "no count of a rotation is near 2^52")]
pub fn number(count: u64) -> f64 {
    count as f64
}

/// Milliseconds, for people.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Not a number where there is no value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => f64::NAN,
        values if values.len().is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        values => values[middle],
    }
}

/// The same of things in memory.
pub(crate) fn count(count: usize) -> f64 {
    u64::try_from(count).map_or(f64::INFINITY, number)
}
