//! All figures for programs. What was not measured is null.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{
    bars::Bar,
    comparison::{Comparison, Measured},
    figures::{Figure, Series},
    growth::{self, Growth},
    subject::{Kind, Ssl},
};

/// One object for each comparison, with the medians of every series, and how many times ours they are by
/// pairs.
pub fn document(machine: &str, comparisons: &[Comparison], growths: &[Growth], bars: &[Bar]) -> Value {
    json!({
        "machine": machine,
        "comparisons": comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "growth": growths.iter().map(growth::json).collect::<Vec<_>>(),
        "bars": bars.iter().map(bar).collect::<Vec<_>>(),
    })
}

fn comparison(comparison: &Comparison) -> Value {
    let ours = comparison.of(Kind::Ours);
    let subjects: Vec<_> = comparison.measured.iter().map(|one| subject(one, ours)).collect();
    json!({"server": comparison.server, "strategy": comparison.strategy.name(), "subjects": subjects})
}

fn subject(measured: &Measured, ours: Option<&Measured>) -> Value {
    let conditions: Vec<_> = measured
        .series
        .iter()
        .map(|series| {
            let ours = ours.and_then(|ours| ours.under(series.share, series.delay));
            json!({
                "share": series.share.name(),
                "delay_ms": millis(series.delay),
                "runs": series.samples.len(),
                "figures": figures(series, |figure| series.figure(figure)),
                "times_ours_by_pairs": ours.map(|ours| figures(series, |figure| series.times(ours, figure))),
            })
        })
        .collect();
    let traffic = measured.traffic;
    json!({
        "name": measured.subject.name,
        "kind": measured.subject.kind.name(),
        "ssl": measured.subject.ssl == Ssl::Required,
        "failure": measured.failure,
        "zip_bytes": measured.zip,
        "database_connections": traffic.map(|traffic| traffic.database.connections),
        "database_bytes": traffic.map(|traffic| traffic.database.bytes),
        "database_round_trips": traffic.map(|traffic| traffic.database.round_trips),
        "store_connections": traffic.map(|traffic| traffic.store.connections),
        "store_bytes": traffic.map(|traffic| traffic.store.bytes),
        "conditions": conditions,
    })
}

/// Calls one after another, and their times, are seen only where the store takes its time.
fn figures(series: &Series, of: impl Fn(&Figure) -> f64) -> Value {
    let delayed = Figure::DELAYED.iter().filter(|_| !series.delay.is_zero());
    let all = Figure::COSTS.iter().chain(&Figure::COUNTS).chain(delayed);
    // A ratio to nothing is not a number, which JSON has as null.
    Value::Object(all.map(|figure| (figure.key.to_owned(), json!(of(figure)))).collect::<Map<_, _>>())
}

fn bar(bar: &Bar) -> Value {
    json!({"name": bar.name, "figure": bar.figure, "holds": bar.holds()})
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
