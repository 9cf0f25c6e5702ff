//! Which bars are judged, and by what.

use std::time::Duration;

use rotation_bench::{BAR_DELAY, Bar, Comparison, Kind, Limit, Share, judge, list};

use crate::fixture::{comparison, measured, sample, series};

/// Ours four times as fast as the base, and fifty times as fast as AWS's function.
fn complete() -> Comparison {
    let of = |times: u64| {
        let mut all = Vec::new();
        for (share, delay) in
            [(Share::Whole, Duration::ZERO), (Share::Of128Mb, Duration::ZERO), (Share::Whole, BAR_DELAY)]
        {
            all.push(series(share, delay, vec![sample(4 * times, 36 * times); 9]));
        }
        all
    };
    comparison(vec![
        measured("ours", Kind::Ours, of(1)),
        measured("base", Kind::Base, of(4)),
        measured("AWS", Kind::Aws, of(50)),
    ])
}

fn bar<'a>(bars: &'a [Bar], name: &str) -> &'a Bar {
    bars.iter().find(|bar| bar.name.contains(name)).expect("the bar is judged")
}

/// Each kind of bar by the figures that it is about.
#[test]
fn bars_are_judged_by_pairs() {
    let bars = judge(&[complete()], &Share::ALL);
    let processor = bar(&bars, "processor time of a cold rotation, times the base");
    assert_eq!((processor.figure, processor.limit), (Some(0.25), Limit::AtMost(0.6)));
    let cold = bar(&bars, "cold rotation at 128 MB");
    assert_eq!((cold.figure, cold.limit, cold.holds()), (Some(50.0), Limit::AtLeast(45.0), true));
    let peak = bar(&bars, "peak memory, times the base");
    assert_eq!((peak.figure, peak.holds()), (Some(1.0), false));
    let own = bar(&bars, "the least for its own calls");
    assert!(own.holds() && own.figure.is_some_and(|times| times < 1.1), "{own:?}");
}

/// A figure that could not be had holds no bar, and is not shown as a number.
#[test]
fn what_was_not_measured_holds_no_bar() {
    let bars = judge(&[complete()], &Share::ALL);
    let zip = bar(&bars, "zip, MiB");
    assert_eq!((zip.figure, zip.holds()), (None, false));
    let text = list(&bars);
    let line = text.lines().find(|line| line.contains("zip, MiB")).unwrap();
    assert!(line.starts_with("MISSED") && line.contains("not measured"), "{line}");
}

/// Bars against what was not part of the run are left out, as are those at a share that the machine cannot
/// give.
#[test]
fn bars_need_their_subjects() {
    let mut comparison = complete();
    let at_share = |bars: &[Bar]| bars.iter().filter(|bar| bar.name.contains("128 MB")).count();
    assert_eq!(at_share(&judge(&[comparison.clone()], &Share::ALL)), 2);
    assert_eq!(at_share(&judge(&[comparison.clone()], &[Share::Whole])), 0);
    comparison.measured.truncate(1);
    let bars = judge(&[comparison], &Share::ALL);
    assert!(bars.iter().all(|bar| !bar.name.contains("base") && !bar.name.contains("AWS")), "{bars:?}");
}
