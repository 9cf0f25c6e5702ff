//! The signs of a terminal.

use rotation_config::Environment;

use super::{Carried, LoginOutcome, Source};

/// The characters that the timeline is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    read: char,
    inferred: char,
    unknown: char,
    pub(super) created: char,
    logs_in: char,
    refused: char,
    no_value: char,
    pub(super) cut: char,
}

impl Glyphs {
    /// For any terminal.
    pub const ASCII: Self = Self {
        read: '=',
        inferred: '-',
        unknown: '.',
        created: '+',
        logs_in: '*',
        refused: 'x',
        no_value: 'o',
        cut: '~',
    };

    /// For terminals that show UTF-8.
    pub const UTF8: Self = Self {
        read: '━',
        inferred: '╌',
        unknown: '·',
        created: '┣',
        logs_in: '●',
        refused: '✗',
        no_value: '○',
        cut: '…',
    };

    /// UTF-8 where the locale has it and ASCII is not demanded. Of `LC_ALL`, `LC_CTYPE` and `LANG` the first
    /// that is set counts, as in POSIX.
    pub fn of(environment: &Environment, ascii: bool) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| environment.text(name));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        if utf8 && !ascii { Self::UTF8 } else { Self::ASCII }
    }

    pub(super) fn login(self, outcome: LoginOutcome) -> char {
        match outcome {
            LoginOutcome::LogsIn => self.logs_in,
            LoginOutcome::Refused => self.refused,
            LoginOutcome::NoValue => self.no_value,
            LoginOutcome::Unknown => '?',
        }
    }

    pub(super) fn bar(self, carried: &Carried) -> char {
        match carried {
            Carried::Unknown => self.unknown,
            Carried::Labels(labels, source) if !labels.is_empty() => match source {
                Source::Read => self.read,
                Source::Inferred => self.inferred,
            },
            Carried::Absent | Carried::Labels(..) => ' ',
        }
    }

    /// What the signs mean, in one line.
    pub(super) fn legend(self) -> String {
        let logins = LoginOutcome::ALL.map(|outcome| format!("{} {}", self.login(outcome), outcome.words()));
        let bars = [
            (self.created, "created"),
            (self.read, "labels"),
            (self.inferred, "inferred"),
            (self.unknown, "labels not known"),
        ];
        let bars = bars.map(|(sign, words)| format!("{sign} {words}"));
        format!("{}  {}", logins.join("  "), bars.join("  "))
    }
}
