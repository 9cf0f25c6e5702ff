//! What a person sees: lines on standard output, with colours and moving parts only where somebody is watching.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    time::Instant,
};

use rotation_lambda::Environment;

/// Standard output.
#[derive(Debug)]
pub(crate) struct Screen {
    out: io::Stdout,
    terminal: bool,
    colours: bool,
}

/// What a word means, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A heading.
    Strong,
    /// What is less important.
    Faint,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Neither.
    Notable,
}

impl Screen {
    /// Moving parts need a terminal that is not dumb; colours also need `NO_COLOR` to be unset or empty (no-color.org).
    pub(crate) fn of_process(environment: &Environment) -> Self {
        let terminal = io::stdout().is_terminal() && environment.text("TERM") != Some("dumb");
        let colours = terminal && environment.text("NO_COLOR").is_none();
        Self { out: io::stdout(), terminal, colours }
    }

    /// Writes one line. A reader who has gone away, as `head` does, is no error of ours.
    pub(crate) fn line(&self, text: impl fmt::Display) {
        let _ = writeln!(self.out.lock(), "{text}");
    }

    /// Tells what takes a while, does it, and tells how long it took; on a terminal in the same line.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) fn during<T, E>(&self, doing: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
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
    pub(crate) fn ask(&self, question: &str) -> io::Result<bool> {
        write!(self.out.lock(), "{question} [y/N] ").and_then(|()| self.out.lock().flush())?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// The last words of a command that fails, on standard error.
    pub(crate) fn failure(&self, text: &str) {
        let red = self.colours && io::stderr().is_terminal();
        let label = if red { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
        let _ = writeln!(io::stderr().lock(), "{label} {text}");
    }

    /// What a person should know beside the lines that a program may read, on standard error.
    pub(crate) fn warning(&self, text: &str) {
        let yellow = self.colours && io::stderr().is_terminal();
        let label = if yellow { "\x1b[33mwarning:\x1b[0m" } else { "warning:" };
        let _ = writeln!(io::stderr().lock(), "{label} {text}");
    }

    /// The text with a look, where there are colours.
    pub(crate) fn paint(&self, look: Look, text: impl fmt::Display) -> String {
        if !self.colours {
            return text.to_string();
        }
        let code = match look {
            Look::Strong => "1",
            Look::Faint => "2",
            Look::Good => "32",
            Look::Bad => "1;31",
            Look::Notable => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

impl Look {
    /// Good or bad.
    pub(crate) fn of(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
}
