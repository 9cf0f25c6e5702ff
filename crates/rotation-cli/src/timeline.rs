//! The timeline of a secret: which version carried which label, and which version's credential logged in,
//! over time.
//!
//! ```text
//! Dates, VersionSeen ─> history ─> Timeline ─┬─> text_lines   the terminal
//! Marks, Events ─────────────────> Timeline ─┴─> Page         one HTML file
//! ```
//!
//! The model is pure: it reads no clock and makes no call. Both renderers draw the same rows and cells.

mod chart;
mod clock;
mod flags;
mod glyphs;
mod history;
mod markup;
mod page;
mod signs;
mod text;

use std::{collections::BTreeMap, time::SystemTime};

pub use flags::TimelineFlags;
pub use glyphs::Glyphs;
pub use history::{History, history};
pub use page::{Page, Section};
pub use text::{WIDTH, text_lines};

/// A name for a moment, such as the step that has just ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: SystemTime,
    /// What the moment is called, in one or two words.
    pub name: String,
}

/// Something that became known about a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: SystemTime,
    /// The version's id.
    pub version: String,
    /// What happened.
    pub what: What,
}

/// What can happen to a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Secrets Manager created it.
    Created,
    /// It holds the credential of this user.
    User(String),
    /// From now on it carries exactly these labels.
    Labels(Vec<String>, Source),
    /// Its credential was tried.
    Login(Login),
}

/// How the labels of a version are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// They were read at that moment.
    Read,
    /// They follow from dates: Secrets Manager keeps no history of labels.
    Inferred,
}

/// What an attempt to log in came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The kind of answer.
    pub outcome: LoginOutcome,
    /// The answer in words, with its code where it was not yes: `is refused (28P01)`.
    pub words: String,
}

/// The answers to a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The server let it in.
    LogsIn,
    /// The server refused it, or the session is of no use.
    Refused,
    /// There is nothing to try: the version has no value, or its user does not exist yet.
    NoValue,
    /// It was not tried, or the answer does not say.
    Unknown,
}

impl LoginOutcome {
    /// The outcomes in the order of the legend.
    pub const ALL: [Self; 4] = [Self::LogsIn, Self::Refused, Self::NoValue, Self::Unknown];

    /// As both renderers call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::LogsIn => "logs in",
            Self::Refused => "is refused",
            Self::NoValue => "no value or user",
            Self::Unknown => "not known",
        }
    }
}

/// A column: one moment at which something became known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: SystemTime,
    /// What it is called; empty where no mark names it.
    pub name: String,
}

/// A row: one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The version's id.
    pub version: String,
    /// Whose credential it holds, where that is known.
    pub user: Option<String>,
    /// One for each moment.
    pub cells: Vec<Cell>,
}

/// One version from one moment until the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The version was created at this moment.
    pub created: bool,
    /// What it carries from this moment until the next.
    pub carried: Carried,
    /// What its credential did at this moment.
    pub login: Option<Login>,
}

/// What a version carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Nothing: the version has not been seen yet.
    Absent,
    /// It exists, and its labels are not known.
    Unknown,
    /// These labels, in the order in which they were given; none where it has lost the last one.
    Labels(Vec<String>, Source),
}

impl Carried {
    /// The labels, where they are known.
    pub fn labels(&self) -> Option<&[String]> {
        match self {
            Self::Labels(labels, _) => Some(labels),
            Self::Absent | Self::Unknown => None,
        }
    }
}

impl Row {
    /// Whether something became known about the version at that moment: it was created or tried, or its
    /// labels changed.
    pub fn has_news(&self, moment: usize) -> bool {
        let cell = &self.cells[moment];
        let before = moment.checked_sub(1).map_or(&Carried::Absent, |before| &self.cells[before].carried);
        cell.created || cell.login.is_some() || cell.carried != *before
    }
}

/// The versions of one secret, one row each, over the moments at which something became known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    moments: Vec<Moment>,
    rows: Vec<Row>,
}

impl Timeline {
    /// Sorts by time: a column for each different moment, a row for each version in the order of its first
    /// event. What is given first stands first where times are equal; of two label events of one version and
    /// moment the later one holds. Marks of one moment are joined, each name once.
    pub fn new(mut marks: Vec<Mark>, mut events: Vec<Event>) -> Self {
        marks.sort_by_key(|mark| mark.at);
        events.sort_by_key(|event| event.at);
        let mut names: BTreeMap<SystemTime, Vec<String>> = BTreeMap::new();
        for event in &events {
            names.entry(event.at).or_default();
        }
        for Mark { at, name } in marks {
            let names = names.entry(at).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let moments: Vec<_> =
            names.into_iter().map(|(at, names)| Moment { at, name: names.join(", ") }).collect();
        let mut versions: Vec<String> = Vec::new();
        for event in &events {
            if !versions.contains(&event.version) {
                versions.push(event.version.clone());
            }
        }
        let rows = versions.into_iter().map(|version| row(version, &moments, &events)).collect();
        Self { moments, rows }
    }

    /// The columns, earliest first.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The rows. Each has as many cells as there are moments.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// The life of one version.
fn row(version: String, moments: &[Moment], events: &[Event]) -> Row {
    let mut user = None;
    let mut carried = Carried::Absent;
    let mut cells = Vec::with_capacity(moments.len());
    for moment in moments {
        let mut cell = Cell { created: false, carried: Carried::Absent, login: None };
        for event in events.iter().filter(|event| event.at == moment.at && event.version == version) {
            if carried == Carried::Absent {
                carried = Carried::Unknown;
            }
            match &event.what {
                What::Created => cell.created = true,
                What::User(name) => user = Some(name.clone()),
                What::Labels(labels, source) => carried = Carried::Labels(labels.clone(), *source),
                What::Login(login) => cell.login = Some(login.clone()),
            }
        }
        cell.carried = carried.clone();
        cells.push(cell);
    }
    Row { version, user, cells }
}

/// The first eight characters of a version's id, which tell versions apart for the eye.
fn short(version: &str) -> &str {
    version.char_indices().nth(8).map_or(version, |(end, _)| &version[..end])
}
