//! The table of the figures: one row for each figure, one column for each subject.

use std::{fmt::Write, time::Duration};

use crate::{
    comparison::{BAR_DELAY, Comparison, Measured},
    control_group::Share,
    figures::Figure,
    subject::Kind,
    units::{mib, number},
    world::Traffic,
};

const LABEL: usize = 46;
const COLUMN: usize = 14;
/// The longest header of a column.
const HEAD: usize = 12;
/// The word for a figure that could not be had.
const NONE: &str = "not measured";

/// The figures that are compared by pairs.
const COMPARED: [Figure; 6] =
    [Figure::START, Figure::COLD, Figure::WARM, Figure::COLD_PROCESSOR, Figure::WARM_PROCESSOR, Figure::PEAK];

/// One table. `delay` is that of the store in the main rounds.
pub fn draw(comparison: &Comparison, delay: Duration) -> String {
    let mut table = Table { text: String::new(), measured: &comparison.measured };
    let runs = comparison.measured.iter().flat_map(|measured| &measured.series);
    let runs = runs.map(|series| series.samples.len()).max().unwrap_or_default();
    table.line(&format!(
        "\n{}, {}: medians of {runs} fresh processes, {} ms of delay at each store call",
        comparison.server,
        comparison.strategy,
        delay.as_millis()
    ));
    table.row("", |measured| head(&measured.subject.name));
    for share in Share::ALL {
        table.costs(share, delay);
    }
    table.counts(delay);
    table.delayed();
    if let Some(ours) = comparison.of(Kind::Ours) {
        for share in Share::ALL {
            table.ratios(ours, share, delay);
        }
    }
    for measured in &comparison.measured {
        if let Some(failure) = &measured.failure {
            table.line(&format!("{} is not measured, as it fails: {failure}", measured.subject.name));
        }
    }
    table.text
}

struct Table<'a> {
    text: String,
    measured: &'a [Measured],
}

impl Table<'_> {
    fn costs(&mut self, share: Share, delay: Duration) {
        if self.measured.iter().all(|measured| measured.under(share, delay).is_none()) {
            return;
        }
        self.line(&format!("On {}", share.title()));
        for figure in &Figure::COSTS {
            self.figure(figure, share, delay);
        }
    }

    fn counts(&mut self, delay: Duration) {
        self.line("On either");
        let measured = |share: &Share| self.measured.iter().any(|one| one.under(*share, delay).is_some());
        if let Some(share) = Share::ALL.into_iter().find(measured) {
            for figure in &Figure::COUNTS {
                self.figure(figure, share, delay);
            }
        }
        self.traffic("connections to the database", |traffic| traffic.database.connections.to_string());
        self.traffic("round trips to the database", |traffic| traffic.database.round_trips.to_string());
        self.traffic("connections to the store", |traffic| traffic.store.connections.to_string());
        self.traffic("to and from the database, KiB", |traffic| kib(traffic.database.bytes));
        self.traffic("to and from the store, KiB", |traffic| kib(traffic.store.bytes));
        self.row("zip of the program, MiB", |measured| {
            measured.zip.map_or_else(|| NONE.to_owned(), |bytes| short(mib(bytes)))
        });
    }

    fn delayed(&mut self) {
        let measured = |one: &Measured| one.under(Share::Whole, BAR_DELAY).is_some();
        if self.measured.iter().any(measured) {
            self.line(&format!("With {} ms of delay at each store call", BAR_DELAY.as_millis()));
            for figure in &Figure::DELAYED {
                self.figure(figure, Share::Whole, BAR_DELAY);
            }
        }
    }

    /// How many times our figure the others' are.
    fn ratios(&mut self, ours: &Measured, share: Share, delay: Duration) {
        if ours.under(share, delay).is_none() {
            return;
        }
        self.line(&format!("Times our function, by pairs, on {}", share.title()));
        for figure in &COMPARED {
            self.row(figure.label, |measured| {
                measured.times(ours, share, delay, figure).map_or_else(|| NONE.to_owned(), short)
            });
        }
    }

    fn figure(&mut self, figure: &Figure, share: Share, delay: Duration) {
        let unit = figure.unit.symbol();
        let label =
            if unit.is_empty() { figure.label.to_owned() } else { format!("{}, {unit}", figure.label) };
        self.row(&label, |measured| {
            measured.figure(share, delay, figure).map_or_else(|| NONE.to_owned(), short)
        });
    }

    fn traffic(&mut self, label: &str, text: impl Fn(&Traffic) -> String) {
        self.row(label, |measured| measured.traffic.as_ref().map_or_else(|| NONE.to_owned(), &text));
    }

    fn row(&mut self, label: &str, cell: impl Fn(&Measured) -> String) {
        let cells =
            self.measured.iter().fold(String::new(), |line, one| format!("{line}{:>COLUMN$}", cell(one)));
        self.line(format!("{label:<LABEL$}{cells}").trim_end());
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a String takes everything");
    }
}

/// A subject's name, shortened at its beginning, where the names of related subjects are alike.
fn head(name: &str) -> String {
    let characters = name.chars().count();
    name.chars().skip(characters.saturating_sub(HEAD)).collect()
}

fn kib(bytes: u64) -> String {
    short(number(bytes) / 1024.0)
}

/// As many digits as say something.
fn short(number: f64) -> String {
    let places = match number.abs() {
        1000.0.. => 0,
        100.0.. => 1,
        _ if number.fract() == 0.0 => 0,
        _ => 2,
    };
    format!("{number:.places$}")
}
