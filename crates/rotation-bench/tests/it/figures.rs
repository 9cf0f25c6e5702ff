//! Medians, pairs, and what Lambda bills.

use std::time::Duration;

use rotation_bench::{Figure, Share, median};

use crate::fixture::{sample, series};

fn of(samples: &[(u64, u64)]) -> rotation_bench::Series {
    let samples = samples.iter().map(|(start, step)| sample(*start, *step)).collect();
    series(Share::Of128Mb, Duration::ZERO, samples)
}

#[expect(clippy::float_cmp, reason = "the numbers are whole")]
fn equal(figure: f64, expected: f64) {
    assert_eq!(figure, expected);
}

/// The middle one, or the mean of the two in the middle; not a number where there is none.
#[test]
fn a_median_is_the_middle() {
    equal(median(vec![9.0, 1.0, 2.0]), 2.0);
    equal(median(vec![9.0, 1.0, 2.0, 4.0]), 3.0);
    assert!(median(Vec::new()).is_nan());
}

/// A round in which the machine was slow is slow for both, so the ratio of that round is that of the others.
#[test]
fn ratios_are_by_rounds() {
    let (one, two) = (of(&[(0, 40), (0, 400), (0, 44)]), of(&[(0, 10), (0, 100), (0, 11)]));
    equal(one.times(&two, &Figure::WARM), 4.0);
    // By the medians of each it would be the same here, but not where the rounds differ:
    let (one, two) = (of(&[(0, 10), (0, 200), (0, 300)]), of(&[(0, 10), (0, 20), (0, 300)]));
    equal(one.times(&two, &Figure::WARM), 1.0);
}

/// Each invocation up to the next millisecond, the first one with the start, and by the memory.
#[test]
fn lambda_bills_each_invocation() {
    let mut billed = of(&[(10, 3)]);
    for step in &mut billed.samples[0].cold {
        step.duration += Duration::from_micros(100);
    }
    billed.samples[0].start += Duration::from_micros(950);
    // 10.95 + 3.1 are 15, and three times 3.1 are 4 each.
    equal(billed.figure(&Figure::COLD_BILLED), 27.0);
    equal(billed.figure(&Figure::COLD_GB), 27.0 / 8.0);
    equal(billed.figure(&Figure::WARM_BILLED), 12.0);
}

/// One bad run is bad enough for a count, not for a time.
#[test]
fn counts_are_the_largest() {
    let mut counted = of(&[(0, 1), (0, 1), (0, 9)]);
    counted.samples[1].calls = 14;
    counted.samples[2].logins.refused = 1;
    equal(counted.figure(&Figure::CALLS), 14.0);
    equal(counted.figure(&Figure::REFUSED), 1.0);
    equal(counted.figure(&Figure::WARM), 4.0);
}
