//! What an operator sees: lines on standard output, with colors and animation only on a terminal.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    time::Instant,
};

use rotation_config::Environment;
use serde_json::Value;

/// Standard output.
#[derive(Debug)]
pub struct Screen {
    out: io::Stdout,
    terminal: bool,
    colours: bool,
}

/// The meaning of a text, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A heading.
    Strong,
    /// What is less important.
    Faint,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Neither good nor bad.
    Notable,
}

impl Screen {
    /// Animation needs a terminal that is not dumb; colors also need `NO_COLOR` to be unset or empty
    /// (no-color.org).
    pub fn of_process(environment: &Environment) -> Self {
        let terminal = io::stdout().is_terminal() && environment.text("TERM") != Some("dumb");
        let colours = terminal && environment.text("NO_COLOR").is_none();
        Self { out: io::stdout(), terminal, colours }
    }

    /// Writes one line. Names from secrets and servers can neither control the terminal nor begin a line of
    /// their own: control sequences other than this program's own colors are escaped. A reader that has gone
    /// away, like `head`, is no error here.
    pub fn line(&self, text: impl fmt::Display) {
        let text = tamed(&text.to_string(), self.colours);
        let _ = writeln!(self.out.lock(), "{text}");
    }

    /// Writes a value for machines, formatted in lines. It reads back unchanged: control characters are
    /// escaped as in JSON.
    pub fn json(&self, value: &Value) {
        let mut text = String::new();
        // Line ends are those of the layout: serde_json has escaped the others.
        for sign in format!("{value:#}").chars() {
            if is_steering(sign) && sign != '\n' {
                let mut units = [0; 2];
                text.extend(sign.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            } else {
                text.push(sign);
            }
        }
        let _ = writeln!(self.out.lock(), "{text}");
    }

    /// Shows what takes a while, does it, and shows how long it took; on a terminal in the same line.
    ///
    /// # Errors
    /// Those of the work.
    pub fn during<T, E>(&self, doing: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if self.terminal {
            let _ = write!(self.out.lock(), "{doing} ...").and_then(|()| self.out.lock().flush());
        }
        let began = Instant::now();
        let outcome = work();
        if self.terminal {
            let _ = write!(self.out.lock(), "\r\x1b[2K");
        }
        if outcome.is_ok() {
            let seconds = began.elapsed().as_secs_f64();
            self.line(format_args!("{doing} {}", self.paint(Look::Faint, format!("({seconds:.1} s)"))));
        }
        outcome
    }

    /// Asks a question that is answered with y or n; everything but y means no.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub fn ask(&self, question: &str) -> io::Result<bool> {
        write!(self.out.lock(), "{question} [y/N] ").and_then(|()| self.out.lock().flush())?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// The last message of a command that fails, on standard error: what went wrong, and a line for each
    /// further item.
    pub fn failure(&self, message: &str, more: &[String]) {
        let red = self.colours && io::stderr().is_terminal();
        let label = if red { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
        let _ = writeln!(io::stderr().lock(), "{label} {}", tamed(message, false));
        for line in more {
            let _ = writeln!(io::stderr().lock(), "  {}", tamed(line, false));
        }
    }

    /// A notice for the operator on standard error, separate from the lines that a program may read.
    pub fn warning(&self, text: &str) {
        let yellow = self.colours && io::stderr().is_terminal();
        let label = if yellow { "\x1b[33mwarning:\x1b[0m" } else { "warning:" };
        let _ = writeln!(io::stderr().lock(), "{label} {}", tamed(text, false));
    }

    /// The text with a look, where there are colors.
    pub fn paint(&self, look: Look, text: impl fmt::Display) -> String {
        if !self.colours {
            return text.to_string();
        }
        format!("{}{text}{PLAIN}", look.sequence())
    }
}

/// The end of a look.
const PLAIN: &str = "\x1b[0m";

/// Whether a character could make a terminal show something other than the text: control characters,
/// including line ends, and those that change the direction of the following text.
fn is_steering(sign: char) -> bool {
    const DIRECTION: [char; 4] = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}'];
    let turns = ['\u{2029}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    sign.is_control() || DIRECTION.contains(&sign) || turns.iter().any(|range| range.contains(&sign))
}

/// The text with all that steers escaped but, where there are colors, the sequences of [`Look`].
pub(crate) fn tamed(text: &str, colours: bool) -> String {
    let mut tamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let mut looks = Look::ALL.iter().map(|look| look.sequence()).chain([PLAIN]);
        let own = looks.find(|own| colours && rest.starts_with(own));
        let (piece, after) = rest.split_at(own.map_or(next.len_utf8(), str::len));
        if own.is_none() && is_steering(next) {
            tamed.extend(next.escape_debug());
        } else {
            tamed.push_str(piece);
        }
        rest = after;
    }
    tamed
}

impl Look {
    const ALL: [Self; 5] = [Self::Strong, Self::Faint, Self::Good, Self::Bad, Self::Notable];

    /// The sequence that begins it on a terminal.
    fn sequence(self) -> &'static str {
        match self {
            Self::Strong => "\x1b[1m",
            Self::Faint => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Bad => "\x1b[1;31m",
            Self::Notable => "\x1b[33m",
        }
    }

    /// Good or bad.
    pub fn of(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}
