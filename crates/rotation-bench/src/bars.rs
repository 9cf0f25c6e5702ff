//! The limits that the figures must meet.

use std::{fmt::Write, time::Duration};

use crate::{
    comparison::{BAR_DELAY, Comparison, Measured},
    control_group::Share,
    engine::Strategy,
    figures::Figure,
    subject::{Kind, Ssl},
    units::{mib, ms},
};

/// The serial calls of a healthy rotation, with which the sum of the steps is compared.
const SERIAL_CALLS: u32 = 7;

/// A limit and its figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What is limited.
    pub name: String,
    /// `None` where it could not be measured, which does not meet the limit.
    pub figure: Option<f64>,
    /// What it must meet.
    pub limit: Limit,
}

/// The limit of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// This.
    Exactly(f64),
}

impl Bar {
    /// Whether the figure meets the limit.
    pub fn holds(&self) -> bool {
        self.figure.is_some_and(|figure| match self.limit {
            Limit::AtMost(limit) => figure <= limit,
            Limit::AtLeast(limit) => figure >= limit,
            Limit::Exactly(limit) => (figure - limit).abs() < f64::EPSILON,
        })
    }
}

/// Every bar of our functions, those against others where these were measured.
pub fn judge(comparisons: &[Comparison], shares: &[Share]) -> Vec<Bar> {
    let mut judged = Vec::new();
    for comparison in comparisons {
        let Some(ours) = comparison.of(Kind::Ours) else { continue };
        let mut judge = Judge { ours, comparison, judged: &mut judged };
        judge.alone();
        judge.with_slow_store();
        if let Some(base) = comparison.of(Kind::Base) {
            judge.against_base(base);
        }
        if shares.contains(&Share::Of128Mb) {
            judge.against_aws();
        }
    }
    judged
}

struct Judge<'a> {
    ours: &'a Measured,
    comparison: &'a Comparison,
    judged: &'a mut Vec<Bar>,
}

impl Judge<'_> {
    /// What holds of a function by itself, or against a function that does the least.
    fn alone(&mut self) {
        let ours = self.ours;
        let of = |figure: &Figure| ours.figure(Share::Whole, Duration::ZERO, figure);
        let times = |kind: Kind, figure: &Figure| {
            self.comparison.of(kind)?.times(ours, Share::Whole, Duration::ZERO, figure)
        };
        if self.comparison.of(Kind::Bare).is_some() {
            let times = times(Kind::Bare, &Figure::START).map(f64::recip);
            self.bar("first /next, times the bare runtime", times, Limit::AtMost(3.0));
        }
        if self.comparison.of(Kind::Python).is_some() {
            let sooner = times(Kind::Python, &Figure::FIRST_ANSWER);
            self.bar("first answer, times sooner than Python", sooner, Limit::AtLeast(30.0));
        }
        let logins = f64::from(self.comparison.strategy.logins());
        self.bar("peak memory, MiB", of(&Figure::PEAK), Limit::AtMost(12.0));
        self.bar("zip, MiB", ours.zip.map(mib), Limit::AtMost(2.5));
        self.bar("Secrets Manager calls", of(&Figure::CALLS), Limit::AtMost(12.0));
        self.bar("logins", of(&Figure::LOGINS), Limit::Exactly(logins));
        self.bar("refused logins", of(&Figure::REFUSED), Limit::Exactly(0.0));
    }

    /// What only shows where each call takes its time.
    fn with_slow_store(&mut self) {
        let of = |figure: &Figure| self.ours.figure(Share::Whole, BAR_DELAY, figure);
        let serial = f64::from(SERIAL_CALLS);
        let delay = ms(BAR_DELAY);
        let steps = of(&Figure::COLD_STEPS).map(|steps| steps / (serial * delay));
        let calls = of(&Figure::SERIAL_CALLS);
        let own = of(&Figure::TIMES_OWN_CALLS);
        self.bar("Secrets Manager calls one after another", calls, Limit::AtMost(serial));
        let name = format!("four steps of a fresh process, times {serial} calls of {delay} ms");
        self.bar(&name, steps, Limit::AtMost(1.2));
        self.bar("the same, times the least for its own calls", own, Limit::AtMost(1.1));
    }

    /// Against the build from which a change started.
    fn against_base(&mut self, base: &Measured) {
        let ours = self.ours;
        let times = |figure: &Figure| ours.times(base, Share::Whole, Duration::ZERO, figure);
        let same = |figure: &Figure, delay: Duration| {
            let of = |measured: &Measured| measured.figure(Share::Whole, delay, figure);
            Some(of(ours)? - of(base)?)
        };
        let processor = times(&Figure::COLD_PROCESSOR);
        self.bar("processor time of a cold rotation, times the base", processor, Limit::AtMost(0.6));
        self.bar("peak memory, times the base", times(&Figure::PEAK), Limit::AtMost(0.9));
        let zip = ours.zip.zip(base.zip).map(|(ours, base)| mib(ours) / mib(base));
        self.bar("zip, times the base", zip, Limit::AtMost(1.0));
        let calls = same(&Figure::CALLS, Duration::ZERO);
        self.bar("Secrets Manager calls more than the base", calls, Limit::Exactly(0.0));
        let serial = same(&Figure::SERIAL_CALLS, BAR_DELAY);
        self.bar("of these one after another, more than the base", serial, Limit::Exactly(0.0));
        let logins = same(&Figure::LOGINS, Duration::ZERO);
        self.bar("logins more than the base", logins, Limit::Exactly(0.0));
    }

    /// Against AWS's function with its usual secret, at the share that most functions have.
    fn against_aws(&mut self) {
        let is_usual = |one: &&Measured| one.subject.kind == Kind::Aws && one.subject.ssl == Ssl::Absent;
        let Some(aws) = self.comparison.measured.iter().find(is_usual) else { return };
        if !["PostgreSQL", "MariaDB"].iter().any(|name| self.comparison.server.starts_with(name)) {
            return;
        }
        let times = |figure: &Figure| aws.times(self.ours, Share::Of128Mb, Duration::ZERO, figure);
        let (cold, warm) = match self.comparison.strategy {
            Strategy::SingleUser => (45.0, 12.0),
            Strategy::MasterUser => (35.0, 10.0),
        };
        let (colds, warms) = (times(&Figure::COLD), times(&Figure::WARM));
        self.bar("cold rotation at 128 MB, times sooner than AWS's", colds, Limit::AtLeast(cold));
        self.bar("warm rotation at 128 MB, times sooner than AWS's", warms, Limit::AtLeast(warm));
    }

    fn bar(&mut self, name: &str, figure: Option<f64>, limit: Limit) {
        let Comparison { server, strategy, .. } = self.comparison;
        self.judged.push(Bar { name: format!("{server}, {strategy}: {name}"), figure, limit });
    }
}

/// One line for each bar.
pub fn list(bars: &[Bar]) -> String {
    let mut text = String::from("\nBars\n");
    for bar in bars {
        let verdict = if bar.holds() { "holds" } else { "MISSED" };
        let limit = match bar.limit {
            Limit::AtMost(limit) => format!("at most {limit}"),
            Limit::AtLeast(limit) => format!("at least {limit}"),
            Limit::Exactly(limit) => format!("exactly {limit}"),
        };
        let figure = bar.figure.map_or_else(|| "not measured".to_owned(), |figure| format!("{figure:.2}"));
        writeln!(text, "{verdict:<7} {:<82} {figure:>12} ({limit})", bar.name)
            .expect("a String takes everything");
    }
    text
}
