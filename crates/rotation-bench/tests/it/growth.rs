//! The bar on growth.

use rotation_bench::{Cost, Growth, Kind, Row, draw_growth, judge_growth};

fn row(grants: u32, made: f64, equal: Option<f64>) -> Row {
    let cost = |milliseconds| Cost { milliseconds, processor: 1.0, round_trips: 9, peak_mib: 8.0 };
    let (made, equal) = (Some(cost(made)), equal.map(cost));
    Row { subject: "ours".to_owned(), kind: Kind::Ours, grants, made, equal }
}

/// By the time of one grant, from a hundred to ten thousand; what is missing holds no bar.
#[test]
fn the_time_of_a_grant_is_compared() {
    let rows = vec![row(10, 9.0, None), row(100, 12.5, None), row(10_000, 1875.0, Some(3.0))];
    let growth = Growth { server: "MySQL 9".to_owned(), rows };
    let bars = judge_growth(std::slice::from_ref(&growth));
    assert_eq!(bars.iter().map(|bar| bar.figure).collect::<Vec<_>>(), [Some(1.5), None]);
    assert!(bars.iter().all(|bar| !bar.holds()), "{bars:?}");
    let table = draw_growth(&growth, 3);
    assert_eq!(table.matches("not measured").count(), 2, "{table}");
}
