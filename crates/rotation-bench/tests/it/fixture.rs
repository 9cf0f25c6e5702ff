//! Comparisons that nobody measured.

use std::{path::Path, time::Duration};

use rotation_bench::{Comparison, Kind, Measured, Sample, Series, Share, Ssl, Step, Strategy, Subject};
use test_servers::Logins;

/// A sample of a process that starts within `start` ms, and whose steps take `step` ms each, a third of it of
/// a processor.
pub(crate) fn sample(start: u64, step: u64) -> Sample {
    let step =
        Step { duration: Duration::from_millis(step), processor: Duration::from_micros(step * 1000 / 3) };
    Sample {
        start: Duration::from_millis(start),
        cold: [step; 4],
        warm: [step; 4],
        page_faults: 500,
        peak_kib: 8 * 1024,
        calls: 11,
        serial_calls: 7,
        call: Duration::from_millis(20),
        logins: Logins { accepted: 2, refused: 0 },
    }
}

pub(crate) fn series(share: Share, delay: Duration, samples: Vec<Sample>) -> Series {
    Series { share, delay, samples }
}

pub(crate) fn measured(name: &str, kind: Kind, series: Vec<Series>) -> Measured {
    let mut subject = Subject::new(name, kind, Some(Strategy::SingleUser), Path::new("/bin/true"));
    if kind == Kind::Aws {
        subject.ssl = Ssl::Absent;
    }
    Measured { subject, series, traffic: None, zip: None, failure: None }
}

pub(crate) fn comparison(measured: Vec<Measured>) -> Comparison {
    Comparison { server: "PostgreSQL 18".to_owned(), strategy: Strategy::SingleUser, measured }
}
