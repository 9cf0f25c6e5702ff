//! What a configuration costs at the start of a function.

use std::hint::black_box;
use std::time::{Duration, Instant};

use database_net::{TlsSettings, client_config};

/// A configuration is built in a moment: the median stays under 500 ms, unoptimized.
#[test]
#[expect(clippy::print_stdout, reason = "the figure is this test's result")]
fn fast_to_build() {
    let settings = TlsSettings::default();
    let start = Instant::now();
    black_box(client_config(&settings));
    let first = start.elapsed();
    let mut times: Vec<Duration> = (0..51)
        .map(|_| {
            let start = Instant::now();
            black_box(client_config(&settings));
            start.elapsed()
        })
        .collect();
    times.sort();
    let median = times[times.len() / 2];
    println!("built in {first:?} the first time, then in {median:?} (median of {})", times.len());
    // The bound is for an unoptimized build on a busy machine.
    assert!(median < Duration::from_millis(500), "{median:?}");
}
