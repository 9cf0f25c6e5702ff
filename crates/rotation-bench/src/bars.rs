//! The limits that the figures must meet.

use std::{fmt::Write, time::Duration};

use crate::{
    failure::Failure,
    figures::{Figures, count, mib, milliseconds},
    subject::{Kind, Role, Subject},
};

/// The delay of a store call under which the bar on the sum of the steps is measured.
pub(crate) const BAR_DELAY: Duration = Duration::from_millis(20);

/// The serial calls of a healthy rotation, with which the sum of the steps is compared.
const SERIAL_CALLS: u32 = 7;

/// A limit and its figure.
pub(crate) struct Bar {
    name: String,
    figure: f64,
    limit: Limit,
}

#[derive(Clone, Copy)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
}

impl Bar {
    /// Whether the figure meets the limit.
    pub(crate) fn holds(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) => self.figure <= limit,
            Limit::AtLeast(limit) => self.figure >= limit,
            Limit::Exactly(limit) => (self.figure - limit).abs() < f64::EPSILON,
        }
    }
}

/// Every bar of every shipped artifact. `ours` and `delayed` were measured under [`BAR_DELAY`].
pub(crate) fn judge(
    subjects: &[Subject],
    figures: &[Figures],
    ours: &[Subject],
    delayed: &[Figures],
) -> Result<Vec<Bar>, Failure> {
    let of = |kind: Kind| subjects.iter().zip(figures).find(|(subject, _)| subject.kind == kind);
    let (_, bare) = of(Kind::Bare).ok_or("the bare runtime was not measured")?;
    let (_, python) = of(Kind::Python).ok_or("the Python baseline was not measured")?;
    let mut judged = Vec::new();
    for (subject, figures) in subjects.iter().zip(figures).filter(|(subject, _)| subject.is_ours()) {
        let mut bar = |name: &str, figure: f64, limit: Limit| {
            judged.push(Bar { name: format!("{}: {name}", subject.name), figure, limit });
        };
        let logins = match subject.role {
            Role::MasterUser => 3.0,
            Role::SingleUser | Role::Nothing => 2.0,
        };
        bar("first /next, times the bare runtime", figures.next / bare.next, Limit::AtMost(3.0));
        let sooner = python.first_response / figures.first_response;
        bar("first answer, times sooner than Python", sooner, Limit::AtLeast(30.0));
        bar("peak memory, MiB", figures.peak_mib, Limit::AtMost(12.0));
        bar("zip, MiB", mib(subject.zip_size()?.ok_or("no zip was made")?), Limit::AtMost(2.5));
        bar("Secrets Manager calls", count(figures.calls), Limit::AtMost(12.0));
        bar("logins", count(figures.logins), Limit::Exactly(logins));
        bar("refused logins", count(figures.refused_logins), Limit::Exactly(0.0));
    }
    for (subject, figures) in ours.iter().zip(delayed) {
        let serial = f64::from(SERIAL_CALLS);
        let mut bar = |name: String, figure: f64, limit: f64| {
            let name = format!("{}: {name}", subject.name);
            judged.push(Bar { name, figure, limit: Limit::AtMost(limit) });
        };
        bar("Secrets Manager calls one after another".to_owned(), figures.serial_calls, serial);
        let delay = milliseconds(BAR_DELAY);
        let steps = format!("four steps of a fresh process, times {serial} calls of {delay} ms");
        bar(steps, figures.cold_steps / (serial * delay), 1.2);
    }
    Ok(judged)
}

/// One line for each bar.
pub(crate) fn list(bars: &[Bar]) -> String {
    let mut text = String::from("\nBars\n");
    for bar in bars {
        let verdict = if bar.holds() { "holds" } else { "MISSED" };
        let limit = match bar.limit {
            Limit::AtMost(limit) => format!("at most {limit}"),
            Limit::AtLeast(limit) => format!("at least {limit}"),
            Limit::Exactly(limit) => format!("exactly {limit}"),
        };
        writeln!(text, "{verdict:<7} {:<70} {:>8.2} ({limit})", bar.name, bar.figure)
            .expect("a String takes everything");
    }
    text
}
