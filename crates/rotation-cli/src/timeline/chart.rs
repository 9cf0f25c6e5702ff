//! The charts of a page: a lane for each version, a bar for each label, a sign for each login.

use std::ops::Range;

use super::{
    Carried, Cell, Row, Source, Timeline,
    clock::{self, Precision},
    markup::{carried, escaped, put, user},
    short,
    signs::sign,
};

/// As many moments as a chart shows; more are drawn in further charts of about the same length.
const MOST_MOMENTS: usize = 7;

// Lengths in units of the drawing, which are pixels where it is shown in its own size.
const LEFT: usize = 190;
const COLUMN: usize = 124;
const HEAD: usize = 48;
const LANE: usize = 68;
const BAR: usize = 30;

/// Appends one drawing for each group of moments.
pub(super) fn write(html: &mut String, timeline: &Timeline, id: &str) {
    let moments = timeline.moments().len();
    let charts = moments.div_ceil(MOST_MOMENTS).max(1);
    let each = moments.div_ceil(charts).max(1);
    for (number, start) in (0..moments).step_by(each).enumerate() {
        let block = start..moments.min(start + each);
        Chart { timeline, block, columns: each }.write(html, &format!("{id}-{}", number + 1));
    }
}

/// Some neighboring moments of a timeline.
struct Chart<'a> {
    timeline: &'a Timeline,
    block: Range<usize>,
    /// As many columns as the widest chart of the page has, so that all have one scale.
    columns: usize,
}

impl Chart<'_> {
    fn write(&self, html: &mut String, id: &str) {
        let rows: Vec<_> = self.timeline.rows().iter().filter(|row| self.shows(row)).collect();
        let (width, height) = (LEFT + self.columns * COLUMN, HEAD + rows.len() * LANE + 8);
        put(
            html,
            format_args!(
                "<div class=\"chart\"><svg viewBox=\"0 0 {width} {height}\" style=\"max-width: {}px\" \
                 role=\"img\" aria-labelledby=\"{id}\">\n<title id=\"{id}\">\
                 Labels and logins of {} versions at {} moments; the table below has the same</title>\n",
                // Few columns are not blown up to the width of the page.
                width + width / 8,
                rows.len(),
                self.block.len(),
            ),
        );
        self.heads(html, height);
        for (lane, row) in rows.iter().enumerate() {
            let top = HEAD + lane * LANE;
            put(
                html,
                format_args!(
                    "<g><title>Version {}</title><text class=\"id\" x=\"12\" y=\"{}\">{}</text>\
                     <text class=\"faint\" x=\"12\" y=\"{}\">{}</text></g>\n",
                    escaped(&row.version),
                    top + 25,
                    escaped(short(&row.version)),
                    top + 41,
                    escaped(&shortened(user(row))),
                ),
            );
            self.bars(html, row, top);
            self.logins(html, row, top);
        }
        html.push_str("</svg></div>\n");
    }

    fn shows(&self, row: &Row) -> bool {
        row.cells[self.block.clone()].iter().any(|cell| {
            let labeled = cell.carried.labels().is_some_and(|labels| !labels.is_empty());
            cell.created || cell.login.is_some() || labeled || cell.carried == Carried::Unknown
        })
    }

    fn x(&self, moment: usize) -> usize {
        LEFT + (moment - self.block.start) * COLUMN + 8
    }

    fn heads(&self, html: &mut String, height: usize) {
        let moments = self.timeline.moments();
        let precision = Precision::of(moments);
        for index in self.block.clone() {
            let (moment, x) = (&moments[index], self.x(index));
            let (date, time) = (clock::date(moment.at), clock::time(moment.at, precision));
            // Where all happens in minutes, the day is in the table.
            let stamp = match precision {
                Precision::Milliseconds => time,
                Precision::Seconds => format!("{date} {}", &time[..5]),
            };
            put(
                html,
                format_args!(
                    "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{height}\"/>\
                     <text x=\"{x}\" y=\"18\">{}</text>\
                     <text class=\"faint\" x=\"{x}\" y=\"34\">{stamp}</text>\n",
                    HEAD - 6,
                    escaped(&shortened(&moment.name)),
                ),
            );
        }
    }

    /// A bar for each run of one label. Labels that a version carries at the same time lie above one another.
    fn bars(&self, html: &mut String, row: &Row, top: usize) {
        let mut from = self.block.start;
        while from < self.block.end {
            let cell = &row.cells[from];
            let same = |index: &usize| row.cells[*index].carried == cell.carried;
            let to = (from + 1..self.block.end).take_while(same).last().unwrap_or(from) + 1;
            self.run(html, cell, from..to, top, &row.version);
            from = to;
        }
    }

    fn run(&self, html: &mut String, cell: &Cell, run: Range<usize>, top: usize, version: &str) {
        let start = self.x(run.start);
        // What lasts beyond the last moment is not known; the bar has a width all the same.
        let end = start + run.len() * COLUMN - if run.end == self.timeline.moments().len() { 20 } else { 0 };
        let title = format!("{}: {}", short(version), carried(&cell.carried));
        let (labels, source) = match &cell.carried {
            Carried::Absent => return,
            Carried::Unknown => {
                let y = top + 6 + BAR / 2;
                put(
                    html,
                    format_args!(
                        "<path class=\"unknown\" d=\"M{} {y}H{}\"><title>{}</title></path>\n",
                        start + 6,
                        end - 4,
                        escaped(&title)
                    ),
                );
                return;
            }
            Carried::Labels(labels, source) => (labels, *source),
        };
        // Many labels overlap rather than vanish.
        let height = (BAR / labels.len().max(1)).max(2);
        for (lane, label) in labels.iter().enumerate() {
            let y = top + 6 + lane * height;
            let (dashed, on) = match source {
                Source::Read => ("", "on"),
                Source::Inferred => (" inferred", "off"),
            };
            put(
                html,
                format_args!(
                    "<g><title>{}</title><rect class=\"label {}{dashed}\" x=\"{}\" y=\"{y}\" width=\"{}\" \
                     height=\"{}\" rx=\"3\"/><text class=\"{on}{}\" x=\"{}\" y=\"{}\">{}</text></g>\n",
                    escaped(&title),
                    class(label),
                    start + 1,
                    end - start - 3,
                    height - 1,
                    if labels.len() > 1 { " small" } else { "" },
                    start + 8,
                    y + height / 2 + 4 - labels.len().min(2) / 2,
                    escaped(&shortened(label)),
                ),
            );
        }
    }

    fn logins(&self, html: &mut String, row: &Row, top: usize) {
        for index in self.block.clone() {
            let Some(login) = &row.cells[index].login else { continue };
            let moment = &self.timeline.moments()[index];
            let title = format!("{} {} {}", moment.name, short(&row.version), login.words);
            html.push_str(&sign(login.outcome, self.x(index) + 8, top + 50, &title));
            put(
                html,
                format_args!(
                    "<text class=\"faint\" x=\"{}\" y=\"{}\">{}</text>\n",
                    self.x(index) + 18,
                    top + 54,
                    escaped(&shortened(without_code(&login.words)))
                ),
            );
        }
    }
}

/// `is refused` of `is refused (28P01)`: the title has the whole.
fn without_code(words: &str) -> &str {
    words.split_once(" (").map_or(words, |(words, _)| words)
}

fn class(label: &str) -> &'static str {
    match label {
        "AWSCURRENT" => "current",
        "AWSPENDING" => "pending",
        "AWSPREVIOUS" => "previous",
        _ => "other",
    }
}

/// As much of a name as a column holds.
fn shortened(name: &str) -> String {
    const MOST: usize = 22;
    if name.chars().count() <= MOST {
        name.to_owned()
    } else {
        name.chars().take(MOST - 1).chain(['…']).collect()
    }
}
