//! The timeline in a terminal: a line for each version, a column for each moment.

use std::ops::Range;

use super::{
    Carried, Cell, Glyphs, LoginOutcome, Row, Timeline,
    clock::{self, Precision},
    short,
};
use crate::screen::{Look, tamed};

/// The longest line, in characters.
pub const WIDTH: usize = 110;

/// The longest name of a user that is shown whole.
const USER: usize = 16;

/// The longest words of a column that are shown whole.
const WORDS: usize = 30;

/// The lines of a timeline, none longer than [`WIDTH`] characters where `paint` adds none that are seen.
/// Columns that do not fit follow below in a block of their own. The last line explains the signs.
pub fn text_lines(timeline: &Timeline, glyphs: Glyphs, paint: &dyn Fn(Look, &str) -> String) -> Vec<String> {
    let drawing = Drawing::of(timeline, glyphs, paint);
    let mut lines = Vec::new();
    for block in drawing.blocks() {
        lines.extend(drawing.heads(&block));
        for row in timeline.rows().iter().filter(|row| is_seen(row, &block)) {
            lines.push(drawing.line(row, &block));
        }
        lines.push(String::new());
    }
    lines.push(paint(Look::Faint, &glyphs.legend()));
    lines
}

/// A timeline with the widths of its columns.
struct Drawing<'a> {
    timeline: &'a Timeline,
    glyphs: Glyphs,
    paint: &'a dyn Fn(Look, &str) -> String,
    /// Of the part with versions and users.
    left: usize,
    /// Of each column.
    widths: Vec<usize>,
    precision: Precision,
    /// The day of the moments; `None` where they are of several.
    day: Option<String>,
}

impl<'a> Drawing<'a> {
    fn of(timeline: &'a Timeline, glyphs: Glyphs, paint: &'a dyn Fn(Look, &str) -> String) -> Self {
        let precision = Precision::of(timeline.moments());
        let user = timeline.rows().iter().map(|row| length(&user(row, glyphs))).max().unwrap_or_default();
        // Six moments with milliseconds, which are one rotation, then fit in a line.
        let gap = if precision == Precision::Milliseconds { 1 } else { 2 };
        // As wide as the day with its time zone at least.
        let left = ("2026-11-30 UTC".len()).max(8 + 2 + user) + 2;
        let width = |(index, moment): (usize, &super::Moment)| {
            let words = timeline.rows().iter().map(|row| 1 + length(&words(&row.cells[index], glyphs)));
            let name = length(&fitted(&moment.name, WORDS, glyphs));
            let time = length(&clock::time(moment.at, precision)).max("2026-11-30".len());
            words.max().unwrap_or_default().max(name).max(time) + gap
        };
        let widths = timeline.moments().iter().enumerate().map(width).collect();
        let mut days = timeline.moments().iter().map(|moment| clock::date(moment.at));
        let first = days.next();
        let day = first.filter(|first| days.all(|day| day == *first));
        Self { timeline, glyphs, paint, left, widths, precision, day }
    }

    /// As many columns as fit in a line, and the rest below.
    fn blocks(&self) -> Vec<Range<usize>> {
        let mut blocks: Vec<Range<usize>> = Vec::new();
        let mut used = WIDTH;
        for (column, width) in self.widths.iter().enumerate() {
            match blocks.last_mut() {
                Some(block) if used + width <= WIDTH => {
                    block.end = column + 1;
                    used += width;
                }
                _ => {
                    blocks.push(column..column + 1);
                    used = self.left + width;
                }
            }
        }
        blocks
    }

    /// What stands above the columns: names, days where there are several, and times.
    fn heads(&self, block: &Range<usize>) -> Vec<String> {
        let moments = self.timeline.moments();
        let row = |left: &str, of: &dyn Fn(usize) -> String| {
            let mut line = padded(left, self.left);
            for column in block.clone() {
                line.push_str(&padded(&of(column), self.widths[column]));
            }
            line.trim_end().to_owned()
        };
        let names = row("", &|column| fitted(&moments[column].name, WORDS, self.glyphs));
        let mut heads = vec![(self.paint)(Look::Strong, &names)];
        let mut left = "UTC".to_owned();
        match &self.day {
            Some(day) => left = format!("{day} UTC"),
            None => heads.push((self.paint)(
                Look::Faint,
                &row("", &|column| {
                    let day = clock::date(moments[column].at);
                    let same = column > block.start && clock::date(moments[column - 1].at) == day;
                    if same { String::new() } else { day }
                }),
            )),
        }
        let times = row(&left, &|column| clock::time(moments[column].at, self.precision));
        heads.push((self.paint)(Look::Faint, &times));
        heads
    }

    /// One version.
    fn line(&self, row: &Row, block: &Range<usize>) -> String {
        let left = format!(
            "{}  {}",
            padded(&fitted(short(&row.version), 8, self.glyphs), 8),
            user(row, self.glyphs)
        );
        let mut line = padded(&left, self.left);
        for column in block.clone() {
            let before = (column > block.start).then(|| &row.cells[column - 1]);
            let ends = column + 1 == self.widths.len();
            line.push_str(&self.cell(&row.cells[column], before, self.widths[column], ends));
        }
        line.trim_end().to_owned()
    }

    /// A sign for what happened, the labels where they are new to the eye, and a bar up to the next column.
    fn cell(&self, cell: &Cell, before: Option<&Cell>, width: usize, ends: bool) -> String {
        let bar = self.glyphs.bar(&cell.carried);
        let known = before.is_some_and(|before| before.carried == cell.carried);
        let words = if known { String::new() } else { words(cell, self.glyphs) };
        let rest = width - 1 - length(&words);
        let bars: String = std::iter::repeat_n(if ends { ' ' } else { bar }, rest).collect();
        let look = look_of(&cell.carried);
        let sign = match &cell.login {
            Some(login) => {
                let current = has(cell, "AWSCURRENT");
                let look = match login.outcome {
                    LoginOutcome::LogsIn => Look::Good,
                    LoginOutcome::Refused if current => Look::Bad,
                    _ => Look::Notable,
                };
                (self.paint)(look, &self.glyphs.login(login.outcome).to_string())
            }
            None => {
                let sign = if cell.created { self.glyphs.created } else { bar };
                (self.paint)(look, &sign.to_string())
            }
        };
        let painted = |text: String| {
            if text.trim().is_empty() { text } else { (self.paint)(look, &text) }
        };
        format!("{sign}{}", painted(format!("{words}{bars}")))
    }
}

/// Whether a version has anything to show in these columns.
fn is_seen(row: &Row, block: &Range<usize>) -> bool {
    let bare = |cell: &Cell| cell.carried.labels().is_none_or(<[_]>::is_empty);
    row.cells[block.clone()]
        .iter()
        .any(|cell| cell.created || cell.login.is_some() || !bare(cell) || cell.carried == Carried::Unknown)
}

fn has(cell: &Cell, label: &str) -> bool {
    cell.carried.labels().is_some_and(|labels| labels.iter().any(|own| own == label))
}

fn look_of(carried: &Carried) -> Look {
    let has = |label: &str| carried.labels().is_some_and(|labels| labels.iter().any(|own| own == label));
    if has("AWSCURRENT") {
        Look::Strong
    } else if has("AWSPENDING") {
        Look::Notable
    } else {
        Look::Faint
    }
}

/// The labels of a cell, without the `AWS` of the service's own.
fn words(cell: &Cell, glyphs: Glyphs) -> String {
    let Some(labels) = cell.carried.labels() else { return String::new() };
    let own = |label: &String| match label.as_str() {
        "AWSCURRENT" | "AWSPENDING" | "AWSPREVIOUS" => label["AWS".len()..].to_owned(),
        other => other.to_owned(),
    };
    let words = if labels.is_empty() {
        "no label".to_owned()
    } else {
        labels.iter().map(own).collect::<Vec<_>>().join("+")
    };
    fitted(&words, WORDS, glyphs)
}

fn user(row: &Row, glyphs: Glyphs) -> String {
    fitted(row.user.as_deref().unwrap_or("-"), USER, glyphs)
}

/// The text without what steers a terminal, cut where it is longer than that many characters.
fn fitted(text: &str, most: usize, glyphs: Glyphs) -> String {
    let text = tamed(text, false);
    if length(&text) <= most {
        return text;
    }
    text.chars().take(most - 1).chain([glyphs.cut]).collect()
}

fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(length(text));
    format!("{text}{}", " ".repeat(missing))
}

fn length(text: &str) -> usize {
    text.chars().count()
}
